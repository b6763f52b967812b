// HTTP/2, with a real peer: what shares a connection, and what becomes of what was under way on one
// that ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "server/net/http_client.h"
#include "tests/support/certificates.h"
#include "tests/support/http2_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/net/send_and_wait.h"

namespace campaigner::net {
namespace {

using ::campaigner::testing::CertificateAuthority;
using ::campaigner::testing::Http2Answer;
using ::campaigner::testing::Http2Request;
using ::campaigner::testing::Http2Server;
using ::campaigner::testing::TempDir;
using ::testing::HasSubstr;

class Http2Test : public ::testing::Test {
 protected:
  std::unique_ptr<Http2Server> Serve(Http2Server::Handler handler) {
    return std::make_unique<Http2Server>(ca_.Issue("127.0.0.1"), std::move(handler));
  }
  std::unique_ptr<HttpClient> Client() {
    HttpClientOptions options;
    options.ca_file = ca_.certificate_path();
    return MakeHttpClient(std::move(options));
  }
  // How often the server saw each path.
  static std::map<std::string, int> Times(const Http2Server& server) {
    std::map<std::string, int> times;
    for (const Http2Request& request : server.requests()) ++times[request.path];
    return times;
  }

  const TempDir dir_;
  const CertificateAuthority ca_{dir_.path(), "ours"};
};

TEST_F(Http2Test, ManyShareOneConnection) {
  const auto server = Serve([](const Http2Request&) { return Http2Answer::kOk; });
  const auto client = Client();
  std::vector<std::future<HttpResult>> results;
  for (int i = 0; i < 300; ++i) {
    results.push_back(SendForLater(*client, {.url = server->Url(), .body = std::to_string(i)}));
  }
  for (int i = 0; i < 300; ++i) {
    const HttpResult result = results[static_cast<size_t>(i)].get();
    ASSERT_EQ(result.failure, HttpFailure::kNone) << result.error;
    EXPECT_EQ(result.response.status, 200);
    EXPECT_EQ(result.response.body, std::to_string(i));
  }
  EXPECT_EQ(server->requests().size(), 300u);
  for (const Http2Request& request : server->requests()) EXPECT_EQ(request.connection, 1);
}

// Who waits to share a connection must not wait for its answers.
TEST_F(Http2Test, WhereThereIsOnlyHttp1NobodyWaitsForTheFirstAnswer) {
  Http2Server server(
      ca_.Issue("127.0.0.1"),
      [](const Http2Request& request) {
        return request.path == "/held" ? Http2Answer::kHold : Http2Answer::kOk;
      },
      Http2Server::Speaks::kHttp1Only);
  const auto client = Client();
  auto held = SendForLater(*client, {.method = "GET", .url = server.Url("/held")});
  std::vector<std::future<HttpResult>> quick;
  for (int i = 0; i < 10; ++i) {
    quick.push_back(SendForLater(*client, {.method = "GET", .url = server.Url("/quick")}));
  }
  for (auto& result : quick) EXPECT_EQ(result.get().response.status, 200);
  client->Stop();
  EXPECT_EQ(held.get().failure, HttpFailure::kNoAnswer);
}

TEST_F(Http2Test, AnUnknownAuthorityIsNotConnectedTo) {
  const auto server = Serve([](const Http2Request&) { return Http2Answer::kOk; });
  const HttpResult result = SendAndWait(*MakeHttpClient({}), {.url = server->Url()});
  EXPECT_EQ(result.failure, HttpFailure::kNotConnected);
  EXPECT_THAT(result.error, HasSubstr("certificate"));
  EXPECT_TRUE(server->requests().empty());
}

// Whether the connection was used before makes a difference to libcurl, which would repeat then.
class Http2EndTest : public Http2Test, public ::testing::WithParamInterface<bool> {
 protected:
  void WarmUp(HttpClient& client, const Http2Server& server) {
    if (GetParam()) {
      EXPECT_EQ(SendAndWait(client, {.url = server.Url("/warm")}).response.status, 200);
    }
  }
  size_t WarmUps() const { return GetParam() ? 1 : 0; }
};

TEST_P(Http2EndTest, AGoAwayLeavesNoAnswerAndNoSilentRepeat) {
  const auto server = Serve([](const Http2Request& request) {
    if (request.path == "/first") return Http2Answer::kHold;
    return request.path == "/last" ? Http2Answer::kGoAway : Http2Answer::kOk;
  });
  const auto client = Client();
  WarmUp(*client, *server);
  auto first = SendForLater(*client, {.url = server->Url("/first"), .body = "1"});
  ASSERT_TRUE(server->WaitForRequests(WarmUps() + 1));
  const HttpResult last = SendAndWait(*client, {.url = server->Url("/last"), .body = "2"});
  EXPECT_EQ(last.failure, HttpFailure::kNoAnswer) << last.error;
  const HttpResult answered = first.get();
  EXPECT_EQ(answered.failure, HttpFailure::kNone) << answered.error;
  EXPECT_EQ(answered.response.body, "1");
  EXPECT_EQ(SendAndWait(*client, {.url = server->Url("/next")}).response.status, 200);
  EXPECT_NE(server->requests().back().connection, 1) << "the connection that ends is used";
  for (const auto& [path, times] : Times(*server)) EXPECT_EQ(times, 1) << path;
}

TEST_P(Http2EndTest, ABreakLeavesNoAnswersAndNoSilentRepeats) {
  const auto server = Serve([](const Http2Request& request) {
    if (request.path == "/last") return Http2Answer::kBreak;
    return request.path.starts_with("/held") ? Http2Answer::kHold : Http2Answer::kOk;
  });
  const auto client = Client();
  WarmUp(*client, *server);
  std::vector<std::future<HttpResult>> results;
  for (int i = 0; i < 20; ++i) {
    results.push_back(SendForLater(*client, {.url = server->Url("/held" + std::to_string(i))}));
  }
  ASSERT_TRUE(server->WaitForRequests(WarmUps() + 20));
  results.push_back(SendForLater(*client, {.url = server->Url("/last")}));
  for (auto& result : results) EXPECT_EQ(result.get().failure, HttpFailure::kNoAnswer);
  EXPECT_EQ(SendAndWait(*client, {.url = server->Url("/next")}).response.status, 200);
  for (const auto& [path, times] : Times(*server)) EXPECT_EQ(times, 1) << path;
}

TEST_P(Http2EndTest, ARefusedStreamIsNotRepeated) {
  const auto server = Serve([](const Http2Request& request) {
    return request.path == "/refused" ? Http2Answer::kRefuse : Http2Answer::kOk;
  });
  const auto client = Client();
  WarmUp(*client, *server);
  const HttpResult refused = SendAndWait(*client, {.url = server->Url("/refused")});
  EXPECT_EQ(refused.failure, HttpFailure::kNoAnswer) << refused.error;
  EXPECT_EQ(SendAndWait(*client, {.url = server->Url("/next")}).response.status, 200);
  for (const auto& [path, times] : Times(*server)) EXPECT_EQ(times, 1) << path;
}

INSTANTIATE_TEST_SUITE_P(All, Http2EndTest, ::testing::Bool(), [](const auto& param) {
  return param.param ? "OnAUsedConnection" : "OnAFreshConnection";
});

}  // namespace
}  // namespace campaigner::net
