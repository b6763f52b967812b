#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "server/base/log.h"
#include "server/providers/simulator.h"
#include "tests/support/core.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::simulation {
namespace {

using domain::MessageState;

// Notes when messages reach the simulator.
class Door final : public providers::Provider {
 public:
  Door(providers::Provider& inner, base::Clock& clock) : inner_(inner), clock_(clock) {}
  const providers::Capabilities& capabilities() const override { return inner_.capabilities(); }
  void Submit(std::vector<providers::Submission> batch, Done done) override {
    times.insert(times.end(), batch.size(), clock_.Now());
    inner_.Submit(std::move(batch), std::move(done));
  }
  std::vector<absl::Time> times;

 private:
  providers::Provider& inner_;
  base::Clock& clock_;
};

// Berlin, workdays from 9 to 18 o'clock, in the week in which summer time ends.
domain::WeeklySchedule OfficeHours() {
  domain::WeeklySchedule schedule;
  for (size_t day = 0; day < 5; ++day) {
    for (size_t hour = 9; hour < 18; ++hour) schedule.hours.set(day * 24 + hour);
  }
  return schedule;
}

class WeekTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::SetLogLevel(base::LogLevel::kError);
    ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin_));
    start_ = absl::FromCivil(absl::CivilHour(2026, 10, 23, 0), berlin_);
    clock_.Set(start_);
    providers::SimulatorOptions simulator;
    simulator.undelivered_percent = 5;
    simulator.own_thread = false;
    ASSERT_OK_AND_ASSIGN(simulator_, providers::SimulatorProvider::Make(
                                         "simulator", simulator, clock_, [this](auto receipts) {
                                           receipts_.Add(std::move(receipts));
                                         }));
    door_ = std::make_unique<Door>(*simulator_, clock_);
    testing::CoreOptions options;
    options.path = dir_.File("campaigner.db");
    dispatch::RouteOptions& route = options.routes.emplace_back();
    route.name = "main";
    route.provider_name = "simulator";
    route.provider = door_.get();
    // Everything else is as the server runs it.
    options.maintenance.poll_interval = absl::Minutes(2);
    options.dispatcher.list_interval = absl::Minutes(5);
    core_ = std::make_unique<testing::Core>(clock_, options);
    ASSERT_OK(core_->Start(receipts_));
  }

  void Send(int64_t campaign_id, int64_t account_id, int count) {
    storage::AcceptBatch batch;
    batch.account_id = account_id;
    batch.now = clock_.Now();
    batch.messages.resize(static_cast<size_t>(count));
    for (domain::NewMessage& message : batch.messages) {
      message.campaign_id = campaign_id;
      message.route_id = core_->routes().routes()[0].id;
      message.recipient = "4915112345678";
      message.template_version = 1;
    }
    std::promise<absl::Status> accepted;
    core_->store().AcceptMessages(std::move(batch),
                                  [&](auto result) { accepted.set_value(result.status()); });
    ASSERT_OK(accepted.get_future().get());
  }

  // The core and the simulator, until `end`.
  void RunUntil(absl::Time end) {
    core_->Settle();
    while (clock_.Now() < end) {
      clock_.Set(std::min({end, core_->next_wake(), next_receipts_}));
      next_receipts_ = simulator_->RunOnce(clock_.Now());
      core_->Settle();
      next_receipts_ = std::min(next_receipts_, simulator_->RunOnce(clock_.Now()));
    }
  }

  absl::TimeZone berlin_;
  absl::Time start_;
  testing::TempDir dir_;
  base::FakeClock clock_{absl::UnixEpoch()};
  dispatch::ReceiptCollector receipts_{clock_};
  std::unique_ptr<providers::SimulatorProvider> simulator_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<testing::Core> core_;
  absl::Time next_receipts_ = absl::InfiniteFuture();
};

TEST_F(WeekTest, EverySendFallsIntoAnOpenHour) {
  domain::Account account;
  account.time_zone = "Europe/Berlin";
  ASSERT_OK_AND_ASSIGN(account, core_->store().CreateAccount(account, "", clock_.Now()));
  domain::Campaign draft;
  draft.account_id = account.id;
  draft.template_text = "hello";
  draft.message_attempts = 3;
  draft.sending_timeout = absl::Hours(200);
  draft.status_timeout = absl::Hours(72);
  draft.retry_interval = absl::Minutes(1);
  draft.schedule = OfficeHours();
  draft.rate.limit = 100;
  draft.rate.period = absl::Hours(1);
  draft.state = domain::CampaignState::kRunning;
  ASSERT_OK_AND_ASSIGN(const domain::Campaign campaign,
                       core_->store().CreateCampaign(draft, "", clock_.Now()));
  Send(campaign.id, account.id, 3000);
  RunUntil(start_ + absl::Hours(7 * 24 + 1));

  std::map<absl::CivilDay, int> by_day;
  for (const absl::Time time : door_->times) {
    const absl::CivilSecond local = absl::ToCivilSecond(time, berlin_);
    ++by_day[absl::CivilDay(local)];
    const absl::Weekday weekday = absl::GetWeekday(local);
    EXPECT_TRUE(weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday) << local;
    EXPECT_TRUE(local.hour() >= 9 && local.hour() < 18) << local;
  }
  EXPECT_EQ(by_day.size(), 4U) << "Friday, and Monday to Wednesday";
  // Nine hours at a hundred an hour, less the pause before the first.
  for (const auto& [day, count] : by_day) {
    EXPECT_LE(count, 900) << day;
    EXPECT_GE(count, day == by_day.rbegin()->first ? 1 : 880) << day;
  }
  EXPECT_EQ(door_->times.size(), 3000U);
  ASSERT_OK_AND_ASSIGN(const auto counters, core_->store().GetCampaignCounters(campaign.id));
  int64_t ended = 0;
  for (const storage::CampaignCounter& counter : counters) {
    if (domain::IsFinal(counter.state)) ended += counter.messages;
  }
  EXPECT_EQ(ended, 3000);
}

}  // namespace
}  // namespace campaigner::simulation
