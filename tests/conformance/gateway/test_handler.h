#pragma once

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>

#include "gateway/errors.h"
#include "gateway/http/server.h"
#include "tests/support/raw_http.h"

namespace campaigner::gateway::testing {

// Answers with what it was asked: the body, or the target where there is none.
class TestHandler final : public http::Handler {
 public:
  http::Response Handle(http::Request& request) override {
    http::Response response;
    response.content_type = "text/plain";
    if (request.path() == "/throw") throw std::runtime_error("a secret");
    if (request.path() == "/wait") {
      waiting.set_value();
      released.get_future().wait();
    }
    if (request.path() == "/stream") {
      response.stream = [this](const http::Sink& sink) {
        while (sink("tick\n")) {
        }
        stream_ended.set_value();
      };
      return response;
    }
    response.body = request.body.empty() ? request.target : request.body;
    return response;
  }

  http::Response Refuse(std::string_view, std::string_view, int status,
                        std::string_view message) override {
    return NativeHttpError(status, message);
  }

  // /wait is being served; it goes on once `released` is set.
  std::promise<void> waiting;
  std::promise<void> released;
  // /stream noticed that nobody listens any more.
  std::promise<void> stream_ended;
};

// Short enough for a test to meet them, long enough for a loaded machine to keep them.
inline http::ServerOptions TestOptions() {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

}  // namespace campaigner::gateway::testing
