#include "server/domain/message.h"

#include <array>

namespace campaigner::domain {
namespace {

using enum MessageState;

constexpr uint32_t Bit(MessageState state) { return uint32_t{1} << static_cast<int>(state); }

template <typename... States>
constexpr uint32_t Bits(States... states) {
  return (Bit(states) | ...);
}

// Where a provider may say at any time that a message ended.
constexpr uint32_t kEnds =
    Bits(kDelivered, kRead, kClicked, kUndelivered, kRejected, kExpired, kDeleted, kUnknown);

// The states that each state may become, as bits. Row 0 is no state.
constexpr std::array<uint32_t, kMessageStateCount> kNextStates = {
    /* none */ 0,
    /* ACCEPTED */ kEnds | Bits(kSending, kSent, kPartiallyDelivered, kCancelled),
    /* SENDING */ kEnds | Bits(kAccepted, kSent, kPartiallyDelivered),
    /* SENT */ kEnds | Bits(kPartiallyDelivered),
    /* PARTIALLY_DELIVERED */ kEnds,
    /* DELIVERED */ Bits(kRead, kClicked),
    /* READ */ Bits(kClicked),
    /* CLICKED */ 0,
    /* UNDELIVERED */ 0,
    /* REJECTED */ 0,
    /* EXPIRED */ 0,
    /* CANCELLED */ 0,
    /* DELETED */ 0,
    /* UNKNOWN */ 0,
};

constexpr std::array<const char*, kMessageStateCount> kStateNames = {
    "STATE_UNSPECIFIED", "ACCEPTED",  "SENDING", "SENT",        "PARTIALLY_DELIVERED",
    "DELIVERED",         "READ",      "CLICKED", "UNDELIVERED", "REJECTED",
    "EXPIRED",           "CANCELLED", "DELETED", "UNKNOWN",
};

constexpr std::array<const char*, 19> kReasonNames = {
    "",
    "FAILED",
    "UNAVAILABLE",
    "WRONG_RECIPIENT",
    "FORBIDDEN",
    "NO_FUNDS",
    "SENDING_TIMEOUT",
    "STATUS_TIMEOUT",
    "CAMPAIGN_FINISHED",
    "ATTEMPTS_EXHAUSTED",
    "OPTED_OUT",
    "CANCELLED_BY_CALLER",
    "NO_ROUTE",
    "OUTCOME_UNKNOWN",
    "STOP_LISTED",
    "MISSING_VALUE",
    "ERASED",
    "REPLACED",
    "TEXT_TOO_LONG",
};

// 0 for what is no state: numbers come from disk.
size_t Index(MessageState state) {
  const auto index = static_cast<size_t>(state);
  return index < kMessageStateCount ? index : 0;
}

}  // namespace

const char* StateName(MessageState state) { return kStateNames[Index(state)]; }

const char* ReasonName(StateReason reason) {
  const auto index = static_cast<size_t>(reason);
  return kReasonNames[index < kReasonNames.size() ? index : 0];
}

bool CanBecome(MessageState from, MessageState to) {
  return Index(to) != 0 && (kNextStates[Index(from)] & Bit(to)) != 0;
}

}  // namespace campaigner::domain
