#pragma once

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "gateway/errors.h"
#include "gateway/http/server.h"
#include "tests/support/raw_http.h"

namespace campaigner::gateway::testing {

// Of /large: far more than the kernel holds for a connection.
inline constexpr size_t kLargeAnswerBytes = 48 << 20;

// Answers with what it was asked: the body, or the target where there is none.
class TestHandler final : public http::Handler {
 public:
  ~TestHandler() override {
    if (waiter_.joinable()) waiter_.join();
  }

  void Handle(http::Request request, http::Responder respond) override {
    if (request.path() == "/throw") throw std::runtime_error("a secret");
    if (request.path() == "/wait") {
      waiter_ = std::thread([this, respond = std::move(respond)]() mutable {
        waiting.set_value();
        released.get_future().wait();
        respond(http::Response());
      });
      return;
    }
    http::Response response;
    response.content_type = "text/plain";
    if (request.path() == "/stream") {
      response.stream = [this](const http::Sink& sink) {
        while (sink("tick\n")) {
        }
        stream_ended.set_value();
        return true;
      };
    } else if (request.path() == "/count") {
      response.stream = [](const http::Sink& sink) {
        for (const char* line : {"1\n", "2\n", "3\n"}) sink(line);
        return true;
      };
    } else if (request.path() == "/held") {
      response.stream = [this](const http::Sink& sink) {
        sink("held\n");
        let_go.wait();
        return true;
      };
    } else if (request.path() == "/large") {
      response.body.assign(kLargeAnswerBytes, 'l');
    } else {
      response.body = request.body.empty() ? request.target : request.body;
    }
    respond(std::move(response));
  }

  bool TakesStream(std::string_view, std::string_view) override { return false; }
  std::unique_ptr<http::BodySink> HandleStream(http::Request, http::Resume,
                                               http::Responder) override {
    return nullptr;
  }

  http::Response Refuse(std::string_view, std::string_view, int status,
                        std::string_view message) override {
    return NativeHttpError(status, message);
  }

  // /wait is being served; it goes on once `released` is set.
  std::promise<void> waiting;
  std::promise<void> released;
  // Ends every /held.
  std::latch let_go{1};
  // /stream noticed that nobody listens any more.
  std::promise<void> stream_ended;

 private:
  std::thread waiter_;
};

// Short enough for a test to meet them, long enough for a loaded machine to keep them.
inline http::ServerOptions TestOptions() {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.loops = 1;
  return options;
}

}  // namespace campaigner::gateway::testing
