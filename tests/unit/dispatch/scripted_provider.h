#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/providers/provider.h"

namespace campaigner::testing {

// A provider that does what a test tells it, and remembers what it was given. One thread.
class ScriptedProvider final : public providers::Provider {
 public:
  struct Given {
    providers::Submission submission;
    absl::Time time;
  };
  using Answer = std::function<providers::SubmitOutcome(const providers::Submission&)>;

  ScriptedProvider(base::Clock& clock, providers::Capabilities capabilities)
      : clock_(clock), capabilities_(capabilities) {}

  static providers::SubmitOutcome Accepted() { return Outcome(domain::AttemptOutcome::kAccepted); }
  static providers::SubmitOutcome Outcome(domain::AttemptOutcome outcome) {
    providers::SubmitOutcome result;
    result.outcome = outcome;
    return result;
  }

  const providers::Capabilities& capabilities() const override { return capabilities_; }
  void Submit(std::vector<providers::Submission> batch, Done done) override {
    std::vector<providers::SubmitOutcome> outcomes;
    for (const providers::Submission& submission : batch) {
      given.push_back({submission, clock_.Now()});
      outcomes.push_back(answer(submission));
    }
    if (forgets_outcomes) outcomes.clear();
    if (is_holding) {
      held_.emplace_back(std::move(done), std::move(outcomes));
    } else {
      done(std::move(outcomes));
    }
  }

  // Answers what was held back.
  void Release() {
    is_holding = false;
    for (auto& [done, outcomes] : std::exchange(held_, {})) done(std::move(outcomes));
  }

  std::vector<Given> given;
  Answer answer = [](const providers::Submission&) { return Accepted(); };
  // Answers wait for Release.
  bool is_holding = false;
  // Answers without the outcomes, as no provider should.
  bool forgets_outcomes = false;

 private:
  base::Clock& clock_;
  const providers::Capabilities capabilities_;
  std::vector<std::pair<Done, std::vector<providers::SubmitOutcome>>> held_;
};

}  // namespace campaigner::testing
