#include "server/webhooks/endpoint_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace campaigner::webhooks {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1'767'225'600);
constexpr absl::Duration kLease = absl::Seconds(45);

// Drives a table against a pretended store, in which every endpoint has so many deliveries due.
class EndpointTableTest : public ::testing::Test {
 protected:
  void AddDue(int64_t endpoint_id, int count, const std::string& url) {
    due_[endpoint_id] += count;
    urls_[endpoint_id] = url;
    table_.MarkDue(endpoint_id, now_, now_);
  }

  // Answers the claims that the table wants now; how many deliveries that were.
  int Claim() {
    const EndpointTable::Claims claims = table_.TakeClaims(now_);
    storage::WebhookStore::ClaimedWebhooks claimed;
    for (const auto& claim : claims) {
      int& left = due_[claim.endpoint_id];
      for (int i = 0; i < claim.limit && left > 0; ++i, --left) {
        storage::ClaimedWebhook delivery;
        delivery.id = ++last_id_;
        delivery.endpoint_id = claim.endpoint_id;
        delivery.url = urls_[claim.endpoint_id];
        claimed.deliveries.push_back(std::move(delivery));
      }
      if (left > 0) claimed.next_due.push_back({claim.endpoint_id, now_});
    }
    const int count = static_cast<int>(claimed.deliveries.size());
    table_.AddClaimed(claims, std::move(claimed), now_ + kLease, now_);
    return count;
  }

  // Everything that may begin now, after as many claims as that takes.
  std::vector<Exchange> Begin() {
    std::vector<Exchange> begun;
    do {
      while (auto exchange = table_.TakeNext(now_)) begun.push_back(*std::move(exchange));
    } while (Claim() > 0);
    return begun;
  }

  // So many rounds in which everything under way is answered quickly.
  void AnswerAll(int64_t endpoint_id, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (const Exchange& exchange : Begin()) {
        EXPECT_EQ(exchange.delivery.endpoint_id, endpoint_id);
        EXPECT_THAT(table_.Finish(exchange, ReceiverHealth::kAnswers, now_), IsEmpty());
      }
    }
  }

  static std::map<int64_t, int> CountByEndpoint(const std::vector<Exchange>& exchanges) {
    std::map<int64_t, int> counts;
    for (const Exchange& exchange : exchanges) ++counts[exchange.delivery.endpoint_id];
    return counts;
  }

  EndpointTable table_{EndpointTableOptions{
      .destination_limits = {.start = 8}, .in_flight_max = 64, .buffered_max = 512}};
  absl::Time now_ = kStart;
  std::map<int64_t, int> due_;
  std::map<int64_t, std::string> urls_;
  int64_t last_id_ = 0;
};

TEST_F(EndpointTableTest, ANewcomerGetsAFewPlaces) {
  AddDue(1, 100, "http://a.example/x");
  EXPECT_THAT(Begin(), SizeIs(4));
  EXPECT_EQ(table_.in_flight(), 4);
}

TEST_F(EndpointTableTest, QuickAnswersLetMoreThrough) {
  AddDue(1, 1000, "http://a.example/x");
  std::vector<Exchange> begun = Begin();
  for (int round = 0; round < 5; ++round) {
    for (const Exchange& exchange : begun) {
      EXPECT_THAT(table_.Finish(exchange, ReceiverHealth::kAnswers, now_), IsEmpty());
    }
    begun = Begin();
  }
  EXPECT_EQ(table_.in_flight(), 64);
}

TEST_F(EndpointTableTest, SilentReceiversLeaveHalfOfThePlaces) {
  AddDue(1000, 500, "http://quick.example/");
  AnswerAll(1000, 20);
  for (int i = 0; i < 100; ++i) AddDue(i, 10, fmt::format("http://silent{}.example/", i));
  EXPECT_EQ(Begin().size(), 32u);
  AddDue(1000, 500, "http://quick.example/");
  EXPECT_EQ(CountByEndpoint(Begin()).at(1000), 32);
}

TEST_F(EndpointTableTest, ManyUrlsOfOneHostShareItsPlaces) {
  for (int i = 0; i < 200; ++i) AddDue(i, 10, fmt::format("http://dead.example/{}", i));
  AddDue(1000, 10, "http://other.example/");
  const auto counts = CountByEndpoint(Begin());
  EXPECT_EQ(table_.in_flight(), 8 + 4);
  EXPECT_EQ(counts.at(1000), 4);
}

TEST_F(EndpointTableTest, TurnsAreFair) {
  AddDue(1, 100, "http://a.example/x");
  AddDue(2, 100, "http://a.example/y");
  AddDue(3, 100, "http://b.example/");
  const auto counts = CountByEndpoint(Begin());
  EXPECT_EQ(counts.at(1), 4);
  EXPECT_EQ(counts.at(2), 4);
  EXPECT_EQ(counts.at(3), 4);
}

TEST_F(EndpointTableTest, BehindAFailingReceiverABatchSharesTheFateOfOne) {
  AddDue(1, 200, "http://dead.example/");
  for (const Exchange& exchange : Begin()) table_.Finish(exchange, ReceiverHealth::kDead, now_);
  EXPECT_THAT(Begin(), IsEmpty());
  ASSERT_GT(table_.NextWake(), now_);
  now_ = table_.NextWake();
  table_.Advance(now_);
  const auto probe = Begin();
  ASSERT_THAT(probe, SizeIs(1));
  EXPECT_EQ(table_.buffered(), 64);
  EXPECT_EQ(table_.Finish(probe[0], ReceiverHealth::kDead, now_).size(), 64u);
  EXPECT_EQ(table_.buffered(), 0);
  EXPECT_EQ(table_.in_flight(), 0);
  EXPECT_THAT(Begin(), IsEmpty());
}

TEST_F(EndpointTableTest, AReceiverThatIsBackGetsEverything) {
  AddDue(1, 200, "http://back.example/");
  for (const Exchange& exchange : Begin()) table_.Finish(exchange, ReceiverHealth::kDead, now_);
  now_ = table_.NextWake();
  table_.Advance(now_);
  const int before = due_[1];
  AnswerAll(1, 20);
  EXPECT_GT(before, 0);
  EXPECT_EQ(due_[1], 0);
  EXPECT_EQ(table_.buffered() + table_.in_flight(), 0);
}

TEST_F(EndpointTableTest, AnErrorOfOneUrlIsNoFaultOfItsNeighbours) {
  AddDue(1, 50, "http://a.example/broken");
  for (const Exchange& exchange : Begin()) table_.Finish(exchange, ReceiverHealth::kFails, now_);
  AddDue(2, 50, "http://a.example/fine");
  EXPECT_EQ(CountByEndpoint(Begin()), (std::map<int64_t, int>{{2, 4}}));
}

TEST_F(EndpointTableTest, WhatWaitedTooLongIsLeftToItsLease) {
  AddDue(1, 10, "http://a.example/");
  const auto begun = Begin();
  AddDue(2, 10, "http://a.example/2");
  for (int i = 3; i < 10; ++i) AddDue(i, 1, fmt::format("http://a.example/{}", i));
  Begin();
  const int buffered = table_.buffered();
  ASSERT_GT(buffered, 0);
  now_ += kLease - absl::Seconds(14);
  for (const Exchange& exchange : begun) {
    table_.Finish(exchange, ReceiverHealth::kAnswers, now_);
  }
  while (auto exchange = table_.TakeNext(now_)) EXPECT_EQ(exchange->begin_time, now_);
  EXPECT_GT(table_.lapsed(), 0);
}

// A person was erased: what is at hand of theirs is not posted any more.
TEST_F(EndpointTableTest, WhatWasDeletedIsNotBegun) {
  AddDue(1, 1, "https://a.example/hook");
  AnswerAll(1, 1);
  AddDue(1, 3, "https://a.example/hook");
  ASSERT_EQ(Claim(), 3);
  ASSERT_EQ(table_.buffered(), 3);
  table_.Drop({.endpoint_id = 1, .id = last_id_ - 1}, now_);
  table_.Drop({.endpoint_id = 1, .id = 99'999}, now_);
  table_.Drop({.endpoint_id = 77, .id = last_id_}, now_);
  EXPECT_EQ(table_.buffered(), 2);
  const std::vector<Exchange> begun = Begin();
  ASSERT_THAT(begun, SizeIs(2));
  for (const Exchange& exchange : begun) EXPECT_NE(exchange.delivery.id, last_id_ - 1);
  EXPECT_EQ(table_.buffered(), 0);
}

TEST_F(EndpointTableTest, WakesWhenTheNextDeliveryIsDue) {
  table_.MarkDue(1, now_ + absl::Seconds(5), now_);
  EXPECT_EQ(table_.NextWake(), now_ + absl::Seconds(5));
  EXPECT_THAT(table_.TakeClaims(now_), IsEmpty());
  now_ += absl::Seconds(5);
  table_.Advance(now_);
  EXPECT_THAT(table_.TakeClaims(now_), SizeIs(1));
  EXPECT_EQ(table_.NextWake(), absl::InfiniteFuture());
}

TEST_F(EndpointTableTest, AHintDuringAClaimIsNotLost) {
  table_.MarkDue(1, now_, now_);
  const auto claims = table_.TakeClaims(now_);
  ASSERT_THAT(claims, SizeIs(1));
  table_.MarkDue(1, now_, now_);
  EXPECT_THAT(table_.TakeClaims(now_), IsEmpty());
  table_.AddClaimed(claims, {}, now_ + kLease, now_);
  EXPECT_THAT(table_.TakeClaims(now_), SizeIs(1));
}

TEST_F(EndpointTableTest, AFailedClaimIsMadeAgainLater) {
  table_.MarkDue(1, now_, now_);
  const auto claims = table_.TakeClaims(now_);
  table_.ClaimFailed(claims, now_ + absl::Seconds(1), now_);
  EXPECT_THAT(table_.TakeClaims(now_), IsEmpty());
  EXPECT_EQ(table_.NextWake(), now_ + absl::Seconds(1));
}

TEST_F(EndpointTableTest, ForgetsWhoHasNothingToDo) {
  AddDue(1, 2, "http://idle.example/");
  AnswerAll(1, 2);
  AddDue(2, 2, "http://busy.example/");
  const auto busy = Begin();
  table_.MarkDue(3, now_ + absl::Seconds(10), now_);
  table_.MarkDue(4, now_ + absl::Hours(24), now_);
  ASSERT_EQ(table_.size(), 4u);
  table_.Forget(now_ + absl::Seconds(60));
  EXPECT_EQ(table_.size(), 2u);
  for (const Exchange& exchange : busy) {
    table_.Finish(exchange, ReceiverHealth::kAnswers, now_);
  }
  table_.Forget(now_ + absl::Seconds(60));
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(EndpointTableTest, MemoryIsBounded) {
  for (int i = 0; i < 2000; ++i) AddDue(i, 100, fmt::format("http://h{}.example/", i));
  Begin();
  EXPECT_LE(table_.buffered(), 512 / 2);
  EXPECT_LE(table_.in_flight(), 64 / 2);
}

}  // namespace
}  // namespace campaigner::webhooks
