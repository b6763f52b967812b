// The sending half of DispatchLoop: from the lanes to the providers and back.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/base/log.h"
#include "server/dispatch/dispatch_loop.h"
#include "server/dispatch/outcomes.h"
#include "server/domain/template.h"

namespace campaigner::dispatch {

void DispatchLoop::Send(RouteRun& route, absl::Time now, absl::Time& wake) {
  const auto batch_max =
      static_cast<size_t>(std::max(route.route.options.provider->capabilities().batch_max, 1));
  const auto drop_expired = [this, now](LaneRun& lane) { DropExpired(lane, now); };
  std::vector<storage::ClaimedMessage> batch;
  while (true) {
    const int room = static_cast<int>(batch_max - batch.size());
    const int places = std::min(room, route.FreePlaces(now) - static_cast<int>(batch.size()));
    const int taken = places > 0 ? route.TakeTurn(now, places, drop_expired, batch, wake) : 0;
    if (batch.empty()) return;
    if (taken > 0 && batch.size() < batch_max) continue;
    Submit(route, std::exchange(batch, {}), now);
    if (taken == 0) return;
  }
}

void DispatchLoop::DropExpired(LaneRun& lane, absl::Time now) {
  const absl::Duration timeout = lane.run->campaign->sending_timeout;
  const absl::Duration open_time = book_.OpenTime(*lane.run, now);
  // The oldest are in front, but what was given back or retried may stand anywhere.
  while (!lane.queue.empty() && open_time - lane.queue.front().eligible_open_time >= timeout) {
    outcomes_.Add(ExpiredUnsent(lane.queue.front(), now));
    lane.queue.pop_front();
    context_.metrics.expired_unsent += 1;
  }
}

void DispatchLoop::Submit(RouteRun& route, std::vector<storage::ClaimedMessage> messages,
                          absl::Time now) {
  std::vector<providers::Submission> submissions;
  submissions.reserve(messages.size());
  auto batch = std::make_unique<SubmittedBatch>();
  batch->route = &route;
  batch->start_time = now;
  batch->messages.reserve(messages.size());
  LaneRun* lane = nullptr;
  for (storage::ClaimedMessage& message : messages) {
    if (lane == nullptr || lane->campaign_id != message.campaign_id) {
      lane = route.FindLane(message.campaign_id);
    }
    std::optional<providers::Submission> submission = MakeSubmission(route, *lane->run, message);
    if (!submission.has_value()) {
      outcomes_.Add(GivenBack(message, now));
      continue;
    }
    if (message.attempt_number == 1) {
      context_.metrics.ObserveAcceptToSubmit(now - message.create_time);
    }
    batch->messages.push_back(
        {message.id, message.claim_id, lane, message.attempt_number, message.eligible_open_time});
    ++lane->in_flight;
    submissions.push_back(*std::move(submission));
  }
  if (submissions.empty()) return;
  const int count = static_cast<int>(submissions.size());
  route.in_flight += count;
  route.throughput.Count(count);
  route.breaker.OnSubmit();
  auto done = [inbox = inbox_, batch = std::move(batch),
               &clock = context_.clock](std::vector<providers::SubmitOutcome> outcomes) mutable {
    const absl::Time end_time = clock.Now();
    inbox->Post([&](Mail& mail) {
      mail.submits.push_back({std::move(batch), std::move(outcomes), end_time});
    });
  };
  route.route.options.provider->Submit(std::move(submissions), std::move(done));
}

std::optional<providers::Submission> DispatchLoop::MakeSubmission(
    const RouteRun& route, CampaignRun& run, storage::ClaimedMessage& message) {
  providers::Submission submission;
  if (message.text.has_value()) {
    submission.text = *std::move(message.text);
  } else {
    const auto text = book_.Template(run, message.template_version);
    // Not to be read for the moment: the message waits for better times.
    if (text == nullptr) return std::nullopt;
    submission.text = domain::Render(*text, message.fields);
  }
  submission.message_id = message.id;
  submission.attempt_number = message.attempt_number;
  submission.recipient = std::move(message.recipient);
  submission.sender = run.campaign->sender;
  submission.reference = signer_->Sign(message.id);
  submission.receipt_url = fmt::format("{}/receipts/v1/{}/{}", options_.receipt_base_url,
                                       route.route.options.provider_name, submission.reference);
  submission.validity = run.campaign->status_timeout;
  return submission;
}

void DispatchLoop::OnSubmitted(SubmitResult result, absl::Time now) {
  SubmittedBatch& batch = *result.batch;
  RouteRun& route = *batch.route;
  // A provider that forgets one leaves it unknown.
  result.outcomes.resize(batch.messages.size());
  route.in_flight -= static_cast<int>(batch.messages.size());
  for (size_t i = 0; i < batch.messages.size(); ++i) {
    const InFlight& message = batch.messages[i];
    --message.lane->in_flight;
    CountOutcome(route, result.outcomes[i], now);
    domain::Attempt attempt;
    attempt.number = message.attempt_number;
    attempt.route_id = route.route.id;
    attempt.start_time = batch.start_time;
    attempt.end_time = result.end_time;
    storage::OutcomeRecord record =
        AttemptMade(message.message_id, message.claim_id, std::move(attempt),
                    std::move(result.outcomes[i]), RulesFor(route, message, now));
    if (record.after.state == domain::MessageState::kAccepted) route.figures.retries += 1;
    outcomes_.Add(std::move(record));
  }
}

void DispatchLoop::CountOutcome(RouteRun& route, const providers::SubmitOutcome& outcome,
                                absl::Time now) {
  auto& figures = context_.metrics.providers()[route.route.provider_index];
  figures.outcomes[static_cast<size_t>(outcome.outcome)] += 1;
  route.breaker.OnOutcome(outcome.outcome, now);
  if (outcome.outcome == domain::AttemptOutcome::kUnknown) context_.metrics.unknown_outcomes += 1;
  if (outcome.outcome == domain::AttemptOutcome::kThrottled) {
    route.Throttle(outcome.retry_after, now);
  }
}

AttemptRules DispatchLoop::RulesFor(const RouteRun& route, const InFlight& message,
                                    absl::Time now) {
  CampaignRun& run = *message.lane->run;
  const providers::Capabilities& provider = route.route.options.provider->capabilities();
  const absl::Duration used = book_.OpenTime(run, now) - message.eligible_open_time;
  return {.campaign = *run.campaign,
          .retry_unknown = route.route.options.retry_unknown,
          .unknown_wait = provider.unknown_wait,
          .accepted_is_delivered = !provider.sends_receipts,
          .time_left = run.campaign->sending_timeout - used,
          .jitter = std::uniform_real_distribution<double>(0, 1)(random_),
          .now = now};
}

}  // namespace campaigner::dispatch
