#include "tests/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

namespace campaigner::simulation {
namespace {

using domain::Campaign;
using domain::CampaignVerb;

// Monday, 2023-11-20 00:00 UTC.
constexpr int64_t kBirth = 1'700'438'400;
constexpr absl::Duration kYears = absl::Hours(24 * 365 * 12);
// What has not come to rest by then never will: receivers are tried for 31 hours.
constexpr absl::Duration kRestMax = absl::Hours(24 * 14);

// Some time within twelve years; every other world sees a clock being changed, or the end of a
// year.
absl::Time Birth(Random& random) {
  const absl::Time birth =
      absl::FromUnixSeconds(kBirth) + random.Between(absl::ZeroDuration(), kYears);
  if (random.Percent(50)) return birth;
  absl::TimeZone zone;
  absl::TimeZone::CivilTransition jump;
  const bool is_known = absl::LoadTimeZone(World::kZones[1], &zone);
  const absl::CivilYear year(zone.At(birth).cs);
  // The end of the year, or a leap day.
  absl::Time event = absl::FromCivil(year + 1, zone);
  if (random.Percent(30)) {
    const auto leap = year.year() + (4 - year.year() % 4) % 4;
    event = absl::FromCivil(absl::CivilDay(leap, 2, 29), zone) + absl::Hours(6);
  }
  if (is_known && random.Percent(70) && zone.NextTransition(birth, &jump)) {
    event = zone.At(jump.to).trans;
  }
  return event - random.Between(absl::ZeroDuration(), absl::Hours(6));
}

}  // namespace

World::World(uint64_t seed)
    : random_(seed),
      is_crowded_(random_.Percent(25)),
      birth_(Birth(random_)),
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
  route.rate_counts_segments = random_.Percent(50);
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
  options.rate_counts_segments = route.rate_counts_segments;
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
  record.round = receipt.round;
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
  account.time_zone = kZones[1];
  if (!is_crowded_ && random_.Percent(30)) {
    account.rate = RandomRate();
    history_.account_rate = account.rate;
  }
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

void World::Apply(int64_t campaign_id, CampaignVerb verb) {
  const auto open_time = store().GetOpenTime(campaign_id, clock_.Now());
  const bool has_begun = open_time.ok() && *open_time > absl::ZeroDuration();
  const auto changed =
      store().ChangeCampaign(0, campaign_id, clock_.Now(), [&](Campaign& campaign) {
        const auto state = domain::Apply(verb, campaign, clock_.Now(), has_begun);
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

void World::Send() {
  if (!is_crowded_) return SendTo(*AnyCampaign());
  // To all at the same time, so that each has to wait for the others.
  for (const auto& [id, campaign] : history_.campaigns) SendTo(id);
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
