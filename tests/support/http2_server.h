#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/base/thread_annotations.h"
#include "tests/support/certificates.h"

namespace campaigner::testing {

// One request as it came in, whole.
struct Http2Request {
  std::string path;
  std::string body;
  // 1 is the first connection that was accepted.
  int connection = 0;
  int32_t stream = 0;
};

// What the server does with a request.
enum class Http2Answer : uint8_t {
  kOk,      // 200, with the request's body.
  kHold,    // Nothing, for as long as the connection lives.
  kRefuse,  // RST_STREAM, REFUSED_STREAM: it was not processed.
  kGoAway,  // GOAWAY: of all that is held, only the oldest stream was processed, and is answered.
  kBreak,   // The connection is closed, in the midst of everything.
};

// An HTTP/2 server over TLS on 127.0.0.1 and a port of its own, that answers as badly as a test
// wants. A thread for each connection. Thread-safe.
class Http2Server {
 public:
  // Called on the connections' threads, perhaps at the same time.
  using Handler = std::function<Http2Answer(const Http2Request&)>;

  enum class Speaks : uint8_t { kHttp2, kHttp1Only };

  // With kHttp1Only, a connection carries one request without a body, and kOk and kHold are all the
  // answers there are.
  Http2Server(const CertificateFiles& files, Handler handler, Speaks speaks = Speaks::kHttp2);
  // Breaks all connections.
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  // "https://127.0.0.1:PORT" and `path`.
  std::string Url(std::string_view path = "/") const;
  // All requests so far, in the order in which they came.
  std::vector<Http2Request> requests() const EXCLUDES(mutex_);
  // Waits until `count` requests have come; false if that takes longer than a patient while.
  bool WaitForRequests(size_t count) EXCLUDES(mutex_);

 private:
  friend class Http2Connection;

  void Accept();
  void ServeHttp1(int connection, SSL* tls);
  Http2Answer Take(const Http2Request& request) EXCLUDES(mutex_);

  const Handler handler_;
  const Speaks speaks_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable base::Mutex mutex_;
  std::condition_variable_any came_;
  std::vector<Http2Request> requests_ GUARDED_BY(mutex_);
  std::list<int> open_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // Of Accept's thread alone, until it is joined.
  std::thread acceptor_;
};

}  // namespace campaigner::testing
