#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gateway/http/head.h"
#include "gateway/http/message.h"
#include "gateway/http/stream.h"

namespace campaigner::gateway::http {

// One client's connection: reads requests, has them handled, answers, until either side has enough.
//
// It is a cpp-httplib server of one connection, of which it uses process_request: the library
// parses the request and writes the answer, over a stream that is bounded by us. Heads are checked
// and bodies read here, because the library does either without bounds; routing by regular
// expressions is never reached, the pre-routing handler answers all.
class Connection : private httplib::Server {
 public:
  // `handler` must outlive it.
  Connection(std::unique_ptr<Transport> transport, std::string remote_address,
             const Timeouts& timeouts, http::Handler& handler);

  // Serves until the connection is over. Once.
  void Run();
  // Answers `status` to whatever is asked and closes. Instead of Run.
  void Reject(int status, std::string_view message);

  // The rest is for other threads.

  // How long it has been waiting for its next request; nothing while it serves one.
  std::optional<std::chrono::steady_clock::duration> IdleTime() const;
  // Ends it after the request that it serves or has received, if any.
  void Close();
  // Cuts it. What it serves goes on until it next reads or writes.
  void Abort() { transport_->Abort(); }

 private:
  bool ServeOne();
  bool RefuseHead(int status, std::string_view message, const HeadCheck& check);
  void ReadRequest(httplib::Request& parsed);
  void Answer(httplib::Response& out);
  void Fill(Response response, httplib::Response& out);

  const std::unique_ptr<Transport> transport_;
  const Timeouts timeouts_;
  BoundedStream stream_;
  http::Handler& handler_;
  // Of the request being served.
  HeadCheck check_;
  Request request_;
  int body_refusal_ = 0;
  // Not to be used for another request.
  bool is_spent_ = false;
  std::atomic<bool> is_closing_ = false;
  // Steady clock ticks since when it waits; 0 while it serves.
  std::atomic<std::chrono::steady_clock::rep> idle_since_ = 0;
};

}  // namespace campaigner::gateway::http
