#include "server/providers/http_outcome.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/net/redact.h"

namespace campaigner::providers {
namespace {

using domain::AttemptOutcome;
using net::HttpFailure;

AttemptOutcome OutcomeOfStatus(int status) {
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407: return AttemptOutcome::kMisconfigured;
    case 408:
    case 425: return AttemptOutcome::kPassingFailure;
    case 429: return AttemptOutcome::kThrottled;
    default: break;
  }
  if (status >= 200 && status < 300) return AttemptOutcome::kAccepted;
  if (status >= 300 && status < 400) return AttemptOutcome::kMisconfigured;
  if (status >= 400 && status < 500) return AttemptOutcome::kRejected;
  if (status >= 500 && status < 600) return AttemptOutcome::kPassingFailure;
  return AttemptOutcome::kUnknown;
}

AttemptOutcome OutcomeOfFailure(HttpFailure failure, int status) {
  switch (failure) {
    case HttpFailure::kInvalidRequest:
    case HttpFailure::kForbiddenAddress: return AttemptOutcome::kMisconfigured;
    case HttpFailure::kNotConnected:
    case HttpFailure::kOverloaded: return AttemptOutcome::kPassingFailure;
    case HttpFailure::kNoAnswer: return AttemptOutcome::kUnknown;
    case HttpFailure::kTooLarge:
      return status >= 300 ? OutcomeOfStatus(status) : AttemptOutcome::kUnknown;
    case HttpFailure::kNone: return OutcomeOfStatus(status);
  }
  return AttemptOutcome::kUnknown;
}

}  // namespace

std::string Detail(std::string_view text, const std::vector<std::string>& secrets) {
  // First the secrets: half a secret that was cut off would not be found.
  return base::Printable(net::Redact(text, secrets), base::limits::kProviderDetailBytesMax);
}

SubmitOutcome OutcomeOf(const net::HttpResult& result, const std::vector<std::string>& secrets) {
  const net::HttpResponse& response = result.response;
  SubmitOutcome outcome;
  outcome.outcome = OutcomeOfFailure(result.failure, response.status);
  outcome.retry_after = response.retry_after;
  if (result.failure != HttpFailure::kNone) {
    outcome.detail =
        Detail(fmt::format("{}: {}", net::FailureName(result.failure), result.error), secrets);
  } else if (response.body.empty()) {
    outcome.detail = fmt::format("HTTP {}", response.status);
  } else {
    outcome.detail = Detail(fmt::format("HTTP {}: {}", response.status, response.body), secrets);
  }
  return outcome;
}

}  // namespace campaigner::providers
