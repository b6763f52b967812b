// Asks SQLite how it would run each hot statement: every search through a named index or key, no
// scan, no sorting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "schema/migrations.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/migrate.h"
#include "server/storage/sqlite/sql.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage::sqlite {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* name;
  const char* sql;
  // What the plan must say.
  const char* uses;
};

const Case kCases[] = {
    {"GetCounter", sql::kGetCounter, "PRIMARY KEY (campaign_id=? AND state=?)"},
    {"GetCounters", sql::kGetCounters, "PRIMARY KEY (campaign_id=?)"},
    {"GetSequence", sql::kGetSequence, "PRIMARY KEY (name=?)"},
    {"SetSequence", sql::kSetSequence, "PRIMARY KEY (name=?)"},
    {"AddUnknownOutcomes", sql::kAddUnknownOutcomes, "PRIMARY KEY (name=?)"},
    {"GetUnknownOutcomes", sql::kGetUnknownOutcomes, "PRIMARY KEY (name=?)"},
    {"LastExtent", sql::kLastExtent, "PRIMARY KEY (campaign_id=?)"},
    {"ExtentBefore", sql::kExtentBefore, "PRIMARY KEY (campaign_id=? AND first_id<?)"},
    {"IsHeld", sql::kIsHeld, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetMessage", sql::kGetMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"MoveMessage", sql::kMoveMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetExternalId", sql::kGetExternalId, "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetAttempts", sql::kGetAttempts, "PRIMARY KEY (message_id=?)"},
    {"ReadMessages", sql::kReadMessages, "m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
    {"ReadMessagesDown", sql::kReadMessagesDown,
     "m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
    {"ReadyInLane", sql::kReadyInLane, "INDEX message_ready (campaign_id=? AND route_id=?)"},
    {"MarkClaimed", sql::kMarkClaimed, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DeleteClaim", sql::kDeleteClaim, "claim USING INTEGER PRIMARY KEY (rowid=?)"},
    {"LapsedClaims", sql::kLapsedClaims, "INDEX claim_lease (lease_end<?)"},
    {"ReadLapsed", sql::kReadLapsed, "m USING INTEGER PRIMARY KEY (rowid=?)"},
    {"RenewLeases", sql::kRenewLeases, "INDEX claim_lease (lease_end<?)"},
    {"LapseOthers", sql::kLapseOthers, "INDEX claim_lease (lease_end>?)"},
    {"RunningCampaigns", sql::kRunningCampaigns, "INDEX campaign_active (id>?)"},
    {"NextReadyRoute", sql::kNextReadyRoute, "INDEX message_ready (campaign_id=? AND route_id>?)"},
    {"NextReadyLane", sql::kNextReadyLane, "INDEX message_ready ((campaign_id,route_id)>(?,?))"},
    {"NextWaitingLane", sql::kNextWaitingLane,
     "INDEX message_waiting ((campaign_id,route_id)>(?,?))"},
    {"OldestInLane", sql::kOldestInLane, "INDEX message_ready (campaign_id=? AND route_id=?)"},
    {"ReadyIdsInLane", sql::kReadyIdsInLane, "INDEX message_ready (campaign_id=? AND route_id=?)"},
    {"WaitingIdsInLane", sql::kWaitingIdsInLane,
     "INDEX message_waiting (campaign_id=? AND route_id=?)"},
    {"Reroute", sql::kReroute, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DueIds", sql::kDueIds, "INDEX message_due (due>? AND due<?)"},
    {"NextDue", sql::kNextDue, "INDEX message_due (due>?)"},
    {"Promote", sql::kPromote, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"EligibleBefore", sql::kEligibleBefore,
     "INDEX message_ready (campaign_id=? AND route_id=? AND eligible_open<?)"},
    {"StatusDueIds", sql::kStatusDueIds, "INDEX message_status (due<?)"},
    {"NextStatusDue", sql::kNextStatusDue, "INDEX message_status (due>?)"},
    {"ReadyIdsOfCampaign", sql::kReadyIdsOfCampaign, "INDEX message_ready (campaign_id=?)"},
    {"WaitingIdsOfCampaign", sql::kWaitingIdsOfCampaign, "INDEX message_waiting (campaign_id=?)"},
    {"NextPendingEndpoint", sql::kNextPendingEndpoint,
     "INDEX webhook_delivery_pending (endpoint_id>?)"},
    {"NextDueOfEndpoint", sql::kNextDueOfEndpoint,
     "INDEX webhook_delivery_pending (endpoint_id=?)"},
    {"DueWebhooks", sql::kDueWebhooks, "INDEX webhook_delivery_pending (endpoint_id=? AND due<?)"},
    {"LeaseWebhook", sql::kLeaseWebhook, "INTEGER PRIMARY KEY (rowid=?)"},
    {"GetEndpoint", sql::kGetEndpoint, "INTEGER PRIMARY KEY (rowid=?)"},
    {"MoveWebhook", sql::kMoveWebhook, "INTEGER PRIMARY KEY (rowid=?)"},
    {"ReplayWebhook", sql::kReplayWebhook, "INTEGER PRIMARY KEY (rowid=?)"},
    {"FailedWebhooks", sql::kFailedWebhooks, "INDEX webhook_delivery_failed (campaign_id=?)"},
    {"GetWebhook", sql::kGetWebhook, "d USING INTEGER PRIMARY KEY (rowid=?)"},
    {"ListWebhooks", sql::kListWebhooks,
     "INDEX webhook_delivery_campaign (campaign_id=? AND id<?)"},
    {"OldMessages", sql::kOldMessages, "message USING INTEGER PRIMARY KEY (rowid>?)"},
    {"DeleteMessage", sql::kDeleteMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DeleteBody", sql::kDeleteBody, "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DeleteAttempts", sql::kDeleteAttempts, "PRIMARY KEY (message_id=?)"},
    {"DeleteExtents", sql::kDeleteExtents, "PRIMARY KEY (campaign_id=? AND first_id<?)"},
    {"OldWebhooks", sql::kOldWebhooks, "webhook_delivery USING INTEGER PRIMARY KEY (rowid>?)"},
    {"DeleteWebhook", sql::kDeleteWebhook, "INTEGER PRIMARY KEY (rowid=?)"},
    {"OldRequests", sql::kOldRequests, "INDEX idempotency_create_time (create_time<?)"},
    {"GetRequest", sql::kGetRequest, "PRIMARY KEY (account_id=? AND kind=? AND request_id=?)"},
    {"DeleteRequest", sql::kDeleteRequest,
     "PRIMARY KEY (account_id=? AND kind=? AND request_id=?)"},
};

class PlansTest : public ::testing::TestWithParam<Case> {};

TEST_P(PlansTest, SearchesAndNeitherScansNorSorts) {
  const testing::TempDir folder;
  Connection connection(folder.File("plans.db"), {.is_writer = true});
  ASSERT_OK(Migrate(connection, schema::SqliteMigrations()));
  const std::string explain = std::string("EXPLAIN QUERY PLAN ") + GetParam().sql;
  std::string plan;
  Query query(connection, explain.c_str());
  while (query.Step()) plan += query.String(3) + "\n";
  EXPECT_THAT(plan, HasSubstr(GetParam().uses));
  EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(plan, Not(HasSubstr("SCAN")));
}

INSTANTIATE_TEST_SUITE_P(Hot, PlansTest, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace campaigner::storage::sqlite
