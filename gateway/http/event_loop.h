#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "gateway/http/connection.h"
#include "gateway/http/socket.h"
#include "gateway/http/task_pool.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::http {

// What all loops of a server share.
struct LoopContext {
  Handler& handler;
  // Runs streamed answers.
  TaskPool& tasks;
  Timeouts timeouts;
  // Of one loop.
  size_t connections_max;
  // Bytes of large bodies not yet answered, and of large answers not yet taken, over all loops.
  std::atomic<size_t> kept_bytes = 0;
};

// One thread that serves many connections, over epoll. At its limit the connection that has been
// idle longest makes room; when none is idle, the newcomer is told 503. Thread-safe.
class EventLoop final : public ConnectionHost {
 public:
  // `context` must outlive it.
  explicit EventLoop(LoopContext& context);
  // Drains and joins at once.
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Takes over a connection; when it is draining, closes it.
  void Add(std::unique_ptr<Transport> transport, std::string remote_address) EXCLUDES(mutex_);
  // Idle connections end at once, others with the answer they are working on.
  void Drain() EXCLUDES(mutex_);
  // After Drain: waits for the last answer; at the deadline cuts the connections, and then waits
  // for their handlers. May be called again, by the same thread.
  void Join(Deadline deadline) EXCLUDES(mutex_);

  size_t connections() const { return connections_count_; }
  // Connections that were turned away.
  size_t rejected() const { return rejected_; }

 private:
  struct Newcomer {
    std::unique_ptr<Transport> transport;
    std::string remote_address;
  };
  struct Answered {
    Connection* connection;
    std::optional<Response> response;
  };
  struct StreamEnded {
    Connection* connection;
    bool is_kept;
  };
  // What other threads want of the loop.
  struct Mail {
    std::vector<Newcomer> newcomers;
    std::vector<Answered> answers;
    std::vector<StreamEnded> ended_streams;
    std::vector<Connection*> resumed;
    bool wants_drain = false;
    bool wants_abort = false;
    bool IsEmpty() const;
  };

  void Serve(Connection& connection, Request request) override;
  std::unique_ptr<BodySink> OpenBody(Connection& connection, Request request) override;
  Responder ResponderFor(Connection& connection);
  bool TryRunStream(Connection& connection, Response response) override;
  bool TryKeepBytes(size_t bytes) override;
  void KeepBytes(size_t bytes) override { context_.kept_bytes += bytes; }
  void DropBytes(size_t bytes) override { context_.kept_bytes -= bytes; }
  void NoteDeadline(Deadline deadline) override;
  void ComeBackTo(Connection& connection) override { again_.push_back(&connection); }
  void OnOver(Connection& connection) override { over_.push_back(&connection); }
  std::span<char> buffer() override { return buffer_; }
  ResponseWriter& writer() override { return writer_; }

  void Run();
  // Waits for sockets and mail, and tells connections of their sockets.
  void AwaitEvents();
  Mail TakeMail() EXCLUDES(mutex_);
  void Deliver(Mail mail);
  void Admit(Newcomer newcomer);
  bool MakeRoom();
  void CheckDeadlines();
  void Bury();
  template <typename Change>
  void Post(Change change) EXCLUDES(mutex_);

  LoopContext& context_;
  const Socket epoll_;
  const Socket wakeup_;

  base::Mutex mutex_;
  Mail mail_ GUARDED_BY(mutex_);
  // Looks into mail_ before it sleeps.
  bool is_awake_ GUARDED_BY(mutex_) = true;
  std::atomic<size_t> connections_count_ = 0;
  std::atomic<size_t> rejected_ = 0;

  // Of the thread alone.
  ResponseWriter writer_;
  std::vector<char> buffer_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> again_;
  std::vector<Connection*> over_;
  size_t rejects_ = 0;
  Deadline next_deadline_ = Deadline::max();
  bool is_draining_ = false;

  std::promise<void> ended_;
  std::thread thread_;
};

}  // namespace campaigner::gateway::http
