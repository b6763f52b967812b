// What a world is filled with: campaigns of all kinds, and messages.
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "server/domain/segments.h"
#include "server/domain/template.h"
#include "tests/simulation/world.h"

namespace campaigner::simulation {

using domain::Campaign;
using domain::CampaignVerb;

void World::MakeCampaign() {
  Campaign draft;
  draft.account_id = account_id_;
  draft.template_text = "{greeting}, this is " + std::to_string(history_.campaigns.size());
  draft.order = static_cast<int32_t>(random_.Between(0, 3));
  draft.message_attempts = static_cast<int32_t>(random_.Between(1, 4));
  draft.sending_timeout = random_.Between(absl::Minutes(5), absl::Hours(3));
  draft.status_timeout = random_.Between(absl::Minutes(5), absl::Hours(3));
  draft.retry_interval = random_.Between(absl::Seconds(1), absl::Minutes(5));
  if (!is_crowded_) SetTiming(draft);
  if (random_.Percent(60)) {
    const int64_t dice = random_.Between(1, 100);
    draft.webhook_url = dice <= 75   ? "http://good.example/hook"
                        : dice <= 95 ? "http://moody.example/hook"
                                     : "http://dead.example/hook";
  }
  const auto made = store().CreateCampaign(draft, "", clock_.Now());
  if (!made.ok()) return history_.Violated(made.status().ToString());
  MadeCampaign& kept = history_.campaigns[made->id];
  kept.id = made->id;
  kept.webhook_url = draft.webhook_url;
  kept.message_attempts = draft.message_attempts;
  kept.sending_timeout = draft.sending_timeout;
  kept.rates = {{clock_.Now(), draft.rate}};
  kept.order = draft.order;
  const bool is_started = random_.Percent(80);
  if (is_started) Apply(made->id, CampaignVerb::kStart);
  kept.is_plain = is_started && draft.rate.limit == 0 && !draft.start_time.has_value() &&
                  !draft.finish_time.has_value() && !draft.schedule.has_value() &&
                  !draft.quiet_hours.has_value() && !draft.finish_when_sent &&
                  history_.account_rate.limit == 0;
}

domain::Rate World::RandomRate() {
  return {static_cast<int32_t>(random_.Between(1, 30)),
          random_.Between(absl::Seconds(1), absl::Minutes(5)),
          random_.Percent(50) ? domain::RateUnit::kMessages : domain::RateUnit::kSegments};
}

void World::SetTiming(Campaign& campaign) {
  if (random_.Percent(30)) campaign.rate = RandomRate();
  if (random_.Percent(50)) campaign.time_zone = kZones[random_.Between(0, std::size(kZones) - 1)];
  campaign.missing_values = static_cast<domain::MissingValues>(random_.Between(1, 3));
  campaign.finish_when_sent = random_.Percent(15);
  if (random_.Percent(20)) {
    const auto start = static_cast<int32_t>(random_.Between(0, 1439));
    const auto minutes = static_cast<int32_t>(random_.Between(60, 960));
    campaign.quiet_hours = domain::QuietHours{start, (start + minutes) % 1440, ""};
    if (random_.Percent(30)) campaign.quiet_hours->fallback_zone = "America/New_York";
  }
  campaign.late_start = static_cast<domain::LateStart>(random_.Between(1, 3));
  campaign.late_start_after = random_.Between(absl::Minutes(1), absl::Minutes(40));
  if (random_.Percent(20)) {
    campaign.start_time = clock_.Now() + random_.Between(absl::Minutes(1), absl::Hours(2));
  }
  if (random_.Percent(20)) {
    campaign.finish_time = campaign.start_time.value_or(clock_.Now()) +
                           random_.Between(absl::Minutes(10), absl::Hours(6));
  }
  if (random_.Percent(30)) {
    campaign.schedule.emplace();
    // At least some hours of every day.
    for (size_t hour = 0; hour < 168; ++hour) {
      campaign.schedule->hours.set(hour, hour % 12 == 0 || random_.Percent(40));
    }
  }
}

void World::EditCampaign() {
  const int64_t id = *AnyCampaign();
  const bool is_rate = random_.Percent(30);
  const bool is_timing = random_.Percent(30);
  const auto changed = store().ChangeCampaign(0, id, clock_.Now(), [&](Campaign& campaign) {
    campaign.order = static_cast<int32_t>(random_.Between(0, 3));
    campaign.template_text += "!";
    if (is_rate) campaign.rate = random_.Percent(30) ? domain::Rate() : RandomRate();
    if (is_timing) EditTiming(campaign);
    return absl::OkStatus();
  });
  core_->Barrier();
  if (!changed.ok()) return history_.Violated(changed.status().ToString());
  if (is_rate) history_.campaigns[id].rates.emplace_back(clock_.Now(), changed->rate);
  history_.campaigns[id].is_plain = false;
}

// As people do who change their minds while it runs.
void World::EditTiming(Campaign& campaign) {
  campaign.start_time.reset();
  campaign.finish_time.reset();
  campaign.schedule.reset();
  if (random_.Percent(40)) {
    campaign.start_time = clock_.Now() + random_.Between(-absl::Hours(1), absl::Hours(1));
  } else if (random_.Percent(50)) {
    campaign.schedule.emplace();
    for (size_t hour = 0; hour < 168; ++hour) {
      campaign.schedule->hours.set(hour, hour % 12 == 0 || random_.Percent(40));
    }
  }
  if (random_.Percent(20)) {
    campaign.finish_time = clock_.Now() + random_.Between(absl::Hours(1), absl::Hours(6));
  }
}

void World::SendTo(int64_t campaign_id) {
  storage::AcceptBatch batch;
  batch.account_id = account_id_;
  batch.now = clock_.Now();
  const int64_t count_max = random_.Percent(10) ? 120 : 20;
  std::vector<SentMessage> sent(static_cast<size_t>(random_.Between(1, count_max)));
  const auto campaign = store().GetCampaign(campaign_id);
  if (!campaign.ok()) return history_.Violated(campaign.status().ToString());
  for (SentMessage& message : sent) batch.messages.push_back(MakeMessage(**campaign, message));
  std::promise<absl::StatusOr<storage::Accepted>> promise;
  store().AcceptMessages(std::move(batch),
                         [&](auto accepted) { promise.set_value(std::move(accepted)); });
  const auto accepted = promise.get_future().get();
  core_->Barrier();
  if (!accepted.ok()) {
    if (domain::AcceptsMessages((*campaign)->state)) {
      history_.Violated(accepted.status().ToString());
    }
    return;
  }
  for (size_t i = 0; i < sent.size(); ++i) {
    sent[i].id = accepted->first_message_id + static_cast<int64_t>(i);
    history_.messages[sent[i].id] = std::move(sent[i]);
  }
}

domain::NewMessage World::MakeMessage(const Campaign& campaign, SentMessage& sent) {
  domain::NewMessage message;
  sent.campaign_id = message.campaign_id = campaign.id;
  sent.route = random_.Percent(30) ? 1 : 0;
  message.route_id = core_->routes().routes()[sent.route].id;
  sent.recipient = message.recipient =
      fmt::format("{}{:010}", sent.route == 1 ? 1 : 7, random_.Between(0, 9'999'999'999));
  message.template_version = campaign.template_version;
  if (random_.Percent(30)) {
    message.text = "own text {greeting}" + std::string(random_.Percent(20) ? 300 : 0, 'x');
    sent.text = *message.text;
  } else if (random_.Percent(30)) {
    message.template_version = 0;
    if (random_.Percent(70)) message.fields = {{"greeting", "hi"}};
    sent.fields = message.fields;
  } else {
    message.fields = {{"greeting", "hello {name}"}};
    sent.text = domain::Render(campaign.template_text, message.fields);
  }
  // As a send counts them.
  message.segments = domain::MeasureSms(message.text.value_or(
                                            domain::Render(campaign.template_text, message.fields)))
                         .segments;
  if (random_.Percent(70)) message.external_id = std::to_string(random_.Seed());
  sent.external_id = message.external_id;
  sent.accept_time = clock_.Now();
  if (random_.Percent(10)) {
    message.schedule_time = clock_.Now() + random_.Between(absl::Seconds(1), absl::Hours(2));
  }
  sent.schedule_time = message.schedule_time;
  return message;
}

}  // namespace campaigner::simulation
