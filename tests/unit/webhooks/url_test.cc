#include "server/webhooks/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace campaigner::webhooks {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

TEST(UrlTest, OrdinaryUrlsAreFine) {
  for (const char* url :
       {"http://example.com", "https://example.com/hooks?a=b&c=%20d", "HTTPS://EXAMPLE.COM:8443/x",
        "http://93.184.216.34/hook", "https://[2606:2800:220:1:248:1893:25c8:1946]/x",
        "https://xn--e1aybc.xn--p1ai/", "http://localhost:8080/hook", "http://127.0.0.1:8090/hook",
        "https://example.com/a?b=c#d", "http://[::1]:80/", "http://h?x=a@b"}) {
    EXPECT_OK(ValidateWebhookUrl(url)) << url;
  }
}

TEST(UrlTest, BadUrlsAreRefusedWithAReason) {
  struct Case {
    std::string url;
    std::string reason;
  };
  const Case cases[] = {
      {"", "http or https"},
      {"example.com/hook", "http or https"},
      {"ftp://example.com/x", "http or https"},
      {"file:///etc/passwd", "http or https"},
      {"javascript:alert(1)", "http or https"},
      {"http://", "http or https"},
      {"https://user:secret@example.com/", "user name"},
      {"https://user@example.com/", "user name"},
      {"https://example.com/a b", "ASCII"},
      {"https://example.com/\r\nx-evil: 1", "ASCII"},
      {"https://пример.рф/", "ASCII"},
      {"http://example.com:99999/", "http or https"},
      {"http://example.com/" + std::string(2048, 'a'), "2048 bytes"},
      {"https:///path", "host"},
      {"http://h:0/", "port"},
      {"http://h:65536/", "http or https"},
      {"http://h:x/", "http or https"},
      {"http://[::1", "http or https"},
      {"http://[]/", "http or https"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ValidateWebhookUrl(c.url),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.reason)))
        << c.url;
  }
}

TEST(UrlTest, AddressesThatAreNotPublicAreRefusedHoweverWritten) {
  struct Case {
    std::string url;
    std::string reason;
  };
  const Case cases[] = {
      {"http://127.0.0.1/", "127.0.0.1"},
      {"http://10.1.2.3:8080/", "10.1.2.3"},
      {"http://169.254.169.254/latest/meta-data", "169.254.169.254"},
      {"http://[::1]/", "::1"},
      {"http://[::ffff:10.0.0.1]/", "public"},
      {"http://0x7f000001/", "127.0.0.1"},
      {"http://2130706433/", "127.0.0.1"},
      {"http://127.1/", "127.0.0.1"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(CheckWebhookAddress(c.url, {}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.reason)))
        << c.url;
  }
  for (const char* url : {"", "no url", "http://93.184.216.34/hook", "http://example.com/",
                          "https://[2606:2800:220:1:248:1893:25c8:1946]/x"}) {
    EXPECT_OK(CheckWebhookAddress(url, {})) << url;
  }
}

TEST(UrlTest, TheOperatorMayAllowNetworks) {
  ASSERT_OK_AND_ASSIGN(const auto allowed, net::NetworkList::Parse({"127.0.0.0/8"}));
  EXPECT_OK(CheckWebhookAddress("http://127.0.0.1:8099/", allowed));
  EXPECT_THAT(CheckWebhookAddress("http://10.0.0.1/", allowed),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UrlTest, DestinationsAreComparable) {
  EXPECT_EQ(UrlDestination("https://Example.com/a?b"), "https://example.com:443");
  EXPECT_EQ(UrlDestination("https://example.com:443/c"), "https://example.com:443");
  EXPECT_EQ(UrlDestination("http://example.com/"), "http://example.com:80");
  EXPECT_EQ(UrlDestination("http://[::1]:81/x"), "http://[::1]:81");
  EXPECT_EQ(UrlDestination("no url"), "no url");
}

}  // namespace
}  // namespace campaigner::webhooks
