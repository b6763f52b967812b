#include "server/domain/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace campaigner::domain {
namespace {

using enum MessageState;
using States = std::vector<MessageState>;

const States kAll = {kAccepted,  kSending, kSent,        kPartiallyDelivered, kDelivered,
                     kRead,      kClicked, kUndelivered, kRejected,           kExpired,
                     kCancelled, kDeleted, kUnknown};

TEST(MessageTest, EveryChangeIsAsWritten) {
  const std::set<MessageState> from_provider = {kDelivered, kRead,    kClicked, kUndelivered,
                                                kRejected,  kExpired, kDeleted, kUnknown};
  std::map<MessageState, std::set<MessageState>> expected;
  for (const MessageState open : {kAccepted, kSending, kSent, kPartiallyDelivered}) {
    expected[open] = from_provider;
  }
  expected[kAccepted].insert({kSending, kSent, kPartiallyDelivered, kCancelled});
  expected[kSending].insert({kAccepted, kSent, kPartiallyDelivered});
  expected[kSent].insert(kPartiallyDelivered);
  expected[kDelivered] = {kRead, kClicked};
  expected[kRead] = {kClicked};
  for (const MessageState from : kAll) {
    for (const MessageState to : kAll) {
      EXPECT_EQ(CanBecome(from, to), expected[from].contains(to))
          << StateName(from) << " to " << StateName(to);
    }
  }
}

TEST(MessageTest, NumbersThatAreNoStateBecomeNothing) {
  for (int number = 0; number < 256; ++number) {
    if (number >= 1 && number < kMessageStateCount) continue;
    const auto none = static_cast<MessageState>(number);
    EXPECT_STREQ(StateName(none), "STATE_UNSPECIFIED") << number;
    for (const MessageState state : kAll) {
      EXPECT_FALSE(CanBecome(none, state)) << number;
      EXPECT_FALSE(CanBecome(state, none)) << number;
    }
  }
}

TEST(MessageTest, StatesHaveTheNamesOfTheApi) {
  const std::vector<std::string> names = {
      "ACCEPTED",    "SENDING",  "SENT",    "PARTIALLY_DELIVERED", "DELIVERED", "READ",   "CLICKED",
      "UNDELIVERED", "REJECTED", "EXPIRED", "CANCELLED",           "DELETED",   "UNKNOWN"};
  ASSERT_EQ(names.size(), kAll.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(StateName(kAll[i]), names[i]);
}

TEST(MessageTest, FinalAndDeliveredStates) {
  for (const MessageState state : kAll) {
    EXPECT_EQ(IsFinal(state), state != kAccepted && state != kSending && state != kSent &&
                                  state != kPartiallyDelivered)
        << StateName(state);
    EXPECT_EQ(IsDelivered(state), state == kDelivered || state == kRead || state == kClicked)
        << StateName(state);
  }
}

// The state after `receipts`, in this order, of a message in `state`.
MessageState After(MessageState state, const States& receipts) {
  for (const MessageState receipt : receipts) {
    if (CanBecome(state, receipt)) state = receipt;
  }
  return state;
}

// What a provider may say about one message: it is sent, perhaps in parts, and it ends in one way.
// Every order, also with repeats and also when the answer to the submission (SENT) comes last.
TEST(MessageTest, OrderAndRepeatsOfReceiptsDoNotMatter) {
  const struct {
    States receipts;
    MessageState end;
  } cases[] = {
      {{kSent}, kSent},
      {{kSent, kPartiallyDelivered}, kPartiallyDelivered},
      {{kSent, kPartiallyDelivered, kDelivered}, kDelivered},
      {{kSent, kDelivered, kRead}, kRead},
      {{kSent, kPartiallyDelivered, kDelivered, kRead, kClicked}, kClicked},
      {{kSent, kDelivered, kClicked}, kClicked},
      {{kSent, kPartiallyDelivered, kUndelivered}, kUndelivered},
      {{kSent, kRejected}, kRejected},
      {{kSent, kPartiallyDelivered, kExpired}, kExpired},
      {{kSent, kDeleted}, kDeleted},
      {{kSent, kUnknown}, kUnknown},
  };
  for (const auto& c : cases) {
    for (size_t repeated = 0; repeated < c.receipts.size(); ++repeated) {
      States receipts = c.receipts;
      receipts.push_back(c.receipts[repeated]);
      receipts.push_back(c.receipts[repeated]);
      std::sort(receipts.begin(), receipts.end());
      do {
        for (const MessageState start : {kAccepted, kSending}) {
          ASSERT_EQ(After(start, receipts), c.end) << StateName(c.end);
        }
      } while (std::next_permutation(receipts.begin(), receipts.end()));
    }
  }
}

TEST(MessageTest, NoStateIsReachedTwiceExceptByRetry) {
  // Any walk through the states ends: apart from SENDING going back, states only rise.
  for (const MessageState from : kAll) {
    for (const MessageState to : kAll) {
      if (!CanBecome(from, to)) continue;
      EXPECT_TRUE(from < to || (from == kSending && to == kAccepted))
          << StateName(from) << " to " << StateName(to);
    }
  }
}

TEST(MessageTest, WhatNoProviderHadIsFree) {
  for (int i = 1; i < kMessageStateCount; ++i) {
    const auto state = static_cast<MessageState>(i);
    const bool may_be_ours = state == MessageState::kRejected || state == MessageState::kExpired ||
                             state == MessageState::kCancelled;
    EXPECT_EQ(IsFree(state, 0, false), may_be_ours) << StateName(state);
    EXPECT_FALSE(IsFree(state, 1, false)) << StateName(state);
    EXPECT_FALSE(IsFree(state, 0, true)) << StateName(state);
  }
}

TEST(MessageTest, ReasonsHaveTheirNames) {
  EXPECT_STREQ(ReasonName(StateReason::kNone), "");
  EXPECT_STREQ(ReasonName(StateReason::kFailed), "FAILED");
  EXPECT_STREQ(ReasonName(StateReason::kReplaced), "REPLACED");
  EXPECT_STREQ(ReasonName(StateReason::kTextTooLong), "TEXT_TOO_LONG");
  EXPECT_STREQ(ReasonName(static_cast<StateReason>(99)), "");
}

}  // namespace
}  // namespace campaigner::domain
