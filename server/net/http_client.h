#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/net/address.h"
#include "server/net/exchange_log.h"

namespace campaigner::net {

struct HttpRequest {
  std::string method = "POST";
  std::string url = {};
  // Names and values are checked: no CR, LF or NUL gets out.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // The whole exchange from Send on: wait for a connection, resolve, connect, send, receive.
  absl::Duration timeout = absl::Seconds(15);
  // Who a log line is about ("webhook:17", "provider:kannel").
  std::string purpose = {};
  // Strings that must not appear in any log or error: replaced by "***".
  std::vector<std::string> secrets = {};
  // Strings that the exchange log hides where it is told to: recipient, text.
  std::vector<std::string> personal = {};
};

struct HttpResponse {
  int status = 0;
  std::string body = {};  // At most limits::kResponseBodyBytesMax.
  // Retry-After in seconds or as a date, if it was given and lies within the next day.
  std::optional<absl::Duration> retry_after = std::nullopt;
};

// Why there is no response.
enum class HttpFailure : uint8_t {
  kNone = 0,
  kInvalidRequest,    // URL or header that may not be sent. Nothing went out.
  kForbiddenAddress,  // The address guard refused. Nothing went out.
  kNotConnected,      // Resolve, connect, TLS handshake, or the wait for a free connection. Nothing
                      // of the request went out.
  kNoAnswer,    // The request went out, wholly or in part; timeout, reset, or no valid HTTP came
                // back.
  kTooLarge,    // An answer came, larger than the caps. Its status is in the response.
  kOverloaded,  // The client's own queue is full, or it has stopped. Nothing went out.
};
// "NO_ANSWER" .., for logs and metrics.
const char* FailureName(HttpFailure failure);

struct HttpResult {
  HttpFailure failure = HttpFailure::kNone;
  std::string error = {};  // For people; without secrets. Empty if failure is kNone.
  HttpResponse response = {};
};

struct HttpClientOptions {
  // Only addresses that are public or in `allowed_networks` are dialled. False: every address
  // (providers, which the operator configures).
  bool guard_addresses = false;
  NetworkList allowed_networks = {};
  // PEM file with the certificates that servers' are checked against. Empty: the system's.
  std::string ca_file = {};
  // Requests waiting or under way in all. More: kOverloaded.
  int requests_max = 20'000;
  // Requests under way in all and to one host (scheme, name and port): also the most connections,
  // which over HTTP/2 are far fewer: streams share one.
  int connections_max = 512;
  int connections_per_host_max = 64;
  // Where each exchange leaves its line; may be shared between clients. Null: nowhere.
  std::shared_ptr<ExchangeLog> exchange_log = {};
};

// The only outbound HTTP: one thread over libcurl's multi interface. HTTP/1.1 and HTTP/2,
// connections reused, no redirects, only http and https, no proxy from the environment, no cookies,
// no decompression. A request is handed to the network once: where a reused connection breaks
// before the answer, the result is kNoAnswer and never a silent second try. The same holds for
// HTTP/2 streams that a GOAWAY or REFUSED_STREAM disowns: the peer says that it did not process
// them, but libcurl cannot tell them for sure from others, so that is not relied on. Thread-safe.
class HttpClient {
 public:
  // Called once: on the client's thread, or, for kInvalidRequest and kOverloaded, on the caller's
  // before Send returns. Must not block, nor call Stop.
  using Done = absl::AnyInvocable<void(HttpResult)>;

  virtual ~HttpClient() = default;
  virtual void Send(HttpRequest request, Done done) = 0;
  // Ends what is under way with kNoAnswer or kNotConnected, then the thread. May be called twice.
  virtual void Stop() = 0;
};

std::unique_ptr<HttpClient> MakeHttpClient(HttpClientOptions options);

}  // namespace campaigner::net
