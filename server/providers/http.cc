#include "server/providers/http.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"
#include "server/providers/escape.h"
#include "server/providers/http_outcome.h"
#include "server/providers/request_template.h"

namespace campaigner::providers {
namespace {

using domain::errors::InvalidField;
using nlohmann::json;

constexpr std::string_view kLineBreaks("\r\n\0", 3);
constexpr int kConcurrency = 64;

// A configuration that was found to be in order.
struct Compiled {
  std::string purpose;
  std::string method;
  std::string content_type;
  std::string default_sender;
  absl::Duration timeout;
  std::vector<std::string> secrets;
  std::optional<RequestTemplate> url;
  std::optional<RequestTemplate> body;
  std::vector<std::pair<std::string, RequestTemplate>> headers;
  // nullopt: answers carry no id.
  std::optional<json::json_pointer> message_id;
};

enum class BodyKind { kJson, kForm, kXml, kOther };

BodyKind KindOf(const std::string& content_type) {
  // Without parameters such as "; charset=utf-8".
  std::string type = absl::AsciiStrToLower(content_type.substr(0, content_type.find(';')));
  absl::StripAsciiWhitespace(&type);
  if (type == "application/json" || type.ends_with("+json")) return BodyKind::kJson;
  if (type == "application/x-www-form-urlencoded") return BodyKind::kForm;
  if (type == "application/xml" || type == "text/xml" || type.ends_with("+xml")) {
    return BodyKind::kXml;
  }
  return BodyKind::kOther;
}

RequestTemplate::Escape EscapeFor(BodyKind kind) {
  switch (kind) {
    case BodyKind::kJson: return JsonEscape;
    case BodyKind::kForm: return PercentEncode;
    case BodyKind::kXml: return XmlEscape;
    case BodyKind::kOther: return nullptr;
  }
  return nullptr;
}

// "1" stands in a JSON string as well as where a number is due.
Submission Sample() {
  return {.message_id = 1,
          .attempt_number = 1,
          .recipient = "1",
          .sender = "1",
          .text = "1",
          .reference = "1",
          .receipt_url = "1",
          .validity = absl::Minutes(1)};
}

// Turns HttpOptions into Compiled, or says which field is wrong.
class Compiler {
 public:
  Compiler(const std::string& name, const HttpOptions& options)
      : path_(fmt::format("providers[{}].http.", name)), options_(options) {
    compiled_.purpose = "provider:" + name;
    compiled_.method = options.method;
    compiled_.content_type = options.content_type;
    compiled_.default_sender = options.default_sender;
    compiled_.timeout = options.timeout;
  }

  absl::StatusOr<Compiled> Run() {
    if (options_.method != "POST" && options_.method != "GET" && options_.method != "PUT") {
      return InvalidField(path_ + "method", "must be POST, GET or PUT");
    }
    if (options_.timeout <= absl::ZeroDuration()) {
      return InvalidField(path_ + "timeout", "must be more than 0");
    }
    RETURN_IF_ERROR(AddSecrets());
    RETURN_IF_ERROR(AddUrl());
    RETURN_IF_ERROR(AddHeaders());
    RETURN_IF_ERROR(AddBody());
    RETURN_IF_ERROR(AddPointer());
    return std::move(compiled_);
  }

 private:
  absl::StatusOr<RequestTemplate> Parse(const std::string& field, const std::string& text,
                                        RequestTemplate::Escape escape) const {
    absl::StatusOr<RequestTemplate> parsed = RequestTemplate::Parse(text, escape, options_.secrets);
    if (parsed.ok()) return parsed;
    return InvalidField(path_ + field, base::ToStd(parsed.status().message()));
  }

  absl::Status AddSecrets() {
    for (const auto& [name, value] : options_.secrets) {
      const std::string field = fmt::format("{}secrets[{}]", path_, name);
      if (value.empty()) return InvalidField(field, "is empty");
      if (value.find_first_of(kLineBreaks) != std::string::npos) {
        return InvalidField(field, "holds a line break or a NUL");
      }
      compiled_.secrets.push_back(value);
    }
    return absl::OkStatus();
  }

  absl::Status AddUrl() {
    if (!options_.url.starts_with("http://") && !options_.url.starts_with("https://")) {
      return InvalidField(path_ + "url", "must start with http:// or https://");
    }
    ASSIGN_OR_RETURN(compiled_.url, Parse("url", options_.url, PercentEncode));
    return absl::OkStatus();
  }

  absl::Status AddHeaders() {
    for (const auto& [name, value] : options_.headers) {
      const std::string field = fmt::format("headers[{}]", base::Printable(name, 64));
      if (name.empty() || value.find_first_of(kLineBreaks) != std::string::npos) {
        return InvalidField(path_ + field, "must have a name, and no line break or NUL");
      }
      ASSIGN_OR_RETURN(RequestTemplate parsed, Parse(field, value, nullptr));
      compiled_.headers.emplace_back(name, std::move(parsed));
    }
    return absl::OkStatus();
  }

  absl::Status AddBody() {
    if (options_.body.empty()) return absl::OkStatus();
    const BodyKind kind = KindOf(options_.content_type);
    ASSIGN_OR_RETURN(compiled_.body, Parse("body", options_.body, EscapeFor(kind)));
    if (kind == BodyKind::kJson && !json::accept(compiled_.body->Expand(Sample()))) {
      return InvalidField(path_ + "body", "is no JSON once its placeholders are filled");
    }
    return absl::OkStatus();
  }

  absl::Status AddPointer() {
    if (options_.message_id_pointer.empty()) return absl::OkStatus();
    try {
      compiled_.message_id.emplace(options_.message_id_pointer);
    } catch (const json::exception&) {
      return InvalidField(path_ + "message_id_pointer", "is no JSON pointer (\"/result/id\")");
    }
    return absl::OkStatus();
  }

  const std::string path_;
  const HttpOptions& options_;
  Compiled compiled_;
};

// Empty where the answer has none. The message is accepted all the same: its receipt finds it by
// our reference.
std::string FindMessageId(const std::string& body, const json::json_pointer& pointer) {
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (answer.is_discarded() || !answer.contains(pointer)) return "";
  const json& id = answer.at(pointer);
  if (!id.is_string() && !id.is_number()) return "";
  return base::Printable(id.is_string() ? id.get<std::string>() : id.dump(),
                         base::limits::kProviderDetailBytesMax);
}

SubmitOutcome Rejected(const char* detail) {
  SubmitOutcome outcome;
  outcome.outcome = domain::AttemptOutcome::kRejected;
  outcome.detail = detail;
  return outcome;
}

class HttpProvider final : public Provider {
 public:
  HttpProvider(Capabilities capabilities, Compiled compiled, net::HttpClient& http)
      : capabilities_(capabilities),
        compiled_(std::make_shared<const Compiled>(std::move(compiled))),
        http_(http) {}

  const Capabilities& capabilities() const override { return capabilities_; }

  void Submit(std::vector<Submission> batch, Done done) override {
    Submission& submission = batch[0];
    if (submission.sender.empty()) submission.sender = compiled_->default_sender;
    net::HttpRequest request = MakeRequest(submission);
    for (const auto& [name, value] : request.headers) {
      // The configuration has none, so it is the message's: another message may go.
      if (value.find_first_of(kLineBreaks) != std::string::npos) {
        done({Rejected("a line break cannot stand in a header")});
        return;
      }
    }
    // Not `this`: the answer may come when the provider is gone.
    http_.Send(std::move(request), [done = std::move(done),
                                    compiled = compiled_](const net::HttpResult& result) mutable {
      SubmitOutcome outcome = OutcomeOf(result, compiled->secrets);
      if (outcome.outcome == domain::AttemptOutcome::kAccepted && compiled->message_id) {
        outcome.provider_message_id = FindMessageId(result.response.body, *compiled->message_id);
      }
      done({std::move(outcome)});
    });
  }

 private:
  net::HttpRequest MakeRequest(const Submission& submission) const {
    net::HttpRequest request;
    request.method = compiled_->method;
    request.url = compiled_->url->Expand(submission);
    request.timeout = compiled_->timeout;
    request.purpose = compiled_->purpose;
    request.secrets = compiled_->secrets;
    request.personal = {submission.recipient, submission.text};
    for (const auto& [name, value] : compiled_->headers) {
      request.headers.emplace_back(name, value.Expand(submission));
    }
    if (compiled_->body) {
      request.headers.emplace_back("Content-Type", compiled_->content_type);
      request.body = compiled_->body->Expand(submission);
    }
    return request;
  }

  const Capabilities capabilities_;
  const std::shared_ptr<const Compiled> compiled_;
  net::HttpClient& http_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> MakeHttpProvider(const std::string& name,
                                                           const HttpOptions& options,
                                                           net::HttpClient& http) {
  ASSIGN_OR_RETURN(Compiled compiled, Compiler(name, options).Run());
  const Capabilities capabilities{.batch_max = 1,
                                  .sends_receipts = options.receipts,
                                  .deduplicates = options.deduplicates,
                                  .concurrency_default = kConcurrency};
  return std::make_unique<HttpProvider>(capabilities, std::move(compiled), http);
}

}  // namespace campaigner::providers
