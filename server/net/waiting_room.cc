#include "server/net/waiting_room.h"

#include <utility>

namespace campaigner::net {

void WaitingRoom::GiveTurn(const std::string& name, Destination& destination) {
  if (destination.is_in_turn || destination.waiting.empty() ||
      destination.active >= active_per_destination_max_ ||
      destination.connecting >= kConnectingMax) {
    return;
  }
  destination.is_in_turn = true;
  turns_.push_back(name);
}

void WaitingRoom::Add(std::unique_ptr<Transfer> transfer) {
  const std::string name = transfer->destination();
  Destination& destination = destinations_[name];
  destination.waiting.push_back(std::move(transfer));
  ++size_;
  GiveTurn(name, destination);
}

std::unique_ptr<Transfer> WaitingRoom::Next() {
  while (active_ < active_max_ && !turns_.empty()) {
    const std::string name = std::move(turns_.front());
    turns_.pop_front();
    Destination& destination = destinations_[name];
    destination.is_in_turn = false;
    // Empty if all of its exchanges have expired meanwhile.
    if (destination.waiting.empty()) {
      if (destination.active == 0) destinations_.erase(name);
      continue;
    }
    std::unique_ptr<Transfer> transfer = std::move(destination.waiting.front());
    destination.waiting.pop_front();
    --size_;
    ++destination.active;
    ++destination.connecting;
    ++active_;
    GiveTurn(name, destination);
    return transfer;
  }
  return nullptr;
}

void WaitingRoom::Connected(const std::string& name) {
  Destination& destination = destinations_[name];
  --destination.connecting;
  GiveTurn(name, destination);
}

void WaitingRoom::Leave(const std::string& name, bool was_connected) {
  const auto found = destinations_.find(name);
  --active_;
  --found->second.active;
  if (!was_connected) --found->second.connecting;
  GiveTurn(name, found->second);
  if (found->second.active == 0 && !found->second.is_in_turn) destinations_.erase(found);
}

std::vector<std::unique_ptr<Transfer>> WaitingRoom::TakeExpired(SteadyTime now) {
  std::vector<std::unique_ptr<Transfer>> expired;
  for (auto& [name, destination] : destinations_) {
    for (auto& transfer : destination.waiting) {
      if (transfer->deadline() <= now) expired.push_back(std::move(transfer));
    }
    std::erase(destination.waiting, nullptr);
  }
  size_ -= expired.size();
  return expired;
}

}  // namespace campaigner::net
