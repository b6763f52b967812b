#include "server/net/request_check.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "server/base/text.h"

namespace campaigner::net {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
// libcurl writes these itself.
constexpr std::array<std::string_view, 7> kFramingHeaders = {
    "Connection", "Content-Length", "Expect", "TE", "Trailer", "Transfer-Encoding", "Upgrade"};

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// Empty if the URL has no such part.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

absl::StatusOr<std::string> Destination(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  // Its parser would stop at a NUL and send what stands before.
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the URL holds a NUL");
  }
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  if (code != CURLUE_OK) {
    return absl::InvalidArgumentError(
        fmt::format("the URL is malformed: {}", curl_url_strerror(code)));
  }
  const std::string scheme = Part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("the URL is neither http nor https");
  }
  if (!Part(url.get(), CURLUPART_USER).empty() || !Part(url.get(), CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError("the URL names a user");
  }
  const std::string host = Part(url.get(), CURLUPART_HOST);
  if (host.empty()) return absl::InvalidArgumentError("the URL names no host");
  return fmt::format("{}://{}:{}", scheme, host,
                     Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name)) return absl::InvalidArgumentError("a header's name is not valid");
  for (const std::string_view framing : kFramingHeaders) {
    if (absl::EqualsIgnoreCase(name, base::ToAbsl(framing))) {
      return absl::InvalidArgumentError(fmt::format("the header {} may not be set", name));
    }
  }
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("the value of the header {} holds CR, LF or NUL", name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CheckRequest(const HttpRequest& request) {
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return absl::InvalidArgumentError("the method is none of GET, POST, PUT, PATCH and DELETE");
  }
  for (const auto& [name, value] : request.headers) {
    absl::Status status = CheckHeader(name, value);
    if (!status.ok()) return status;
  }
  return Destination(request.url);
}

}  // namespace campaigner::net
