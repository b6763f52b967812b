#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/http_client.h"
#include "tests/support/scripted_server.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/net/send_and_wait.h"

namespace campaigner::net {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;

class GuardTest : public ::testing::Test {
 protected:
  std::string UrlOf(const std::string& host) const {
    return "http://" + host + ":" + std::to_string(server_.port()) + "/";
  }

  ScriptedServer server_{[](const ScriptedRequest&) { return HttpAnswer(200); }};
};

TEST_F(GuardTest, RefusesWhatIsNotPublicHoweverItIsWritten) {
  const auto client = MakeHttpClient({.guard_addresses = true, .allowed_networks = {}});
  for (const char* host :
       {"127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
        "0.0.0.0", "0", "10.0.0.1", "169.254.169.254", "[::1]", "[::]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]"}) {
    const HttpResult result = SendAndWait(*client, {.url = UrlOf(host)});
    EXPECT_EQ(result.failure, HttpFailure::kForbiddenAddress) << host << ": " << result.error;
    EXPECT_NE(result.error, "");
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(GuardTest, DialsAllowedNetworks) {
  ASSERT_OK_AND_ASSIGN(const NetworkList allowed, NetworkList::Parse({"127.0.0.1/32"}));
  const auto client = MakeHttpClient({.guard_addresses = true, .allowed_networks = allowed});
  EXPECT_EQ(SendAndWait(*client, {.url = UrlOf("127.0.0.1")}).response.status, 200);
  EXPECT_EQ(SendAndWait(*client, {.url = UrlOf("localhost")}).response.status, 200);
  EXPECT_EQ(SendAndWait(*client, {.url = UrlOf("[::ffff:127.0.0.1]")}).response.status, 200);
  EXPECT_EQ(SendAndWait(*client, {.url = UrlOf("127.0.0.2")}).failure,
            HttpFailure::kForbiddenAddress);
}

TEST_F(GuardTest, DialsEverythingWhereOff) {
  const auto client = MakeHttpClient({});
  EXPECT_EQ(SendAndWait(*client, {.url = UrlOf("127.0.0.1")}).response.status, 200);
}

}  // namespace
}  // namespace campaigner::net
