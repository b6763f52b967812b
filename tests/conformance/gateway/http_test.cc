#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

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
       {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
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

TEST_F(HttpTest, LargeBodiesAreAskedFor) {
  RawConnection connection(server_->port());
  connection.Send("POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
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
    idle[i]->Send(" HTTP/1.1\r\n\r\n");
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
