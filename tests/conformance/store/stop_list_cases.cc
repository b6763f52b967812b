#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;

domain::StopListEntry Entry(int64_t account_id, const std::string& address,
                            const std::string& note = "") {
  return {.account_id = account_id, .address = address, .note = note, .create_time = kNow};
}

std::vector<std::string> Addresses(
    const absl::StatusOr<std::vector<domain::StopListEntry>>& entries) {
  std::vector<std::string> addresses;
  EXPECT_OK(entries);
  if (!entries.ok()) return addresses;
  for (const domain::StopListEntry& entry : *entries) addresses.push_back(entry.address);
  return addresses;
}

TEST_P(StoreTest, AStopListHoldsEachAddressOnceAndIsItsAccounts) {
  const int64_t account = MakeAccount().id;
  const int64_t other = MakeAccount("Other").id;
  EXPECT_THAT(store_->AddToStopList({Entry(account, "79201234567", "asked"),
                                     Entry(account, "anna@example.org"),
                                     Entry(account, "79201234567", "again")}),
              IsOkAndHolds(2));
  EXPECT_THAT(store_->AddToStopList({Entry(account, "79201234567", "later")}), IsOkAndHolds(0));
  EXPECT_THAT(store_->IsStopListed(account, "79201234567"), IsOkAndHolds(true));
  EXPECT_THAT(store_->IsStopListed(account, "79201234568"), IsOkAndHolds(false));
  EXPECT_THAT(store_->IsStopListed(other, "79201234567"), IsOkAndHolds(false));

  const auto found = store_->ListStopList(account, "79201234567", {.size = 10});
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().note, "asked");
  EXPECT_EQ(found->front().create_time, kNow);
  EXPECT_THAT(Addresses(store_->ListStopList(other, "", {.size = 10})), IsEmpty());
}

TEST_P(StoreTest, AStopListIsReadInPagesFromTheNewest) {
  const int64_t account = MakeAccount().id;
  ASSERT_OK(store_->AddToStopList({Entry(account, "1"), Entry(account, "2"), Entry(account, "3")}));
  const auto page = store_->ListStopList(account, "", {.size = 2});
  EXPECT_THAT(Addresses(page), ElementsAre("3", "2"));
  EXPECT_THAT(
      Addresses(store_->ListStopList(account, "", {.after_id = page->back().id, .size = 2})),
      ElementsAre("1"));
}

TEST_P(StoreTest, WhatIsTakenOffTheStopListMayBeWrittenToAgain) {
  const int64_t account = MakeAccount().id;
  ASSERT_OK(store_->AddToStopList({Entry(account, "79201234567"), Entry(account, "79201234568")}));
  EXPECT_THAT(store_->RemoveFromStopList(account, {"79201234567", "79209999999"}), IsOkAndHolds(1));
  EXPECT_THAT(store_->IsStopListed(account, "79201234567"), IsOkAndHolds(false));
  EXPECT_THAT(store_->AddToStopList({Entry(account, "79201234567")}), IsOkAndHolds(1));
  EXPECT_THAT(store_->IsStopListed(account, "79201234567"), IsOkAndHolds(true));
}

TEST_P(StoreTest, AStopListIsThereAfterARestart) {
  const int64_t account = MakeAccount().id;
  ASSERT_OK(store_->AddToStopList({Entry(account, "79201234567")}));
  Reopen();
  EXPECT_THAT(store_->IsStopListed(account, "79201234567"), IsOkAndHolds(true));
}

TEST_P(StoreTest, WhoOptedOutSaysTheProviderIsPutOnTheStopList) {
  const int64_t account = MakeAccount().id;
  const domain::Campaign campaign = MakeCampaign(account);
  const int64_t route_id = MakeRoute();
  domain::NewMessage message = NewMessage(campaign.id, route_id, "1");
  message.recipient = "79201234567";
  AcceptOne(campaign, message);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_EQ(claimed.messages.size(), 1u);
  OutcomeRecord outcome = SentOutcome(claimed.messages[0]);
  outcome.attempt.outcome = domain::AttemptOutcome::kOptedOut;
  outcome.after = {.state = domain::MessageState::kRejected,
                   .reason = domain::StateReason::kOptedOut};
  ASSERT_OK(Record({outcome}));
  EXPECT_THAT(store_->IsStopListed(account, "79201234567"), IsOkAndHolds(true));
}

}  // namespace
}  // namespace campaigner::storage
