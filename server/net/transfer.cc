#include "server/net/transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/limits.h"
#include "server/net/redact.h"

namespace campaigner::net {
namespace {

// Seconds. Many servers close a connection that was idle for five; reusing it just then loses the
// request without an answer.
constexpr long kReuseIdleSecondsMax = 4;
// Longer than that, a provider is not to be believed.
constexpr curl_off_t kRetryAfterSecondsMax = 86'400;

Transfer* ToTransfer(void* self) { return static_cast<Transfer*>(self); }

// What is the same for every exchange.
void SetPolicy(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "campaigner");
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kReuseIdleSecondsMax);
  // Otherwise giving up on a name waits for its resolver, and everybody else with it.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

}  // namespace

const char* FailureName(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::kNone: return "NONE";
    case HttpFailure::kInvalidRequest: return "INVALID_REQUEST";
    case HttpFailure::kForbiddenAddress: return "FORBIDDEN_ADDRESS";
    case HttpFailure::kNotConnected: return "NOT_CONNECTED";
    case HttpFailure::kNoAnswer: return "NO_ANSWER";
    case HttpFailure::kTooLarge: return "TOO_LARGE";
    case HttpFailure::kOverloaded: return "OVERLOADED";
  }
  return "UNKNOWN";
}

Transfer::Transfer(HttpRequest request, HttpClient::Done done, std::string destination,
                   SteadyTime now)
    : request_(std::move(request)),
      done_(std::move(done)),
      destination_(std::move(destination)),
      start_(now),
      deadline_(now + absl::ToChronoNanoseconds(
                          std::clamp(request_.timeout, absl::ZeroDuration(), absl::Hours(24)))) {}

void Transfer::Attach(CURL* easy, const AddressGuard& guard, const OnConnected& on_connected,
                      SteadyTime now) {
  easy_ = easy;
  guard_ = &guard;
  on_connected_ = &on_connected;
  SetPolicy(easy);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
  // 0 would mean no limit.
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, std::max<long>(1, left.count()));
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_error_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, OnOpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, OnReadyToSend);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  // Many at once wait for the first handshake, to learn whether they can share its connection.
  // Without TLS there is no HTTP/2, and the wait would last for the first answer.
  if (absl::StartsWithIgnoreCase(request_.url, "https:")) {
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  }
  SetMethodAndBody();
  SetHeaders();
}

void Transfer::SetMethodAndBody() {
  const bool has_body = !request_.body.empty() || request_.method != "GET";
  if (has_body) {
    // Not copied: the request outlives the exchange.
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method != (has_body ? "POST" : "GET")) {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void Transfer::SetHeaders() {
  const auto add = [this](const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  };
  bool has_content_type = false;
  for (const auto& [name, value] : request_.headers) {
    has_content_type = has_content_type || absl::EqualsIgnoreCase(name, "Content-Type");
    // For libcurl, "Name:" would remove a header and "Name;" sends it empty.
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  // Not libcurl's own ideas: waiting for a "100 Continue", and form data.
  add("Expect:");
  if (!has_content_type) add("Content-Type:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_.get());
}

size_t Transfer::OnHeader(char*, size_t size, size_t count, void* self) {
  Transfer* const transfer = ToTransfer(self);
  transfer->header_bytes_ += size * count;
  if (transfer->header_bytes_ <= base::limits::kResponseHeaderBytesMax) return size * count;
  transfer->is_too_large_ = true;
  return 0;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  Transfer* const transfer = ToTransfer(self);
  if (transfer->body_.size() + size * count > base::limits::kResponseBodyBytesMax) {
    transfer->is_too_large_ = true;
    return 0;
  }
  transfer->body_.append(data, size * count);
  return size * count;
}

// The only place that sees the address that is really dialled, whatever a name resolved to before.
curl_socket_t Transfer::OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  Transfer* const transfer = ToTransfer(self);
  const auto bytes = FromSockaddr(address->addr);
  if (!bytes || !transfer->guard_->Allows(*bytes)) {
    ++transfer->addresses_refused_;
    return CURL_SOCKET_BAD;
  }
  ++transfer->addresses_dialled_;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// libcurl sends a request again, unasked, when a reused connection breaks before the answer. What
// was sent may have been acted upon, so that is for the caller to decide.
int Transfer::OnReadyToSend(void* self, char*, char*, int, int) {
  Transfer* const transfer = ToTransfer(self);
  if (!std::exchange(transfer->was_connected_, true)) {
    (*transfer->on_connected_)(transfer->destination_);
  }
  if (transfer->WasSent()) {
    transfer->is_repeat_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

bool Transfer::WasSent() const {
  long bytes = 0;
  if (easy_ != nullptr) curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

HttpResult Transfer::Failed(HttpFailure failure, const std::string& error) const {
  HttpResult result;
  result.failure = failure;
  result.error = Redact(error, request_.secrets);
  return result;
}

HttpResult Transfer::Conclude(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (is_too_large_) {
    HttpResult result = Failed(HttpFailure::kTooLarge, "the answer is too large");
    result.response.status = static_cast<int>(status);
    return result;
  }
  if (code == CURLE_OK) {
    HttpResult result;
    result.response.status = static_cast<int>(status);
    result.response.body = std::move(body_);
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0 && seconds <= kRetryAfterSecondsMax) {
      result.response.retry_after = absl::Seconds(seconds);
    }
    return result;
  }
  if (addresses_refused_ > 0 && addresses_dialled_ == 0) {
    return Failed(HttpFailure::kForbiddenAddress, "the address is not a public one");
  }
  if (is_repeat_refused_) return BreakOff("the connection broke before an answer came");
  return BreakOff(curl_error_[0] != '\0' ? curl_error_.data() : curl_easy_strerror(code));
}

HttpResult Transfer::BreakOff(const std::string& why) {
  return Failed(WasSent() ? HttpFailure::kNoAnswer : HttpFailure::kNotConnected, why);
}

void Transfer::Finish(HttpResult result, ExchangeLog* log, SteadyTime now) {
  if (log != nullptr) log->Write(request_, result, absl::FromChrono(now - start_));
  done_(std::move(result));
}

}  // namespace campaigner::net
