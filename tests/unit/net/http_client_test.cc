#include "server/net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <semaphore>

#include "tests/support/scripted_server.h"
#include "tests/unit/net/send_and_wait.h"

namespace campaigner::net {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::RefusingPort;
using ::campaigner::testing::ScriptedAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;
using ::testing::HasSubstr;

ScriptedAnswer AnswerOk(const ScriptedRequest&) { return HttpAnswer(200, "fine"); }

TEST(HttpClientTest, SendsWhatItIsGivenAndNoMore) {
  ScriptedServer server([](const ScriptedRequest&) {
    return HttpAnswer(202, "0: Accepted", {{"Set-Cookie", "a=b"}, {"Content-Encoding", "gzip"}});
  });
  const auto client = MakeHttpClient({});
  HttpRequest request;
  request.url = server.Url("/path%20x?a=%2B&b=");
  request.headers = {{"X-Custom", "one: two"}, {"X-Empty", ""}};
  request.body = std::string("{\"a\":\0}", 7);
  for (int i = 0; i < 2; ++i) {
    const HttpResult result = SendAndWait(*client, request);
    EXPECT_EQ(result.failure, HttpFailure::kNone) << result.error;
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.response.status, 202);
    EXPECT_EQ(result.response.body, "0: Accepted");
    EXPECT_EQ(result.response.retry_after, std::nullopt);
  }
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  for (const ScriptedRequest& got : requests) {
    EXPECT_EQ(got.connection, 1) << "the connection is not reused";
    EXPECT_EQ(got.method, "POST");
    EXPECT_EQ(got.target, "/path%20x?a=%2B&b=");
    EXPECT_EQ(got.body, request.body);
    auto headers = got.headers;
    EXPECT_EQ(headers["x-custom"], "one: two");
    EXPECT_EQ(headers.count("x-empty"), 1u);
    EXPECT_EQ(headers["user-agent"], "campaigner");
    EXPECT_EQ(headers["content-length"], "7");
    for (const char* absent : {"cookie", "expect", "content-type", "accept-encoding", "referer"}) {
      EXPECT_EQ(headers.count(absent), 0u) << absent;
    }
  }
}

TEST(HttpClientTest, SendsEachMethod) {
  ScriptedServer server(AnswerOk);
  const auto client = MakeHttpClient({});
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const char* body : {"", "body"}) {
      HttpRequest request;
      request.method = method;
      request.url = server.Url();
      request.body = body;
      EXPECT_EQ(SendAndWait(*client, request).response.status, 200);
      const auto requests = server.requests();
      EXPECT_EQ(requests.back().method, method);
      EXPECT_EQ(requests.back().body, body);
    }
  }
}

TEST(HttpClientTest, IgnoresProxiesOfTheEnvironment) {
  const RefusingPort nobody;
  setenv("http_proxy", nobody.Url().c_str(), 1);
  setenv("ALL_PROXY", nobody.Url().c_str(), 1);
  ScriptedServer server(AnswerOk);
  const auto client = MakeHttpClient({});
  EXPECT_EQ(SendAndWait(*client, {.url = server.Url()}).response.status, 200);
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

TEST(HttpClientTest, RefusesRequestsThatMayNotBeSent) {
  ScriptedServer server(AnswerOk);
  const auto client = MakeHttpClient({});
  const std::string url = server.Url();
  const std::string host = url.substr(7);
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Case {
    std::string method, url;
    Headers headers;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"TRACE", url, {}, "method"},
      {"GET\r\nX: y", url, {}, "method"},
      {"POST", "", {}, "URL"},
      {"POST", "/path", {}, "URL"},
      {"POST", "ftp://" + host, {}, "neither http nor https"},
      {"POST", "file:///etc/passwd", {}, "neither http nor https"},
      {"POST", "gopher://" + host, {}, ""},
      {"POST", "http://user@" + host, {}, "names a user"},
      {"POST", "http://:word@" + host, {}, "names a user"},
      {"POST", url + "a b", {}, "malformed"},
      {"POST", url + "\r\nX: y", {}, "malformed"},
      {"POST", url + std::string("\0x", 2), {}, "NUL"},
      {"POST", "http://127.0.0.1:99999/", {}, "malformed"},
      {"POST", url, Headers{{"X-A", "b\r\nEvil: yes"}}, "X-A"},
      {"POST", url, Headers{{"X-A", "b\nEvil: yes"}}, "X-A"},
      {"POST", url, Headers{{"X-A", std::string("b\0c", 3)}}, "X-A"},
      {"POST", url, Headers{{"X-A\r\nEvil", "b"}}, "name"},
      {"POST", url, Headers{{"X-A: b", "c"}}, "name"},
      {"POST", url, Headers{{"", "b"}}, "name"},
      {"POST", url, Headers{{"content-length", "0"}}, "content-length"},
      {"POST", url, Headers{{"Transfer-Encoding", "chunked"}}, "Transfer-Encoding"},
  };
  for (const Case& c : cases) {
    const HttpResult result =
        SendAndWait(*client, {.method = c.method, .url = c.url, .headers = c.headers});
    EXPECT_EQ(result.failure, HttpFailure::kInvalidRequest) << c.url << " " << c.method;
    EXPECT_THAT(result.error, HasSubstr(c.error));
    EXPECT_NE(result.error, "");
  }
  EXPECT_EQ(SendAndWait(*client, {.url = url}).response.status, 200);
  EXPECT_EQ(server.requests().size(), 1u) << "something went out";
}

TEST(HttpClientTest, CarriesManyAtOnceFromManyThreads) {
  ScriptedServer server([](const ScriptedRequest& got) { return HttpAnswer(200, got.body); });
  const auto client = MakeHttpClient({.connections_per_host_max = 16});
  constexpr int kThreads = 4;
  constexpr int kEach = 250;
  std::atomic<int> right = 0;
  std::counting_semaphore<> done(0);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string body = std::to_string(t * kEach + i);
        client->Send({.url = server.Url(), .body = body}, [&, body](HttpResult result) {
          right += result.response.body == body;
          done.release();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kThreads * kEach; ++i) done.acquire();
  EXPECT_EQ(right, kThreads * kEach);
  EXPECT_EQ(server.requests().size(), static_cast<size_t>(kThreads * kEach));
  for (const ScriptedRequest& request : server.requests()) EXPECT_LE(request.connection, 16);
}

TEST(HttpClientTest, MaySendFromDone) {
  ScriptedServer server(AnswerOk);
  const auto client = MakeHttpClient({.requests_max = 1});
  std::promise<HttpResult> second;
  client->Send({.url = server.Url()}, [&](HttpResult) {
    client->Send({.url = server.Url()},
                 [&](HttpResult result) { second.set_value(std::move(result)); });
  });
  EXPECT_EQ(second.get_future().get().response.status, 200);
}

}  // namespace
}  // namespace campaigner::net
