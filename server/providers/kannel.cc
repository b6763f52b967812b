#include "server/providers/kannel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"
#include "server/domain/segments.h"
#include "server/providers/escape.h"
#include "server/providers/http_outcome.h"

namespace campaigner::providers {
namespace {

using domain::AttemptOutcome;
using domain::StateReason;

// Receipts that we want: delivered 1, not delivered 2, rejected by the SMSC 16. 4 (queued) and 32
// (intermediate) would tell nothing more, nor would 8 (accepted by the SMSC), but for a message
// whose submission was never answered.
constexpr int kDlrMask = 1 + 2 + 16;
constexpr int kDlrAcceptedBySmsc = 8;
// Where the phone is on, the receipt of a delivery comes within seconds.
constexpr absl::Duration kUnknownWait = absl::Seconds(30);
// Kannel's boxes talk to each other over a connection on which small messages wait up to 40 ms for
// each other, so that an answer takes 20 ms however idle Kannel is: 64 at once do 2,900 messages a
// second, 128 do 4,000. With 400, its queues of receipts stall for seconds.
constexpr int kConcurrency = 128;
// Minutes: 63 weeks, the longest validity that SMPP can express (SMPP 3.4, 7.1.1.2).
constexpr int64_t kValidityMinutesMax = int64_t{63} * 7 * 24 * 60;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The address that Kannel calls with a receipt. It replaces %d by the type, %t by the time, %A by
// the SMSC's answer, %F by its id, and %% by a percent sign.
std::string DlrUrl(const std::string& receipt_url) {
  std::string url;
  for (const char c : receipt_url) url.append(c == '%' ? 2 : 1, c);
  url += Contains(receipt_url, "?") ? '&' : '?';
  return url + "type=%d&time=%t&answer=%A&id=%F";
}

int64_t ValidityMinutes(absl::Duration validity) {
  // Rounded up: a message is not given up before its time.
  const absl::Duration whole = absl::Ceil(validity, absl::Minutes(1));
  return std::clamp(absl::ToInt64Minutes(whole), int64_t{1}, kValidityMinutesMax);
}

// Why Kannel refuses a request with 400 (its smsbox.c has the words).
StateReason RejectionOf(std::string_view answer) {
  if (Contains(answer, "black-list")) return StateReason::kForbidden;
  if (Contains(answer, "receiver")) return StateReason::kWrongRecipient;
  return StateReason::kFailed;
}

// Kannel's own answers, on top of what HTTP says.
void ApplyKannelCodes(const net::HttpResponse& response, SubmitOutcome* outcome) {
  const std::string_view body = response.body;
  if (outcome->outcome == AttemptOutcome::kAccepted) {
    // "0: Accepted for delivery", "3: Queued for later delivery". Anything else does not come from
    // Kannel.
    if (!body.starts_with("0:") && !body.starts_with("3:")) {
      outcome->outcome = AttemptOutcome::kUnknown;
    }
  } else if (response.status == 403 && Contains(body, "Not routable")) {
    outcome->outcome = AttemptOutcome::kRejected;
    outcome->rejection = StateReason::kNoRoute;
  } else if (response.status == 400) {
    outcome->rejection = RejectionOf(body);
    if (Contains(body, "Sender missing")) outcome->outcome = AttemptOutcome::kMisconfigured;
  }
}

class KannelProvider final : public Provider {
 public:
  KannelProvider(const std::string& name, KannelOptions options, net::HttpClient& http)
      : capabilities_{.unknown_wait = kUnknownWait, .concurrency_default = kConcurrency},
        purpose_("provider:" + name),
        options_(std::move(options)),
        http_(http) {}

  const Capabilities& capabilities() const override { return capabilities_; }

  void Submit(std::vector<Submission> batch, Done done) override {
    net::HttpRequest request;
    request.method = "GET";
    request.url = Url(batch[0]);
    request.timeout = options_.timeout;
    request.purpose = purpose_;
    request.secrets = {options_.password};
    request.personal = {batch[0].recipient, batch[0].text};
    // Not `this`: the answer may come when the provider is gone.
    auto answered = [done = std::move(done),
                     secrets = request.secrets](const net::HttpResult& result) mutable {
      SubmitOutcome outcome = OutcomeOf(result, secrets);
      if (result.failure == net::HttpFailure::kNone) ApplyKannelCodes(result.response, &outcome);
      done({std::move(outcome)});
    };
    http_.Send(std::move(request), std::move(answered));
  }

 private:
  std::string Url(const Submission& submission) const {
    const std::string& sender =
        submission.sender.empty() ? options_.default_sender : submission.sender;
    const bool is_gsm7 = domain::MeasureSms(submission.text).coding == domain::SmsCoding::kGsm7;
    // "+" makes the number an international one on SMPP.
    std::string url = fmt::format(
        "{}?username={}&password={}&to=%2B{}&text={}&coding={}&charset=UTF-8&dlr-mask={}&dlr-url={"
        "}",
        options_.url, PercentEncode(options_.username), PercentEncode(options_.password),
        PercentEncode(submission.recipient), PercentEncode(submission.text), is_gsm7 ? 0 : 2,
        kDlrMask + (options_.confirm_submission ? kDlrAcceptedBySmsc : 0),
        PercentEncode(DlrUrl(submission.receipt_url)));
    if (!sender.empty()) url += "&from=" + PercentEncode(sender);
    if (!options_.smsc.empty()) url += "&smsc=" + PercentEncode(options_.smsc);
    if (submission.validity != absl::InfiniteDuration()) {
      url += fmt::format("&validity={}", ValidityMinutes(submission.validity));
    }
    return url;
  }

  const Capabilities capabilities_;
  const std::string purpose_;
  const KannelOptions options_;
  net::HttpClient& http_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> MakeKannelProvider(const std::string& name,
                                                             KannelOptions options,
                                                             net::HttpClient& http) {
  const std::string path = fmt::format("providers[{}].kannel.", name);
  const auto wrong = [&](const char* field, const char* description) {
    return domain::errors::InvalidField(path + field, description);
  };
  const bool is_http = options.url.starts_with("http://") || options.url.starts_with("https://");
  if (!is_http) return wrong("url", "must start with http:// or https://");
  if (options.url.find_first_of("?#") != std::string::npos) {
    return wrong("url", "must have neither a query nor a fragment");
  }
  if (options.username.empty()) return wrong("username", "must not be empty");
  if (options.password.empty()) return wrong("password", "must not be empty");
  if (options.timeout <= absl::ZeroDuration()) return wrong("timeout", "must be more than 0");
  return std::make_unique<KannelProvider>(name, std::move(options), http);
}

}  // namespace campaigner::providers
