#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/limits.h"
#include "tests/conformance/gateway/test_handler.h"
#include "tests/support/status_matchers.h"

// What a client may do to the HTTP server on a raw socket: it is refused with the right status, and
// everybody else is served as before.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;
using campaigner::testing::RawExchange;
using campaigner::testing::RawRequest;
using ::testing::HasSubstr;

class BadInputTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(testing::TestOptions()); }
  void TearDown() override { ExpectServes(); }

  void Start(const http::ServerOptions& options) {
    server_.reset();
    ASSERT_OK_AND_ASSIGN(server_, http::Server::Start(options, handler_, tasks_));
  }
  void ExpectServes() {
    const auto response = RawExchange(server_->port(), RawRequest("POST", "/", "", "alive"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "alive");
  }
  // Sends, and expects a refusal after which the connection is closed.
  void ExpectRefused(std::string_view request, int status) {
    RawConnection connection(server_->port());
    connection.Send(request);
    const auto response = connection.Receive();
    ASSERT_TRUE(response) << request.substr(0, 100);
    EXPECT_EQ(response->status, status) << request.substr(0, 100) << response->body;
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_THAT(response->body, HasSubstr("\"error\""));
    EXPECT_TRUE(connection.IsClosed());
  }

  testing::TestHandler handler_;
  http::TaskPool tasks_{8};
  std::unique_ptr<http::Server> server_;
};

TEST_F(BadInputTest, HeadsThatBreakTheRules) {
  const struct {
    std::string request;
    int status;
  } cases[] = {
      {"\x16\x03\x01\x02garbage\r\n\r\n", 400},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 20), 400},
      {std::string("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), 400},
      {"GET / HTTP/3.0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       411},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
       411},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
       415},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: five\r\n\r\nhello", 400},
      {"GET /" + std::string(limits::kTargetBytesMax, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
  };
  for (const auto& [request, status] : cases) ExpectRefused(request, status);
}

TEST_F(BadInputTest, HugeLengthIsRefusedBeforeItsBody) {
  ExpectRefused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16777217\r\n\r\n", 413);
  ExpectRefused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 413);
}

TEST_F(BadInputTest, LargestBodyIsTaken) {
  const std::string body(limits::kBodyBytesMax, 'b');
  const auto response = RawExchange(server_->port(), RawRequest("POST", "/", "", body));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body.size(), body.size());
}

// Together they would take more memory than all bodies may; whoever is over it is told so.
TEST_F(BadInputTest, LargeBodiesAtOnceAreBoundedInSum) {
  http::ServerOptions options = testing::TestOptions();
  // A busy machine may take its time over a quarter of a gigabyte.
  options.timeouts.body = absl::Hours(1);
  Start(options);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(limits::kBodyBytesMax) +
      "\r\n\r\n";
  const std::string most(limits::kBodyBytesMax - 1, 'b');
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (size_t i = 0; i < limits::kKeptBytesMax / limits::kBodyBytesMax; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server_->port()));
    ASSERT_TRUE(slow.back()->Send(head + most));
    while (server_->kept_bytes() < (i + 1) * most.size()) std::this_thread::yield();
  }
  RawConnection straw(server_->port());
  straw.Send(head);
  for (int i = 0; i < 64 && straw.Send(std::string(1 << 20, 'b')); ++i) {
  }
  const auto refused = straw.Receive();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  ExpectServes();
  for (const auto& connection : slow) {
    connection->Send("b");
    const auto response = connection->Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
  }
  EXPECT_EQ(server_->kept_bytes(), 0u);
}

// Nobody reads them. What changed nothing can be asked for again; what was done is answered all the
// same, and counts.
TEST_F(BadInputTest, LargeAnswersAtOnceAreBoundedInSum) {
  http::ServerOptions options = testing::TestOptions();
  options.timeouts.write = absl::Hours(1);
  Start(options);
  std::vector<std::unique_ptr<RawConnection>> deaf;
  const auto ask = [&](std::string_view method) {
    deaf.push_back(std::make_unique<RawConnection>(server_->port()));
    deaf.back()->Send(RawRequest(method, "/large", "", ""));
  };
  const size_t fit = limits::kKeptBytesMax / testing::kLargeAnswerBytes;
  for (size_t i = 1; i <= fit; ++i) {
    ask("GET");
    while (server_->kept_bytes() < i * testing::kLargeAnswerBytes) std::this_thread::yield();
  }
  const auto refused = RawExchange(server_->port(), RawRequest("GET", "/large", "", ""));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  ask("POST");
  while (server_->kept_bytes() <= fit * testing::kLargeAnswerBytes) std::this_thread::yield();
  for (const auto& connection : deaf) {
    const auto response = connection->Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body.size(), testing::kLargeAnswerBytes);
  }
  ExpectServes();
  EXPECT_EQ(server_->kept_bytes(), 0u);
}

TEST_F(BadInputTest, HundredThousandHeaders) {
  std::string request = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 100'000; ++i) request += "a: b\r\n";
  ExpectRefused(request + "\r\n", 431);
}

TEST_F(BadInputTest, ManySmallHeaders) {
  std::string request = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (size_t i = 0; i <= limits::kHeadersMax; ++i) request += "a: b\r\n";
  ExpectRefused(request + "\r\n", 431);
}

TEST_F(BadInputTest, LineWithoutEnd) { ExpectRefused(std::string(20 << 20, 'a'), 414); }

TEST_F(BadInputTest, SlowHeads) {
  http::ServerOptions options = testing::TestOptions();
  options.timeouts.head = absl::Milliseconds(200);
  Start(options);
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server_->port()));
    slow.back()->Send("GET / HTTP/1.1\r\nHost: h\r\nA: ");
  }
  ExpectServes();
  for (const auto& connection : slow) {
    const auto response = connection->Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
  }
}

TEST_F(BadInputTest, SlowBodies) {
  http::ServerOptions options = testing::TestOptions();
  options.timeouts.body = absl::Milliseconds(200);
  Start(options);
  ExpectRefused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf", 408);
}

TEST_F(BadInputTest, IdleConnectionsEnd) {
  http::ServerOptions options = testing::TestOptions();
  options.timeouts.idle = absl::Milliseconds(200);
  Start(options);
  RawConnection silent(server_->port());
  EXPECT_TRUE(silent.IsClosed());
}

TEST_F(BadInputTest, ClientsThatLeave) {
  for (const char* request :
       {"", "GET", "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"}) {
    RawConnection connection(server_->port());
    connection.Send(request);
  }
}

TEST_F(BadInputTest, ExceptionsStayInside) {
  const auto response = RawExchange(server_->port(), RawRequest("GET", "/throw", "", ""));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.find("secret"), std::string::npos);
  EXPECT_EQ(response->headers.count("exception_what"), 0u);
}

}  // namespace
}  // namespace campaigner::gateway
