#include "tests/simulation/history.h"

#include <fmt/format.h>

namespace campaigner::simulation {
namespace {

using domain::MessageState;

// Written again here on purpose: the program's own rule may be what is broken.
bool MayFollow(MessageState from, MessageState to) {
  switch (from) {
    case MessageState::kAccepted: return to != MessageState::kAccepted;
    case MessageState::kSending: return to != MessageState::kCancelled;
    case MessageState::kSent:
      return to == MessageState::kPartiallyDelivered ||
             (domain::IsFinal(to) && to != MessageState::kCancelled);
    case MessageState::kPartiallyDelivered:
      return domain::IsFinal(to) && to != MessageState::kCancelled;
    case MessageState::kDelivered: return to == MessageState::kRead || to == MessageState::kClicked;
    case MessageState::kRead: return to == MessageState::kClicked;
    default: return false;
  }
}

}  // namespace

void StateWatch::OnMessagesChanged(const std::vector<storage::MessageChange>& changes) {
  base::MutexLock lock(mutex_);
  for (const storage::MessageChange& change : changes) {
    const auto [entry, is_new] = states_.try_emplace(change.message_id, change.from);
    if (entry->second != change.from) {
      history_.Violated(fmt::format("{}: from {}, but it was {}", change.message_id,
                                    domain::StateName(change.from),
                                    domain::StateName(entry->second)));
    }
    if (!MayFollow(change.from, change.to)) {
      history_.Violated(fmt::format("{}: {} became {}", change.message_id,
                                    domain::StateName(change.from), domain::StateName(change.to)));
    }
    entry->second = change.to;
  }
}

MessageState StateWatch::StateOf(int64_t message_id) const {
  base::MutexLock lock(mutex_);
  const auto found = states_.find(message_id);
  return found == states_.end() ? MessageState::kAccepted : found->second;
}

}  // namespace campaigner::simulation
