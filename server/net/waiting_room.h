#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/net/transfer.h"

namespace campaigner::net {

// Exchanges that wait for their turn, by destination. Turns go round between destinations, so that
// one with a long queue does not hold up another. Not thread-safe.
class WaitingRoom {
 public:
  // Exchanges of a destination that have no connection yet. Servers with a short backlog (Kannel's
  // holds 10) drop what comes beyond it, and the kernel tries again only a second later.
  static constexpr int kConnectingMax = 8;

  WaitingRoom(int active_max, int active_per_destination_max)
      : active_max_(active_max), active_per_destination_max_(active_per_destination_max) {}

  void Add(std::unique_ptr<Transfer> transfer);
  // The next that may start; it counts as active until Leave. Null if there is none.
  std::unique_ptr<Transfer> Next();
  // An active exchange of this destination has got its connection.
  void Connected(const std::string& destination);
  // An active exchange of this destination has ended.
  void Leave(const std::string& destination, bool was_connected);
  // Takes out what has waited beyond its deadline, or all of it for SteadyTime::max().
  std::vector<std::unique_ptr<Transfer>> TakeExpired(SteadyTime now);
  // Number of those waiting.
  size_t size() const { return size_; }

 private:
  struct Destination {
    std::deque<std::unique_ptr<Transfer>> waiting;
    int active = 0;
    int connecting = 0;       // Of the active ones.
    bool is_in_turn = false;  // Has a place in turns_.
  };
  void GiveTurn(const std::string& name, Destination& destination);

  const int active_max_;
  const int active_per_destination_max_;
  int active_ = 0;
  size_t size_ = 0;
  std::unordered_map<std::string, Destination> destinations_;
  // Names of destinations that may start one more.
  std::deque<std::string> turns_;
};

}  // namespace campaigner::net
