#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gateway/limits.h"
#include "tests/conformance/gateway/test_handler.h"
#include "tests/support/status_matchers.h"

// HTTP/1.1 as clients rely on it.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;
using campaigner::testing::RawExchange;
using campaigner::testing::RawRequest;
using campaigner::testing::StatusIs;

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(testing::TestOptions()); }

  void Start(const http::ServerOptions& options) {
    server_.reset();
    ASSERT_OK_AND_ASSIGN(server_, http::Server::Start(options, handler_, tasks_));
  }
  std::string BodyOf(std::string_view request) {
    const auto response = RawExchange(server_->port(), request);
    return response ? response->body : "no response";
  }

  testing::TestHandler handler_;
  http::TaskPool tasks_{8};
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpTest, ConnectionsAreKept) {
  RawConnection connection(server_->port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection.Send(RawRequest("POST", "/", "", std::to_string(i))));
    const auto response = connection.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, std::to_string(i));
  }
}

TEST_F(HttpTest, PipelinedRequestsAreAnsweredInOrder) {
  RawConnection connection(server_->port());
  ASSERT_TRUE(connection.Send(
      RawRequest("POST", "/", "", "one") + "\r\n" + RawRequest("GET", "/two", "", "") +
      RawRequest("GET", "/", "", "body of a GET") + RawRequest("POST", "/", "", "three")));
  for (const char* expected : {"one", "/two", "body of a GET", "three"}) {
    const auto response = connection.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, expected);
  }
}

TEST_F(HttpTest, ConnectionsCloseWhenAsked) {
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RawConnection connection(server_->port());
    connection.Send(request);
    const auto response = connection.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(connection.IsClosed());
  }
}

TEST_F(HttpTest, TargetsArriveAsWritten) {
  EXPECT_EQ(BodyOf(RawRequest("GET", "/a%2Fb/../c?x=%20+y&x", "", "")), "/a%2Fb/../c?x=%20+y&x");
}

TEST_F(HttpTest, RangesAndPackingAreIgnored) {
  const auto response = RawExchange(
      server_->port(),
      RawRequest("POST", "/", "Range: bytes=0-1\r\nAccept-Encoding: gzip\r\n", "0123456789"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "0123456789");
}

TEST_F(HttpTest, BodiesOfEveryTypeArriveAsBytes) {
  const std::string large(100'000, 'f');
  EXPECT_EQ(
      BodyOf(RawRequest("POST", "/", "Content-Type: application/x-www-form-urlencoded\r\n", large)),
      large);
  EXPECT_EQ(BodyOf(RawRequest("PUT", "/", "Content-Type: multipart/form-data; boundary=x\r\n",
                              "--x\r\nbroken")),
            "--x\r\nbroken");
  EXPECT_EQ(BodyOf(RawRequest("DELETE", "/", "", "d")), "d");
}

// What the head check lets pass is served, and then nothing may refuse it any more: whoever is told
// 400 sends again.
TEST_F(HttpTest, WhateverIsServedIsAnsweredSo) {
  const std::string long_value(9'000, 'v');
  const struct {
    std::string method;
    std::string target;
    std::string headers;
  } cases[] = {
      {"POST", "/", "X: " + long_value + "\r\n"},
      {"POST", "/", "Cookie: " + long_value + "\r\nX-Trace: " + long_value + "\r\n"},
      {"POST", "/a?b?c", ""},
      {"POST", "/a#b", ""},
      {"POST", "/%zz%", ""},
      {"POST", "/" + std::string(limits::kTargetBytesMax - 1, 'x'), ""},
      {"POST", "http://elsewhere/a", ""},
      {"BREW", "/", ""},
      {"CONNECT", "/", ""},
      {"PRI", "/", ""},
      {"get", "/", ""},
      {"POST", "/", "X:\r\nY: \x80\xff\r\n"},
      {"POST", "/", "Content-Type: multipart/form-data\r\nRange: bytes=x\r\n"},
      {"POST", "/", "Connection: upgrade\r\nUpgrade: h2c\r\n"},
  };
  for (const auto& [method, target, headers] : cases) {
    const auto response =
        RawExchange(server_->port(), RawRequest(method, target, headers, "served"));
    ASSERT_TRUE(response) << method << target.substr(0, 80) << headers.substr(0, 80);
    EXPECT_EQ(response->status, 200) << method << target.substr(0, 80) << headers.substr(0, 80);
    EXPECT_EQ(response->body, "served");
  }
}

TEST_F(HttpTest, AnswersSayWhen) {
  const auto response = RawExchange(server_->port(), RawRequest("GET", "/", "", ""));
  ASSERT_TRUE(response);
  absl::Time date;
  EXPECT_TRUE(
      absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", response->headers.at("date"), &date, nullptr));
  EXPECT_LT(absl::AbsDuration(absl::Now() - date), absl::Minutes(1));
}

TEST_F(HttpTest, OldClientsKeepTheirConnectionIfTheyAsk) {
  RawConnection connection(server_->port());
  for (int i = 0; i < 2; ++i) {
    connection.Send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto response = connection.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "/old");
    EXPECT_EQ(response->headers.at("connection"), "keep-alive");
  }
}

TEST_F(HttpTest, OldClientsGetStreamsWithoutChunks) {
  RawConnection connection(server_->port());
  connection.Send("GET /count HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(connection.ReceiveUntil("\r\n\r\n1\n2\n3\n"));
  EXPECT_TRUE(connection.IsClosed());
}

// All of it takes longer than one write timeout, no part of it does.
TEST_F(HttpTest, SlowReadersOfLargeAnswersAreWaitedFor) {
  http::ServerOptions options = testing::TestOptions();
  options.timeouts.write = absl::Seconds(1);
  Start(options);
  RawConnection reader(server_->port());
  reader.Send(RawRequest("GET", "/large", "", ""));
  const auto begin = std::chrono::steady_clock::now();
  const auto response = reader.ReceiveSlowly(1 << 20, absl::Milliseconds(50));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), testing::kLargeAnswerBytes);
}

TEST_F(HttpTest, LargeBodiesAreAskedFor) {
  RawConnection connection(server_->port());
  connection.Send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(connection.ReceiveUntil("HTTP/1.1 100 Continue\r\n\r\n"));
  connection.Send("hello");
  ASSERT_TRUE(connection.ReceiveUntil("HTTP/1.1 200 OK"));
  ASSERT_TRUE(connection.ReceiveUntil("hello"));
}

TEST_F(HttpTest, IdleConnectionsMakeRoom) {
  http::ServerOptions options = testing::TestOptions();
  options.connections_max = 2;
  Start(options);
  std::vector<std::unique_ptr<RawConnection>> kept;
  for (int i = 0; i < 6; ++i) {
    kept.push_back(std::make_unique<RawConnection>(server_->port()));
    kept.back()->Send(RawRequest("POST", "/", "", "x"));
    const auto response = kept.back()->Receive();
    ASSERT_TRUE(response) << i;
    // A connection that has just answered may not count as idle yet.
    EXPECT_EQ(response->status, 200) << i;
    kept.back()->Send("\r\n");
  }
  EXPECT_TRUE(kept[0]->IsClosed());
}

TEST_F(HttpTest, BusyConnectionsDoNotMakeRoom) {
  http::ServerOptions options = testing::TestOptions();
  options.connections_max = 1;
  Start(options);
  RawConnection busy(server_->port());
  busy.Send(RawRequest("GET", "/wait", "", ""));
  handler_.waiting.get_future().wait();
  const auto refused = RawExchange(server_->port(), RawRequest("GET", "/", "", ""));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.count("retry-after"), 1u);
  EXPECT_EQ(server_->rejected(), 1u);
  handler_.released.set_value();
  const auto served = busy.Receive();
  ASSERT_TRUE(served);
  EXPECT_EQ(served->status, 200);
}

TEST_F(HttpTest, IdleConnectionsCostNoThread) {
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawConnection>(server_->port()));
    idle.back()->Send("GET /half");
  }
  EXPECT_EQ(BodyOf(RawRequest("GET", "/meanwhile", "", "")), "/meanwhile");
  for (int i = 0; i < 300; ++i) {
    idle[i]->Send(" HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = idle[i]->Receive();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "/half");
  }
}

TEST_F(HttpTest, SeveralLoopsShareTheConnections) {
  http::ServerOptions options = testing::TestOptions();
  options.loops = 3;
  Start(options);
  std::vector<std::unique_ptr<RawConnection>> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(std::make_unique<RawConnection>(server_->port()));
    all.back()->Send(RawRequest("POST", "/", "", std::to_string(i)));
  }
  for (int i = 0; i < 12; ++i) EXPECT_EQ(all[i]->Receive()->body, std::to_string(i));
  EXPECT_EQ(server_->connections(), 12u);
}

TEST_F(HttpTest, AStreamsConnectionServesOn) {
  RawConnection connection(server_->port());
  for (int i = 0; i < 2; ++i) {
    connection.Send(RawRequest("GET", "/count", "", ""));
    ASSERT_TRUE(connection.ReceiveUntil("3\n\r\n0\r\n\r\n")) << i;
  }
}

TEST_F(HttpTest, StreamsWithoutAThreadAreRefused) {
  RawConnection reader(server_->port());
  std::vector<std::unique_ptr<RawConnection>> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(std::make_unique<RawConnection>(server_->port()));
    readers.back()->Send(RawRequest("GET", "/held", "", ""));
    ASSERT_TRUE(readers.back()->ReceiveUntil("held"));
  }
  reader.Send(RawRequest("GET", "/held", "", ""));
  const auto refused = reader.Receive();
  handler_.let_go.count_down();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
}

TEST_F(HttpTest, StreamsEndWithTheirReader) {
  {
    RawConnection reader(server_->port());
    reader.Send(RawRequest("GET", "/stream", "", ""));
    ASSERT_TRUE(reader.ReceiveUntil("tick"));
  }
  handler_.stream_ended.get_future().wait();
}

TEST_F(HttpTest, StopLetsAnswersFinish) {
  RawConnection idle(server_->port());
  idle.Send(RawRequest("GET", "/", "", ""));
  ASSERT_TRUE(idle.Receive());
  RawConnection busy(server_->port());
  busy.Send(RawRequest("GET", "/wait", "", ""));
  handler_.waiting.get_future().wait();
  auto stopped = std::async(std::launch::async, [this] { server_->Stop(absl::Seconds(60)); });
  EXPECT_TRUE(idle.IsClosed());
  handler_.released.set_value();
  const auto response = busy.Receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.at("connection"), "close");
  stopped.wait();
}

TEST_F(HttpTest, TwoServersNeverShareAPort) {
  http::ServerOptions options = testing::TestOptions();
  options.listen = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_THAT(http::Server::Start(options, handler_, tasks_),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(HttpTest, OptionsAreChecked) {
  for (const char* listen : {"", "8080", "127.0.0.1:", "no such host:80", "127.0.0.1:http"}) {
    http::ServerOptions options;
    options.listen = listen;
    EXPECT_THAT(http::Server::Start(options, handler_, tasks_),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << listen;
  }
  http::ServerOptions options = testing::TestOptions();
  options.tls_certificate_path = "/no/such/file";
  EXPECT_THAT(http::Server::Start(options, handler_, tasks_),
              StatusIs(absl::StatusCode::kInvalidArgument));
  options.tls_key_path = "/no/such/file";
  EXPECT_THAT(http::Server::Start(options, handler_, tasks_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace campaigner::gateway
