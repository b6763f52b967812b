#include "tests/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "server/domain/template.h"

namespace campaigner::simulation {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::CampaignVerb;

// Monday, 2023-11-20 00:00 UTC.
constexpr int64_t kBirth = 1'700'438'400;
// What has not come to rest by then never will: receivers are tried for 31 hours.
constexpr absl::Duration kRestMax = absl::Hours(24 * 14);

}  // namespace

World::World(uint64_t seed)
    : random_(seed),
      is_crowded_(random_.Percent(25)),
      birth_(absl::FromUnixSeconds(kBirth) + random_.Between(absl::Hours(0), absl::Hours(168))),
      clock_(birth_),
      receivers_(random_.Seed()) {
  AddRoute("main", true);
  AddRoute("careful", false);
  options_.path = dir_.File("campaigner.db");
  options_.http = &receivers_;
  options_.observer = &watch_;
  // Every wake-up for nothing costs a seed some of its time.
  options_.dispatcher.list_interval = absl::Minutes(10);
  options_.dispatcher.claim_lease = absl::Minutes(30);
  options_.maintenance.claim_lease = absl::Minutes(30);
  options_.maintenance.poll_interval = absl::Minutes(5);
  options_.maintenance.sweep_interval = absl::Minutes(5);
}

void World::AddRoute(const std::string& name, bool retry_unknown) {
  providers::Capabilities capabilities;
  capabilities.batch_max = static_cast<int>(random_.Between(1, 20));
  providers_.push_back(std::make_unique<FaultyProvider>(clock_, random_.Seed(), capabilities));
  FaultyProvider& provider = *providers_.back();
  WorldRoute route;
  route.provider = &provider;
  route.retry_unknown = retry_unknown;
  route.messages_per_second_max = random_.Percent(30) ? random_.Between(1, 20) : 0;
  route.concurrency_max = static_cast<int>(random_.Between(1, is_crowded_ ? 3 : 30));
  if (random_.Percent(50)) provider.set_mood(Mood::kFlaky);
  if (is_crowded_) provider.set_slow();
  routes_.push_back(route);
  provider.on_submit = [this, route](const providers::Submission& submission) {
    CheckSubmission(submission, route, store(), clock_, history_);
  };
  provider.on_receipt = [this](const providers::Receipt& receipt) { Receive(receipt); };
  dispatch::RouteOptions& options = options_.routes.emplace_back();
  options.name = name;
  if (!retry_unknown) options.prefixes = {"1"};
  options.provider_name = name;
  options.provider = &provider;
  options.concurrency_max = route.concurrency_max;
  options.messages_per_second_max = static_cast<double>(route.messages_per_second_max);
  options.retry_unknown = retry_unknown;
}

void World::Start() {
  for (const auto& provider : providers_) provider->BeginLife();
  options_.owner = fmt::format("life-{}", providers_[0]->life());
  options_.dispatcher.seed = random_.Seed();
  options_.maintenance.seed = random_.Seed();
  receipts_ = std::make_unique<dispatch::ReceiptCollector>(clock_);
  core_ = std::make_unique<testing::Core>(clock_, options_);
  const absl::Status started = core_->Start(*receipts_);
  if (!started.ok()) history_.Violated(started.ToString());
}

void World::Crash() {
  if (random_.Percent(70)) Send();
  core_->RunSome(static_cast<int>(random_.Between(0, 4)));
  core_.reset();
  history_.crashes.push_back(clock_.Now());
  if (random_.Percent(50)) clock_.Advance(random_.Between(absl::Seconds(1), absl::Hours(1)));
  Start();
}

// Half of the receipts come from providers in the process, half through the network.
void World::Receive(const providers::Receipt& receipt) {
  if (random_.Percent(50)) return receipts_->Add({receipt});
  storage::ReceiptRecord record;
  record.message_id = receipt.message_id;
  record.state = receipt.state;
  record.reason = receipt.reason;
  record.time = clock_.Now();
  std::promise<void> applied;
  store().ApplyReceipts({record}, clock_.Now(), [&](const auto&) { applied.set_value(); });
  applied.get_future().wait();
}

std::vector<std::string> World::Run() {
  Start();
  domain::Account account;
  account.time_zone = "Europe/Berlin";
  const auto created = store().CreateAccount(account, "", clock_.Now());
  if (!created.ok()) return {created.status().ToString()};
  account_id_ = created->id;
  for (int i = 0; is_crowded_ && i < 3; ++i) MakeCampaign();
  const int64_t acts = random_.Between(10, 40);
  for (int64_t i = 0; i < acts && history_.violations.empty(); ++i) {
    Act();
    Advance(clock_.Now() + (is_crowded_ || random_.Percent(50)
                                ? random_.Between(absl::ZeroDuration(), absl::Seconds(20))
                                : random_.Between(absl::Seconds(1), absl::Minutes(20))));
  }
  MakePeace();
  const absl::Time last = clock_.Now() + kRestMax;
  while (!IsAtRest() && clock_.Now() < last && history_.violations.empty()) {
    Advance(clock_.Now() + absl::Hours(1));
  }
  // Otherwise what was left half done would drown the story.
  if (history_.violations.empty()) {
    CheckEnd(routes_, watch_, receivers_, store(), account_id_, history_);
  }
  return history_.violations;
}

void World::MakePeace() {
  for (const auto& provider : providers_) provider->set_mood(Mood::kHealthy);
  for (const auto& [id, campaign] : history_.campaigns) {
    Apply(id, CampaignVerb::kStart);
    Apply(id, CampaignVerb::kResume);
  }
}

bool World::IsAtRest() {
  const auto depths = store().QueueDepths();
  const auto lag = store().GetWebhookLag();
  return depths.ok() && lag.ok() && lag->pending == 0 &&
         std::all_of(depths->begin(), depths->end(),
                     [](const storage::QueueDepth& depth) { return depth.messages == 0; });
}

void World::Settle() {
  core_->Settle();
  for (const auto& provider : providers_) provider->Settle();
}

void World::Advance(absl::Time end) {
  Settle();
  while (true) {
    absl::Time next = std::min(core_->next_wake(), end);
    for (const auto& provider : providers_) next = std::min(next, provider->next_event());
    clock_.Set(next);
    for (const auto& provider : providers_) provider->RunDue();
    Settle();
    if (next >= end) return;
  }
}

void World::Act() {
  const int64_t dice = random_.Between(1, 100);
  if (history_.campaigns.empty() || dice <= 10) return MakeCampaign();
  if (dice <= 60) return Send();
  if (dice <= 75) return MoveCampaign();
  if (dice <= 80) return EditCampaign();
  if (dice <= 84) return CancelMessage();
  if (dice <= 86) return DeleteCampaign();
  if (dice <= 93) return ChangeMood();
  Crash();
}

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
  kept.rate_limit = draft.rate.limit;
  kept.rate_period = draft.rate.period;
  kept.order = draft.order;
  const bool is_started = random_.Percent(80);
  if (is_started) Apply(made->id, CampaignVerb::kStart);
  kept.is_plain = is_started && draft.rate.limit == 0 && !draft.start_time.has_value() &&
                  !draft.finish_time.has_value() && !draft.schedule.has_value();
}

void World::SetTiming(Campaign& campaign) {
  if (random_.Percent(30)) {
    campaign.rate.limit = static_cast<int32_t>(random_.Between(1, 30));
    campaign.rate.period = random_.Between(absl::Seconds(1), absl::Minutes(5));
  }
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

void World::Apply(int64_t campaign_id, CampaignVerb verb) {
  const auto changed =
      store().ChangeCampaign(0, campaign_id, clock_.Now(), [&](Campaign& campaign) {
        const auto state = domain::Apply(verb, campaign, clock_.Now());
        if (!state.has_value()) return absl::FailedPreconditionError("not now");
        campaign.state = *state;
        return absl::OkStatus();
      });
  core_->Barrier();
  if (!changed.ok() && !absl::IsFailedPrecondition(changed.status())) {
    history_.Violated(changed.status().ToString());
  }
}

std::optional<int64_t> World::AnyCampaign() {
  const auto count = static_cast<int64_t>(history_.campaigns.size());
  if (count == 0) return std::nullopt;
  return std::next(history_.campaigns.begin(), random_.Between(0, count - 1))->first;
}

void World::MoveCampaign() {
  const int64_t dice = random_.Between(1, 100);
  if (is_crowded_ && dice <= 80) return;
  const int64_t id = *AnyCampaign();
  history_.campaigns[id].is_plain = false;
  // Half of the time while its messages are on their way.
  if (random_.Percent(50)) {
    SendTo(id);
    core_->RunSome(static_cast<int>(random_.Between(1, 3)));
  }
  Apply(id, dice <= 40   ? CampaignVerb::kPause
            : dice <= 80 ? CampaignVerb::kResume
            : dice <= 90 ? CampaignVerb::kStart
                         : CampaignVerb::kCancel);
}

void World::EditCampaign() {
  const int64_t id = *AnyCampaign();
  const bool is_rate = random_.Percent(30);
  const auto changed = store().ChangeCampaign(0, id, clock_.Now(), [&](Campaign& campaign) {
    campaign.order = static_cast<int32_t>(random_.Between(0, 3));
    campaign.template_text += "!";
    if (is_rate) campaign.rate.limit = static_cast<int32_t>(random_.Between(0, 30));
    if (is_rate) campaign.rate.period = absl::Minutes(1);
    return absl::OkStatus();
  });
  core_->Barrier();
  if (!changed.ok()) history_.Violated(changed.status().ToString());
  // Windows over the change have no one limit.
  if (is_rate) history_.campaigns[id].rate_limit = 0;
  history_.campaigns[id].is_plain = false;
}

void World::Send() {
  if (!is_crowded_) return SendTo(*AnyCampaign());
  // To all at the same time, so that each has to wait for the others.
  for (const auto& [id, campaign] : history_.campaigns) SendTo(id);
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
      fmt::format("{}{:010}", sent.route == 1 ? 1 : 7, random_.Between(0, 999'999'999));
  message.template_version = campaign.template_version;
  if (random_.Percent(30)) {
    message.text = "own text {greeting}";
    sent.text = *message.text;
  } else {
    message.fields = {{"greeting", "hello {name}"}};
    sent.text = domain::Render(campaign.template_text, message.fields);
  }
  if (random_.Percent(70)) message.external_id = std::to_string(random_.Seed());
  sent.external_id = message.external_id;
  sent.accept_time = clock_.Now();
  if (random_.Percent(10)) {
    message.schedule_time = clock_.Now() + random_.Between(absl::Seconds(1), absl::Hours(2));
  }
  sent.schedule_time = message.schedule_time;
  return message;
}

void World::CancelMessage() {
  if (history_.messages.empty()) return;
  const auto count = static_cast<int64_t>(history_.messages.size());
  const int64_t id = std::next(history_.messages.begin(), random_.Between(0, count - 1))->first;
  const auto cancelled = store().CancelMessage(account_id_, id, clock_.Now());
  core_->Barrier();
  if (!cancelled.ok() && !absl::IsFailedPrecondition(cancelled.status())) {
    history_.Violated(cancelled.status().ToString());
  }
}

// Works only where all messages are final; then nobody asks for them any more.
void World::DeleteCampaign() {
  const int64_t id = *AnyCampaign();
  const absl::Status deleted = store().DeleteCampaign(account_id_, id);
  core_->Barrier();
  if (absl::IsFailedPrecondition(deleted)) return;
  if (!deleted.ok()) return history_.Violated(deleted.ToString());
  history_.campaigns.erase(id);
  std::erase_if(history_.messages,
                [id](const auto& entry) { return entry.second.campaign_id == id; });
}

void World::ChangeMood() {
  const auto provider = static_cast<size_t>(random_.Between(0, 1));
  providers_[provider]->set_mood(static_cast<Mood>(random_.Between(0, 3)));
}

World::Figures World::figures() const {
  Figures figures;
  figures.messages = history_.messages.size();
  for (const auto& provider : providers_) {
    for (const auto& [id, handings] : provider->handings()) figures.handings += handings.size();
  }
  figures.lives = providers_[0]->life();
  figures.time = clock_.Now() - birth_;
  return figures;
}

}  // namespace campaigner::simulation
