#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/thread_annotations.h"

namespace campaigner::testing {

// One HTTP/1.1 request as it came in.
struct ScriptedRequest {
  std::string method;
  std::string target;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
  // 1 is the first connection that was accepted.
  int connection = 0;
};

// What the server does after a whole request came in. The bytes are sent as they are: they need not
// be HTTP.
struct ScriptedAnswer {
  enum class Then : uint8_t {
    kKeep,   // Waits for the next request on the connection.
    kClose,  // Closes in order (FIN).
    kReset,  // Breaks the connection (RST).
    kHang,   // Says nothing more until the peer goes away.
  };
  std::string bytes = {};
  Then then = Then::kKeep;
  // The bytes go one by one, some milliseconds apart.
  bool is_dripped = false;
};

// A well-formed answer with Content-Length.
ScriptedAnswer HttpAnswer(int status, std::string_view body = {},
                          const std::vector<std::pair<std::string, std::string>>& headers = {});

// A TCP server on 127.0.0.1 and a port of its own, that answers as badly as a test wants. A thread
// for each connection. Thread-safe.
class ScriptedServer {
 public:
  // Called on the connections' threads, perhaps at the same time.
  using Handler = std::function<ScriptedAnswer(const ScriptedRequest&)>;

  explicit ScriptedServer(Handler handler);
  // Breaks all connections.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT" and `target`.
  std::string Url(std::string_view target = "/") const;
  // Replaces the handler for requests to come.
  void SetHandler(Handler handler) EXCLUDES(mutex_);
  // All requests so far, in the order in which they came.
  std::vector<ScriptedRequest> requests() const EXCLUDES(mutex_);
  // Waits until `count` requests have come; false if that takes longer than a patient while.
  bool WaitForRequests(size_t count) EXCLUDES(mutex_);

 private:
  void Accept();
  void Serve(int fd, int connection);
  ScriptedAnswer Answer(const ScriptedRequest& request) EXCLUDES(mutex_);

  int listener_ = -1;
  uint16_t port_ = 0;
  mutable base::Mutex mutex_;
  std::condition_variable_any came_;
  Handler handler_ GUARDED_BY(mutex_);
  std::vector<ScriptedRequest> requests_ GUARDED_BY(mutex_);
  std::list<int> open_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // Of Accept's thread alone, until it is joined.
  std::thread acceptor_;
};

// A port of 127.0.0.1 that refuses connections for as long as this lives.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;
  std::string Url(std::string_view target = "/") const;

 private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

}  // namespace campaigner::testing
