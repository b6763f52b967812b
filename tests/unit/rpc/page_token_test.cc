#include "server/rpc/page_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/message_service.pb.h"
#include "tests/support/status_matchers.h"

namespace campaigner::rpc {
namespace {

using testing::IsOkAndHolds;
using testing::StatusIs;

v1::ListMessagesRequest Request() {
  v1::ListMessagesRequest request;
  request.set_campaign_id(7);
  request.add_states(v1::Message::DELIVERED);
  request.set_page_size(10);
  return request;
}

TEST(PageTokensTest, GoesOnWhereItWasGiven) {
  const PageTokens tokens("secret");
  v1::ListMessagesRequest request = Request();
  const std::string token = tokens.Make(request, 1, 12'345);
  request.set_page_token(token);
  request.set_page_size(20);
  EXPECT_THAT(tokens.Read(request, 1, token), IsOkAndHolds(12'345));
}

TEST(PageTokensTest, TheEndIsEmpty) {
  const PageTokens tokens("secret");
  EXPECT_EQ(tokens.Make(Request(), 1, 0), "");
  EXPECT_THAT(tokens.Read(Request(), 1, ""), IsOkAndHolds(0));
}

TEST(PageTokensTest, HoldsForItsRequestAndAccountOnly) {
  const PageTokens tokens("secret");
  const std::string token = tokens.Make(Request(), 1, 12'345);
  EXPECT_THAT(tokens.Read(Request(), 2, token), StatusIs(absl::StatusCode::kInvalidArgument));
  v1::ListMessagesRequest other = Request();
  other.set_campaign_id(8);
  EXPECT_THAT(tokens.Read(other, 1, token), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(tokens.Read(v1::ListCampaignsRequest(), 1, token),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PageTokens("another").Read(Request(), 1, token),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PageTokensTest, RefusesWhatWasMadeUp) {
  const PageTokens tokens("secret");
  std::string token = tokens.Make(Request(), 1, 12'345);
  for (size_t i = 0; i + 1 < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.Read(Request(), 1, changed).ok()) << i;
  }
  for (const char* garbage : {"x", "!!!!", "12345", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(tokens.Read(Request(), 1, garbage).ok()) << garbage;
  }
}

}  // namespace
}  // namespace campaigner::rpc
