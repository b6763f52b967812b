// The sending half of DispatchLoop: from the lanes to the providers and back.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/base/log.h"
#include "server/dispatch/dispatch_loop.h"
#include "server/dispatch/outcomes.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"

namespace campaigner::dispatch {
namespace {

void Measure(const domain::Campaign& campaign, QueuedMessage& message) {
  message.segments = campaign.channel == "sms" ? domain::MeasureSms(*message.text).segments : 1;
}

}  // namespace

void DispatchLoop::SendAll(absl::Time& wake) {
  for (size_t i = 0; i < routes_.size(); ++i) {
    Send(*routes_[(send_turn_ + i) % routes_.size()], wake);
  }
  if (!routes_.empty()) send_turn_ = (send_turn_ + 1) % routes_.size();
}

void DispatchLoop::Send(RouteRun& route, absl::Time& wake) {
  const auto batch_max =
      static_cast<size_t>(std::max(route.route.options.provider->capabilities().batch_max, 1));
  absl::Time now;
  const auto prepare = [&](LaneRun& lane, int count) { Prepare(route, lane, count, now); };
  std::vector<QueuedMessage> batch;
  while (true) {
    // Rates and schedules hold when a message really goes, not when the round began.
    now = context_.clock.Now();
    const int room = static_cast<int>(batch_max - batch.size());
    const int places = std::min(room, route.FreePlaces(now) - static_cast<int>(batch.size()));
    const int taken = places > 0 ? route.TakeTurn(now, places, prepare, batch, wake) : 0;
    if (batch.empty()) return;
    if (taken > 0 && batch.size() < batch_max) continue;
    Submit(route, std::exchange(batch, {}), now);
    if (taken == 0) return;
  }
}

void DispatchLoop::Prepare(const RouteRun& route, LaneRun& lane, int count, absl::Time now) {
  if (lane.run->account != nullptr) book_.RefreshAccount(*lane.run->account, now);
  const bool needs_text = route.HasGates(lane);
  for (size_t i = 0; i < lane.queue.size() && i < static_cast<size_t>(count);) {
    std::optional<storage::OutcomeRecord> refused = Refuse(lane, lane.queue[i], needs_text, now);
    if (!refused.has_value()) {
      ++i;
      continue;
    }
    outcomes_.Add(*std::move(refused));
    lane.queue.erase(lane.queue.begin() + static_cast<std::ptrdiff_t>(i));
    lane.progress_time = now;
  }
}

std::optional<storage::OutcomeRecord> DispatchLoop::Refuse(LaneRun& lane, QueuedMessage& message,
                                                           bool needs_text, absl::Time now) {
  CampaignRun& run = *lane.run;
  const absl::Duration waited = book_.OpenTime(run, now) - message.claimed.eligible_open_time;
  if (waited >= run.campaign->sending_timeout) {
    context_.metrics.expired_unsent += 1;
    return ExpiredUnsent(message.claimed, now);
  }
  if (auto stopped = RefuseStopped(run, message.claimed, now)) return stopped;
  if (const QuietRest* rest = CampaignBook::Quiet(run, message.claimed.recipient, now)) {
    context_.metrics.given_back += 1;
    // Who can never be reached in an open hour does not wait for ever.
    if (!rest->next.has_value()) return Delayed(message.claimed, rest->span.until, {}, now);
    return Delayed(message.claimed, *rest->next, waited, now);
  }
  if (!needs_text) return std::nullopt;
  auto refused = Compose(run, message, now);
  if (!refused.has_value() && message.segments == 0) Measure(*run.campaign, message);
  return refused;
}

std::optional<storage::OutcomeRecord> DispatchLoop::Compose(CampaignRun& run,
                                                            QueuedMessage& message,
                                                            absl::Time now) {
  const domain::Campaign& campaign = *run.campaign;
  if (message.claimed.text.has_value()) {
    message.text = *std::exchange(message.claimed.text, std::nullopt);
    message.revision = QueuedMessage::kOwnText;
  }
  if (message.revision == QueuedMessage::kOwnText ||
      (message.text.has_value() && message.revision == campaign.revision)) {
    return std::nullopt;
  }
  const auto text = book_.Template(run, message.claimed.template_version);
  // Not to be read for the moment: the message waits for better times.
  if (text == nullptr) return GivenBack(message.claimed, now);
  if (campaign.missing_values == domain::MissingValues::kReject &&
      !domain::ListMissing(*text, message.claimed.fields).empty()) {
    return RefusedUnsent(message.claimed, domain::StateReason::kMissingValue, now);
  }
  std::string rendered = domain::Render(*text, message.claimed.fields, campaign.missing_values);
  // The template may have been taken away or rewritten since the message was accepted.
  if (rendered.empty()) {
    return RefusedUnsent(message.claimed, domain::StateReason::kMissingValue, now);
  }
  if (domain::IsTextTooLong(rendered)) {
    return RefusedUnsent(message.claimed, domain::StateReason::kTextTooLong, now);
  }
  message.text = std::move(rendered);
  message.revision = campaign.revision;
  Measure(campaign, message);
  return std::nullopt;
}

// Asked at the last moment: the address may have come onto the list since the message was accepted.
std::optional<storage::OutcomeRecord> DispatchLoop::RefuseStopped(
    const CampaignRun& run, const storage::ClaimedMessage& claimed, absl::Time now) {
  const auto is_stopped = context_.store.IsStopListed(run.campaign->account_id, claimed.recipient);
  if (!is_stopped.ok()) return GivenBack(claimed, now);
  if (!*is_stopped) return std::nullopt;
  return RefusedUnsent(claimed, domain::StateReason::kStopListed, now);
}

void DispatchLoop::Submit(RouteRun& route, std::vector<QueuedMessage> messages, absl::Time now) {
  std::vector<providers::Submission> submissions;
  submissions.reserve(messages.size());
  auto batch = std::make_unique<SubmittedBatch>();
  batch->route = &route;
  batch->start_time = now;
  batch->messages.reserve(messages.size());
  LaneRun* lane = nullptr;
  for (QueuedMessage& message : messages) {
    const storage::ClaimedMessage& claimed = message.claimed;
    if (lane == nullptr || lane->campaign_id != claimed.campaign_id) {
      lane = route.FindLane(claimed.campaign_id);
    }
    const bool follows_campaign = claimed.template_version == 0 && !claimed.text.has_value() &&
                                  message.revision != QueuedMessage::kOwnText;
    if (auto refused = Compose(*lane->run, message, now)) {
      outcomes_.Add(*std::move(refused));
      continue;
    }
    if (claimed.attempt_number == 1) {
      context_.metrics.ObserveAcceptToSubmit(now - claimed.create_time);
    }
    batch->messages.push_back(
        {.message_id = claimed.id,
         .claim_id = claimed.claim_id,
         .lane = lane,
         .attempt_number = claimed.attempt_number,
         .attempt_base = claimed.attempt_base,
         .eligible_open_time = claimed.eligible_open_time,
         .segments = message.segments,
         .template_version = follows_campaign ? lane->run->campaign->template_version : 0});
    ++lane->in_flight;
    submissions.push_back(MakeSubmission(route, *lane->run, message));
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

providers::Submission DispatchLoop::MakeSubmission(const RouteRun& route, const CampaignRun& run,
                                                   QueuedMessage& message) {
  providers::Submission submission;
  submission.text = *std::move(message.text);
  submission.message_id = message.claimed.id;
  submission.round = message.claimed.round;
  submission.attempt_number = message.claimed.attempt_number;
  submission.recipient = std::move(message.claimed.recipient);
  submission.sender = run.campaign->sender;
  submission.reference = signer_->Sign({submission.message_id, submission.round});
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
    record.segments = message.segments;
    record.template_version = message.template_version;
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
          .attempt_base = message.attempt_base,
          .unknown_wait = provider.unknown_wait,
          .accepted_is_delivered = !provider.sends_receipts,
          .time_left = run.campaign->sending_timeout - used,
          .jitter = std::uniform_real_distribution<double>(0, 1)(random_),
          .now = now};
}

}  // namespace campaigner::dispatch
