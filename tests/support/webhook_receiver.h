#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/base/thread_annotations.h"

namespace campaigner::testing {

// One webhook as it came in.
struct ReceivedWebhook {
  std::string path;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct WebhookReply {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Not answered until Release is called, if ever.
  bool is_held = false;
};

// An HTTP server for webhooks on 127.0.0.1 and a port of its own: one thread over epoll,
// connections kept alive, fast enough to take tens of thousands of webhooks a second. Thread-safe.
class WebhookReceiver {
 public:
  // Called on the receiver's thread for every webhook.
  using Handler = std::function<WebhookReply(const ReceivedWebhook&)>;

  // `handler` null: everything is answered with 200.
  explicit WebhookReceiver(Handler handler = nullptr);
  ~WebhookReceiver();
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT" and `path`.
  std::string Url(std::string_view path = "/") const;

  // Replaces the handler for webhooks to come.
  void SetHandler(Handler handler) EXCLUDES(mutex_);
  // False: webhooks are counted but not kept, for many of them. Default: true.
  void SetKeep(bool keep) EXCLUDES(mutex_);
  // Answers what is held, and from now on holds nothing.
  void Release() EXCLUDES(mutex_);

  // Webhooks that came for `path` so far, answered or not, in the order in which they came.
  std::vector<ReceivedWebhook> Received(const std::string& path) const EXCLUDES(mutex_);
  size_t Count(const std::string& path) const EXCLUDES(mutex_);
  // Waits until `count` have come for `path`; false if that takes longer than a patient while.
  bool WaitFor(const std::string& path, size_t count) EXCLUDES(mutex_);

 private:
  struct Connection {
    std::string in;
    std::string out;
    // Replies that wait for Release, behind which later ones of the connection wait, too.
    std::string held;
    bool waits_for_room = false;
  };

  void Run();
  void Accept();
  void Read(int fd);
  // Takes whole requests from the connection's input.
  void Serve(Connection& connection) EXCLUDES(mutex_);
  void Reply(Connection& connection, ReceivedWebhook webhook) EXCLUDES(mutex_);
  // False when the connection broke.
  bool Write(int fd, Connection& connection);
  void Drop(int fd);
  void ReleaseHeld();

  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;
  uint16_t port_ = 0;
  std::unordered_map<int, Connection> connections_;  // Of the receiver's thread.
  mutable base::Mutex mutex_;
  std::condition_variable_any came_;
  Handler handler_ GUARDED_BY(mutex_);
  bool keeps_ GUARDED_BY(mutex_) = true;
  bool is_released_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::map<std::string, std::vector<ReceivedWebhook>> received_ GUARDED_BY(mutex_);
  std::map<std::string, size_t> counts_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace campaigner::testing
