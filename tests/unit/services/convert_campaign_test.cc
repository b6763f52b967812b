#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "server/base/limits.h"
#include "server/services/convert/campaign.h"
#include "server/services/convert/field_mask.h"
#include "tests/support/status_matchers.h"

namespace campaigner::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;
using testing::StatusIs;

v1::Campaign Parse(const std::string& text) {
  v1::Campaign proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return proto;
}

std::vector<std::string> Fields(const v1::Campaign& proto) {
  Violations violations;
  CampaignFromProto(proto, violations);
  std::vector<std::string> fields;
  for (const auto& violation : base::GetErrorDetail(violations.ToStatus()).violations) {
    fields.push_back(violation.field);
  }
  return fields;
}

TEST(CampaignFromProtoTest, FillsInDefaults) {
  Violations violations;
  const domain::Campaign campaign = CampaignFromProto(Parse("display_name: 'A'"), violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(campaign.channel, "sms");
  EXPECT_EQ(campaign.message_attempts, 3);
  EXPECT_EQ(campaign.sending_timeout, absl::Hours(24));
  EXPECT_EQ(campaign.status_timeout, absl::Hours(72));
  EXPECT_EQ(campaign.retry_interval, absl::Seconds(60));
  EXPECT_EQ(campaign.rate.period, absl::Seconds(1));
  EXPECT_FALSE(campaign.schedule.has_value());
}

TEST(CampaignFromProtoTest, GoesThereAndBack) {
  const v1::Campaign proto = Parse(R"pb(
    display_name: "A"
    channel: "sms"
    sender: "Shop"
    template: "Hi {field_1}"
    webhook_url: "https://example.com/hook"
    order: 5
    message_attempts: 7
    sending_timeout { seconds: 100 }
    status_timeout { seconds: 200 }
    retry_interval { seconds: 3 }
    start_time { seconds: 1800000000 }
    finish_time { seconds: 1800000001 }
    schedule {
      days { weekday: 1 hours: 9 hours: 10 }
      days { weekday: 7 hours: 23 }
    }
    time_zone: "Europe/Moscow"
    rate_limit: 60
    rate_period { seconds: 60 }
    rate_unit: SEGMENTS
    api_key_ids: 2
    missing_values: KEEP
    quiet_hours { start_minute: 1260 end_minute: 540 fallback_time_zone: "Europe/Moscow" }
    late_start: HOLD
    late_start_after { seconds: 60 }
    webhook_events: ALL
    finish_when_sent: true
  )pb");
  Violations violations;
  const domain::Campaign campaign = CampaignFromProto(proto, violations);
  EXPECT_OK(violations.ToStatus());
  v1::Campaign back;
  CampaignToProto(campaign, &back);
  for (const char* output : {"create_time", "update_time", "state", "etag"}) {
    back.GetReflection()->ClearField(&back, back.GetDescriptor()->FindFieldByName(output));
  }
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(proto, back))
      << back.DebugString();
}

TEST(CampaignFromProtoTest, NamesEveryFieldThatIsWrong) {
  EXPECT_THAT(Fields(Parse(R"pb(
                order: -1
                message_attempts: 101
                webhook_url: "ftp://x"
                time_zone: "Mars"
                rate_limit: -1
                sending_timeout { seconds: -1 }
                status_timeout { seconds: 99999999 }
                retry_interval { nanos: -1 }
                rate_period {}
              )pb")),
              ElementsAre("campaign.display_name", "campaign.webhook_url", "campaign.order",
                          "campaign.message_attempts", "campaign.sending_timeout",
                          "campaign.status_timeout", "campaign.retry_interval",
                          "campaign.rate_limit", "campaign.rate_period", "campaign.time_zone"));
}

TEST(CampaignFromProtoTest, Table) {
  const std::pair<std::string, std::string> kCases[] = {
      {"schedule {}", "campaign.schedule"},
      {"schedule { days { weekday: 1 } }", "campaign.schedule"},
      {"schedule { days { weekday: 0 hours: 1 } }", "campaign.schedule.days[0].weekday"},
      {"schedule { days { weekday: 8 hours: 1 } }", "campaign.schedule.days[0].weekday"},
      {"schedule { days { weekday: 1 hours: 24 } }", "campaign.schedule.days[0].hours"},
      {"schedule { days { weekday: 1 hours: -1 } }", "campaign.schedule.days[0].hours"},
      {"start_time { seconds: 10 } finish_time { seconds: 10 }", "campaign.finish_time"},
      {"start_time { nanos: -1 }", "campaign.start_time"},
      {"rate_period { seconds: 1 }", "campaign.rate_period"},
      {"rate_unit: SEGMENTS", "campaign.rate_unit"},
      {"rate_limit: 5 rate_period {}", "campaign.rate_period"},
      {"quiet_hours {}", "campaign.quiet_hours.end_minute"},
      {"channel: 'email' quiet_hours { start_minute: 540 end_minute: 660 } "
       "schedule { days { weekday: 1 hours: 9 hours: 10 } }",
       "campaign.quiet_hours"},
      {"template: 'a\\000b'", "campaign.template"},
      {"sender: 'a\\000b'", "campaign.sender"},
      {"sender: '" + std::string(65, 'x') + "'", "campaign.sender"},
      {"template: '" + std::string(10'001, 'x') + "'", "campaign.template"},
  };
  for (const auto& [text, field] : kCases) {
    EXPECT_THAT(Fields(Parse("display_name: 'A' " + text)), ElementsAre(field)) << text;
  }
}

TEST(CampaignFromProtoTest, QuietHoursMayLeaveAnHourInAnotherZone) {
  const std::string clash =
      "display_name: 'A' quiet_hours { start_minute: 540 end_minute: 660 } "
      "schedule { days { weekday: 1 hours: 9 hours: 10 } }";
  EXPECT_THAT(Fields(Parse(clash)), IsEmpty()) << "a number tells its own zone";
  EXPECT_THAT(Fields(Parse(clash + " channel: 'email' start_time { seconds: 10 }")), IsEmpty())
      << "the schedule is ignored";
}

TEST(CampaignToProtoTest, NoRateHasNoPeriod) {
  v1::Campaign proto;
  CampaignToProto(domain::Campaign(), &proto);
  EXPECT_FALSE(proto.has_rate_period());
  EXPECT_EQ(proto.rate_unit(), v1::Campaign::RATE_UNIT_UNSPECIFIED);
}

TEST(StatisticsTest, AddsUp) {
  using domain::MessageState;
  v1::CampaignStatistics statistics;
  StatisticsToProto(7,
                    {{MessageState::kAccepted, 1, 2, 700},
                     {MessageState::kSent, 10, 10, 50},
                     {MessageState::kDelivered, 100, 150},
                     {MessageState::kRead, 1'000, 1'000},
                     {MessageState::kUnknown, 10'000, 10'000},
                     {MessageState::kRejected, 0, 0}},
                    "RUB", &statistics);
  EXPECT_EQ(statistics.messages(), 11'111);
  EXPECT_EQ(statistics.segments(), 11'162);
  EXPECT_EQ(statistics.cost_micros(), 750);
  EXPECT_EQ(statistics.states(1).cost_micros(), 50);
  EXPECT_EQ(statistics.currency(), "RUB");
  EXPECT_EQ(statistics.pending_messages(), 11);
  EXPECT_EQ(statistics.delivered_messages(), 1'100);
  EXPECT_EQ(statistics.undelivered_messages(), 10'000);
  EXPECT_EQ(statistics.states_size(), 5);
  EXPECT_EQ(statistics.states(0).state(), "ACCEPTED");
}

TEST(FieldMaskTest, SaysWhatChanges) {
  const v1::Campaign campaign = Parse("id: 7 etag: '3' display_name: 'A' order: 2");
  const auto resolve = [&](std::initializer_list<const char*> paths) {
    google::protobuf::FieldMask mask;
    for (const char* path : paths) mask.add_paths(path);
    return ResolveMask(mask, campaign, {"display_name", "order", "sender"});
  };
  EXPECT_THAT(resolve({}), IsOkAndHolds(ElementsAre("display_name", "order")));
  EXPECT_THAT(resolve({"*"}), IsOkAndHolds(ElementsAre("display_name", "order", "sender")));
  EXPECT_THAT(resolve({"sender", "order", "sender"}), IsOkAndHolds(ElementsAre("sender", "order")));
  for (const char* bad : {"id", "etag", "no_such", "schedule.days", "", "displayName"}) {
    EXPECT_THAT(resolve({"order", bad}), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_FALSE(resolve({"*", "order"}).ok());
}

TEST(FieldMaskTest, CopiesWhatIsSetAndClearsWhatIsNot) {
  v1::Campaign to = Parse(
      "display_name: 'old' sender: 'S' order: 9 api_key_ids: 1 api_key_ids: 2 "
      "schedule { days { weekday: 1 hours: 1 } }");
  const v1::Campaign from = Parse("display_name: 'new' order: 5 api_key_ids: 3");
  CopyFields(from, {"display_name", "sender", "api_key_ids", "schedule"}, &to);
  EXPECT_EQ(to.display_name(), "new");
  EXPECT_EQ(to.sender(), "");
  EXPECT_EQ(to.order(), 9);
  EXPECT_THAT(to.api_key_ids(), ElementsAre(3));
  EXPECT_FALSE(to.has_schedule());
}

}  // namespace
}  // namespace campaigner::services
