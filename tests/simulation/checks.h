#pragma once

#include <cstdint>
#include <vector>

#include "server/base/clock.h"
#include "server/providers/provider.h"
#include "server/storage/store.h"
#include "tests/simulation/faulty_provider.h"
#include "tests/simulation/history.h"
#include "tests/simulation/receivers.h"

// The promises, checked. What is broken goes to the history's violations.
namespace campaigner::simulation {

// One route of the world.
struct WorldRoute {
  FaultyProvider* provider = nullptr;
  bool retry_unknown = true;
  // 0: none.
  int64_t messages_per_second_max = 0;
  bool rate_counts_segments = false;
  int concurrency_max = 0;
};

// At the provider's door: this message, now, in this state of the world?
void CheckSubmission(const providers::Submission& submission, const WorldRoute& route,
                     storage::Store& store, const base::Clock& clock, History& history);

// How fast and in which order the messages went, all in all: rates were kept, nobody was overtaken.
void CheckTurns(const std::vector<WorldRoute>& routes, History& history);

// When everything has come to rest: every message has ended once, counters are right, rates were
// kept, nobody was overtaken, and every webhook that is owed was delivered or has visibly failed.
void CheckEnd(const std::vector<WorldRoute>& routes, const StateWatch& watch,
              const Receivers& receivers, storage::Store& store, int64_t account_id,
              History& history);

}  // namespace campaigner::simulation
