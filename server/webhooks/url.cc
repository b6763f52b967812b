#include "server/webhooks/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "server/base/limits.h"

namespace campaigner::webhooks {
namespace {

using ParsedUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

ParsedUrl Parse(const std::string& url) {
  ParsedUrl parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
      CURLUE_OK) {
    parsed.reset();
  }
  return parsed;
}

std::string Part(const ParsedUrl& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return absl::AsciiStrToLower(copy);
}

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

absl::Status ValidateWebhookUrl(std::string_view url) {
  if (url.size() > base::limits::kUrlBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("must be at most {} bytes long", base::limits::kUrlBytesMax));
  }
  if (!IsPlainAscii(url)) {
    return absl::InvalidArgumentError(
        "must be printable ASCII without spaces (percent-encode everything else)");
  }
  const ParsedUrl parsed = Parse(std::string(url));
  const std::string scheme = parsed ? Part(parsed, CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("must be an http or https URL");
  }
  if (!Part(parsed, CURLUPART_USER).empty() || !Part(parsed, CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError("must not carry a user name or password");
  }
  // The library forgives a third slash and takes the path for a host.
  const bool has_host = !url.substr(scheme.size()).starts_with(":///");
  if (!has_host || Part(parsed, CURLUPART_HOST).empty()) {
    return absl::InvalidArgumentError("must name a host");
  }
  if (Part(parsed, CURLUPART_PORT) == "0") {
    return absl::InvalidArgumentError("must have a port of 1 to 65535");
  }
  return absl::OkStatus();
}

absl::Status CheckWebhookAddress(std::string_view url, const net::NetworkList& allowed_networks) {
  const ParsedUrl parsed = Parse(std::string(url));
  std::string host = parsed ? Part(parsed, CURLUPART_HOST) : "";
  if (host.empty()) return absl::OkStatus();
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = net::ParseAddress(host);
  if (address && !net::IsPublicAddress(*address) && !allowed_networks.Contains(*address)) {
    return absl::InvalidArgumentError(fmt::format(
        "must not lead to {}, which is no public address (the operator may allow its network)",
        host));
  }
  return absl::OkStatus();
}

std::string UrlDestination(std::string_view url) {
  const ParsedUrl parsed = Parse(std::string(url));
  if (!parsed) return std::string(url);
  return fmt::format("{}://{}:{}", Part(parsed, CURLUPART_SCHEME), Part(parsed, CURLUPART_HOST),
                     Part(parsed, CURLUPART_PORT));
}

}  // namespace campaigner::webhooks
