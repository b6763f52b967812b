#include "gateway/http/message.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"
#include "server/base/text.h"

namespace campaigner::gateway::http {

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::optional<std::string_view> Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, base::ToAbsl(name))) return value;
  }
  return std::nullopt;
}

std::string_view Request::Variable(std::string_view name) const {
  for (const auto& [key, value] : path_variables) {
    if (key == name) return value;
  }
  return {};
}

void SetRetryAfter(Response& response, absl::Duration after) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(after, absl::Seconds(1)));
  response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(seconds, 1)));
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
  }
}

}  // namespace campaigner::gateway::http
