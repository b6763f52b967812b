#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "server/base/log.h"
#include "tests/simulation/world.h"

namespace campaigner::simulation {
namespace {

// CAMPAIGNER_SEEDS: how many histories; CAMPAIGNER_SEED: only this one.
uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

TEST(SimulationTest, NoPromiseIsBroken) {
  base::SetLogLevel(base::LogLevel::kError);
  const uint64_t only = FromEnvironment("CAMPAIGNER_SEED", 0);
  const uint64_t first = only != 0 ? only : 1;
  const uint64_t last = only != 0 ? only : FromEnvironment("CAMPAIGNER_SEEDS", 50);
  size_t messages = 0;
  size_t handings = 0;
  int crashes = 0;
  int broken = 0;
  for (uint64_t seed = first; seed <= last && broken < 5; ++seed) {
    World world(seed);
    const std::vector<std::string> violations = world.Run();
    for (const std::string& violation : violations) {
      ADD_FAILURE() << "CAMPAIGNER_SEED=" << seed << ": " << violation;
    }
    broken += violations.empty() ? 0 : 1;
    const World::Figures figures = world.figures();
    messages += figures.messages;
    handings += figures.handings;
    crashes += figures.lives - 1;
  }
  fmt::print("{} histories: {} messages, {} submissions, {} crashes\n", last - first + 1, messages,
             handings, crashes);
  // A simulation in which nothing happens proves nothing.
  EXPECT_GT(messages, (last - first + 1) * 20);
  EXPECT_GT(handings, (last - first + 1) * 10);
}

}  // namespace
}  // namespace campaigner::simulation
