#include "gateway/client_address.h"

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"

namespace campaigner::gateway {
namespace {

TEST(ClientAddressTest, BelievesOnlyTrustedProxies) {
  const struct {
    const char* peer;
    http::Parameters headers;
    const char* expected;
  } cases[] = {
      {"10.0.0.1", {}, "10.0.0.1"},
      {"8.8.8.8", {{"X-Forwarded-For", "1.1.1.1"}}, "8.8.8.8"},
      {"10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}, "1.1.1.1"},
      {"10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.1.1.1"}}, "1.1.1.1"},
      {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.1.1.1, 10.0.0.2"}}, "1.1.1.1"},
      {"10.0.0.1",
       {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "2001:db8::1"}},
       "2001:db8::1"},
      {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, unknown"}}, "unknown"},
      {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6,"}}, "unknown"},
      {"10.0.0.1", {{"X-Forwarded-For", "["}}, "unknown"},
      {"10.0.0.1", {{"X-Forwarded-For", "203.0.113.9:5555"}}, "203.0.113.9"},
      {"10.0.0.1", {{"X-Forwarded-For", "[2001:db8::1]:5555"}}, "2001:db8::1"},
      {"10.0.0.1", {{"X-Forwarded-For", "[2001:db8::1]"}}, "2001:db8::1"},
      {"10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 10.0.0.2:80"}}, "1.1.1.1"},
      {"10.0.0.1", {{"X-Forwarded-For", ""}}, "10.0.0.1"},
      {"10.0.0.1", {{"X-Forwarded-For", "10.0.0.9"}}, "10.0.0.9"},
  };
  ASSERT_OK_AND_ASSIGN(const ClientAddress address, ClientAddress::Trusting({"10.0.0.0/8"}));
  for (const auto& [peer, headers, expected] : cases) {
    http::Request request;
    request.client_address = peer;
    request.headers = headers;
    EXPECT_EQ(address.Of(request), expected) << (headers.empty() ? "" : headers[0].second);
  }
}

TEST(ClientAddressTest, TrustsNobodyUnlessTold) {
  ASSERT_OK_AND_ASSIGN(const ClientAddress address, ClientAddress::Trusting({}));
  http::Request request;
  request.client_address = "127.0.0.1";
  request.headers = {{"X-Forwarded-For", "1.1.1.1"}};
  EXPECT_EQ(address.Of(request), "127.0.0.1");
}

TEST(ClientAddressTest, NamesWhatIsNoNetwork) {
  EXPECT_THAT(ClientAddress::Trusting({"10.0.0.0/8", "proxy"}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("proxy")));
}

}  // namespace
}  // namespace campaigner::gateway
