#include "gateway/dialects/o3go.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "gateway/credentials.h"
#include "gateway/dialects/o3go_parser.h"
#include "gateway/errors.h"
#include "gateway/http/uri.h"
#include "gateway/limits.h"
#include "server/base/error.h"
#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::gateway::dialects {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

http::Response FieldErrors(const Json& details) {
  http::Response response;
  response.status = 422;
  response.body = Dump({{"detail", details}});
  return response;
}

Json ErrorJson(const O3goFieldError& error) {
  Json loc = {"body"};
  if (error.index) loc.push_back(*error.index);
  if (!error.field.empty()) loc.push_back(error.field);
  return {{"loc", std::move(loc)}, {"msg", error.message}, {"type", error.type}};
}

// The caller's name of one of our fields.
std::string CallersName(std::string_view field) {
  if (field == "recipient") return "dst_addr";
  if (field == "external_id") return "id";
  // "fields[field_1]", also quoted.
  constexpr std::string_view kFields = "fields[";
  if (field.starts_with(kFields) && field.ends_with(']')) {
    field = field.substr(kFields.size(), field.size() - kFields.size() - 1);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
      field = field.substr(1, field.size() - 2);
    }
  }
  return std::string(field);
}

// "messages[3].recipient" as ["body", 3, "dst_addr"].
Json Location(std::string_view path) {
  constexpr std::string_view kMessages = "messages[";
  if (path == "request_id") return {"header", "Idempotency-Key"};
  if (!path.starts_with(kMessages)) return {"body"};
  path.remove_prefix(kMessages.size());
  size_t index = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
  if (error != std::errc()) return {"body"};
  path.remove_prefix(static_cast<size_t>(end - path.data()));
  Json loc = {"body", index};
  if (path.starts_with("].")) loc.push_back(CallersName(path.substr(2)));
  return loc;
}

http::Response InvalidArgument(const absl::Status& status, const base::ErrorDetail& detail) {
  Json details = Json::array();
  for (const base::FieldViolation& violation : detail.violations) {
    details.push_back({{"loc", Location(violation.field)},
                       {"msg", violation.description},
                       {"type", "value_error"}});
  }
  if (details.empty()) {
    const bool is_reused = detail.reason == "REQUEST_ID_REUSED";
    details.push_back({{"loc", is_reused ? Location("request_id") : Json{"body"}},
                       {"msg", base::ToStd(status.message())},
                       {"type", "value_error"}});
  }
  return FieldErrors(details);
}

int StatusOf(const absl::Status& status, const base::ErrorDetail& detail) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition: return 409;
    case absl::StatusCode::kResourceExhausted:
      // Only the key's own rate is the caller's doing; a full queue is not.
      return detail.reason == "RATE_EXCEEDED" ? 429 : 503;
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled: return 503;
    default: return HttpStatus(status.code());
  }
}

}  // namespace

v1::Credentials O3goCredentials(const http::Request& request) {
  if (const auto key = request.Header("X-Api-Key")) {
    return MakeCredentials(*key, request.client_address);
  }
  const http::Parameters query = http::ParseQuery(request.query()).value_or(http::Parameters());
  for (const std::string_view name : {"x-api-key", "x_api_key"}) {
    if (const auto key = http::FindParameter(query, name)) {
      return MakeCredentials(*key, request.client_address);
    }
  }
  return MakeCredentials("", request.client_address);
}

std::variant<v1::SendMessagesRequest, http::Response> ParseO3goSend(const http::Request& request) {
  if (O3goCredentials(request).api_key().empty()) return O3goHttpError(403, "Not authenticated");
  O3goBody body = ParseO3goBody(request.body);
  if (body.has_too_many) {
    return O3goHttpError(
        413, fmt::format("a request takes at most {} messages", base::limits::kMessagesPerSendMax));
  }
  if (!body.broken_json.empty()) return O3goHttpError(400, body.broken_json);
  if (!body.errors.empty()) {
    Json details = Json::array();
    for (const O3goFieldError& error : body.errors) details.push_back(ErrorJson(error));
    return FieldErrors(details);
  }
  if (const auto key = request.Header("Idempotency-Key")) {
    body.request.set_request_id(std::string(*key));
  }
  return std::move(body.request);
}

http::Response FormatO3goSend(const v1::SendMessagesRequest& request,
                              const v1::SendMessagesResponse& response) {
  Json answers = Json::array();
  for (int i = 0; i < request.messages_size() && i < response.messages_size(); ++i) {
    const v1::NewMessage& asked = request.messages(i);
    const v1::SentMessage& sent = response.messages(i);
    Json answer = {{"text", sent.text()}, {"campaign_id", asked.campaign_id()}};
    for (const char* name : kO3goFields) {
      const auto value = asked.fields().find(name);
      if (value != asked.fields().end()) answer[name] = value->second;
    }
    if (!asked.external_id().empty()) answer["ext_id"] = asked.external_id();
    answer["dst_addr"] = asked.recipient();
    answer["attempts"] = sent.message_attempts();
    answers.push_back(std::move(answer));
  }
  http::Response formatted;
  formatted.body = Dump(answers);
  return formatted;
}

http::Response FormatO3goError(const absl::Status& status) {
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  if (absl::IsInvalidArgument(status)) return InvalidArgument(status, detail);
  const int http_status = StatusOf(status, detail);
  http::Response response = O3goHttpError(http_status, base::ToStd(status.message()));
  if (http_status != 429 && http_status != 503) return response;
  response.headers.clear();
  http::SetRetryAfter(response, detail.retry_after.value_or(limits::kRetryAfter));
  return response;
}

http::Response O3goHttpError(int status, std::string_view message) {
  http::Response response;
  response.status = status;
  response.body = Dump({{"detail", message}});
  if (status == 503) http::SetRetryAfter(response, limits::kRetryAfter);
  return response;
}

std::vector<http::Route> O3goRoutes(Backend& backend) {
  const auto send = [&backend](const http::Request& request, http::Responder respond) {
    auto parsed = ParseO3goSend(request);
    if (auto* refusal = std::get_if<http::Response>(&parsed)) return respond(std::move(*refusal));
    // Kept for its answer, which repeats what was asked.
    auto& call = std::get<v1::SendMessagesRequest>(parsed);
    v1::SendMessagesRequest copy = call;
    backend.Send(
        std::move(copy), O3goCredentials(request),
        [call = std::move(call), respond = std::move(respond)](
            const absl::StatusOr<v1::SendMessagesResponse>& sent) mutable {
          respond(sent.ok() ? FormatO3goSend(call, *sent) : FormatO3goError(sent.status()));
        });
  };
  return {{"POST", "/ext/api/v1/messages/send", send, O3goHttpError},
          {"POST", "/ext/api/v1/messeges/send", send, O3goHttpError}};
}

}  // namespace campaigner::gateway::dialects
