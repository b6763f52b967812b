#pragma once

#include <map>
#include <string>
#include <utility>

#include "server/net/http_client.h"
#include "tests/simulation/random.h"

namespace campaigner::simulation {

// The receivers of webhooks, by the host in their URL: "good" takes everything, "moody" every other
// request, "dead" never answers. One thread.
class Receivers final : public net::HttpClient {
 public:
  explicit Receivers(uint64_t seed) : random_(seed) {}

  void Send(net::HttpRequest request, Done done) override {
    net::HttpResult result;
    const bool is_dead = request.url.find("//dead") != std::string::npos;
    const bool is_moody = request.url.find("//moody") != std::string::npos;
    if (is_dead) {
      result.failure = net::HttpFailure::kNoAnswer;
    } else {
      result.response.status = is_moody && random_.Percent(50) ? 500 : 200;
      if (result.response.status == 200) ++taken_[{request.url, request.body}];
    }
    done(std::move(result));
  }
  void Stop() override {}

  // How often a receiver took this body.
  int Taken(const std::string& url, const std::string& body) const {
    const auto found = taken_.find({url, body});
    return found == taken_.end() ? 0 : found->second;
  }

 private:
  Random random_;
  std::map<std::pair<std::string, std::string>, int> taken_;
};

}  // namespace campaigner::simulation
