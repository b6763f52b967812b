#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/providers/provider.h"
#include "tests/simulation/random.h"

namespace campaigner::simulation {

// One handing of a message to a provider, as the provider remembers it.
struct Handing {
  int64_t message_id = 0;
  std::string reference;
  std::string text;
  absl::Time time;
  // Which of all handings to this provider it was: many fall into one moment.
  int64_t sequence = 0;
  domain::AttemptOutcome outcome = domain::AttemptOutcome::kUnknown;
  // Which life of the server it belongs to.
  int life = 0;
  bool is_answered = false;
  // The answer came, and the server had the time to write it down.
  bool is_settled = false;
};

enum class Mood { kHealthy, kFlaky, kDead, kThrottling };

// A provider in the outside world: it outlives the server, answers sooner or later with everything
// that the contract allows, and sends receipts late, twice, out of order, or before its answer. One
// thread.
class FaultyProvider final : public providers::Provider {
 public:
  FaultyProvider(base::Clock& clock, uint64_t seed, providers::Capabilities capabilities)
      : clock_(clock), random_(seed), capabilities_(capabilities) {}

  const providers::Capabilities& capabilities() const override { return capabilities_; }
  void Submit(std::vector<providers::Submission> batch, Done done) override;

  void set_mood(Mood mood) { mood_ = mood; }
  // Answers nothing at once: whatever is sent then has to wait for places.
  void set_slow() { at_once_percent_ = 0; }
  // The server died: nobody waits for answers any more.
  void BeginLife() { ++life_; }
  int life() const { return life_; }
  // All answers so far are written down.
  void Settle();

  // Answers and receipts that are due.
  void RunDue();
  absl::Time next_event() const {
    return events_.empty() ? absl::InfiniteFuture() : events_.begin()->first;
  }

  // By message, oldest first.
  const std::map<int64_t, std::vector<Handing>>& handings() const { return handings_; }

  // Told of every submission before it counts as a handing.
  std::function<void(const providers::Submission&)> on_submit;
  std::function<void(providers::Receipt)> on_receipt;

 private:
  using Event = absl::AnyInvocable<void()>;

  providers::SubmitOutcome Decide();
  domain::AttemptOutcome DecideFlaky();
  void PlanReceipts(int64_t message_id);
  void PlanReceipt(int64_t message_id, domain::MessageState state);
  void Answer(const std::vector<int64_t>& message_ids, int life,
              std::vector<providers::SubmitOutcome> outcomes, Done done);

  base::Clock& clock_;
  Random random_;
  const providers::Capabilities capabilities_;
  Mood mood_ = Mood::kHealthy;
  int at_once_percent_ = 60;
  int64_t handings_made_ = 0;
  int life_ = 0;
  std::map<int64_t, std::vector<Handing>> handings_;
  // Messages whose last answer is not settled.
  std::vector<int64_t> unsettled_;
  std::multimap<absl::Time, Event> events_;
};

}  // namespace campaigner::simulation
