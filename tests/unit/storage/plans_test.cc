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
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/sql_operations.h"
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
    {"ReadSeries", sql::kReadSeries, "PRIMARY KEY (campaign_id=? AND minute>? AND minute<?)"},
    {"NextSeries", sql::kNextSeries, "PRIMARY KEY (campaign_id>?)"},
    {"OldSeries", sql::kOldSeries, "PRIMARY KEY (campaign_id=? AND minute<?)"},
    {"DeleteSeries", sql::kDeleteSeries, "PRIMARY KEY (campaign_id=? AND minute=? AND state=?)"},
    {"SetAddressRun", sql::kSetAddressRun, "PRIMARY KEY (bucket=? AND first_message_id=?)"},
    {"DeleteAddressRun", sql::kDeleteAddressRun, "PRIMARY KEY (bucket=? AND first_message_id=?)"},
    {"AddressRunsWithin", sql::kAddressRunsWithin, "PRIMARY KEY (bucket=? AND first_message_id<?)"},
    {"LastAddressRun", sql::kLastAddressRun, "PRIMARY KEY (bucket=?)"},
    {"AddressRunsDown", sql::kAddressRunsDown, "PRIMARY KEY (bucket=? AND first_message_id<?)"},
    {"AddressesAfter", sql::kAddressesAfter, "message_body USING INTEGER PRIMARY KEY (rowid>?)"},
    {"ExtentAfter", sql::kExtentAfter, "PRIMARY KEY (campaign_id=? AND first_id>?)"},
    {"ReadForRetry", sql::kReadForRetry, "message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
    {"BeginAgain", sql::kBeginAgain, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"LastAttempt", sql::kLastAttempt, "PRIMARY KEY (message_id=?)"},
    {"GetRecipient", sql::kGetRecipient, "m USING INTEGER PRIMARY KEY (rowid=?)"},
    {"EraseBody", sql::kEraseBody, "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
    {"MarkErased", sql::kMarkErased, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"EraseAttempts", sql::kEraseAttempts, "PRIMARY KEY (message_id=?)"},
    {"WebhooksOfMessage", sql::kWebhooksOfMessage, "INDEX webhook_delivery_message (message_id=?)"},
    {"GetSequence", sql::kGetSequence, "PRIMARY KEY (name=?)"},
    {"SetSequence", sql::kSetSequence, "PRIMARY KEY (name=?)"},
    {"AddUnknownOutcomes", sql::kAddUnknownOutcomes, "PRIMARY KEY (name=?)"},
    {"GetUnknownOutcomes", sql::kGetUnknownOutcomes, "PRIMARY KEY (name=?)"},
    {"LastExtent", sql::kLastExtent, "PRIMARY KEY (campaign_id=?)"},
    {"ExtentBefore", sql::kExtentBefore, "PRIMARY KEY (campaign_id=? AND first_id<?)"},
    {"IsHeld", sql::kIsHeld, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetMessage", sql::kGetMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"MoveMessage", sql::kMoveMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"SetSegments", sql::kSetSegments, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetAddressee", sql::kGetAddressee, "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
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
    {"WaitingOfCampaign", sql::kWaitingOfCampaign, "INDEX message_waiting (campaign_id=?)"},
    {"SetWaited", sql::kSetWaited, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"SetTemplateVersion", sql::kSetTemplateVersion,
     "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
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
    {"ListStopped", sql::kListStopped, "INDEX stop_list_account (account_id=? AND id<?)"},
    {"FindStopped", sql::kFindStopped,
     "INDEX sqlite_autoindex_stop_list_1 (account_id=? AND address=?)"},
    {"DeleteStopped", sql::kDeleteStopped,
     "INDEX sqlite_autoindex_stop_list_1 (account_id=? AND address=?)"},
    {"ReadRecipient", sql::kReadRecipient, "INTEGER PRIMARY KEY (rowid=?)"},
    {"GetWebhook", sql::kGetWebhook, "d USING INTEGER PRIMARY KEY (rowid=?)"},
    {"ListWebhooks", sql::kListWebhooks,
     "INDEX webhook_delivery_campaign (campaign_id=? AND id<?)"},
    {"ListFailedWebhooks", sql::kListFailedWebhooks,
     "INDEX webhook_delivery_failed (campaign_id=? AND id<?)"},
    {"ListWebhooksOfMessage", sql::kListWebhooksOfMessage,
     "INDEX webhook_delivery_message (message_id=? AND rowid<?)"},
    {"OldMessages", sql::kOldMessages, "message USING INTEGER PRIMARY KEY (rowid>?)"},
    {"DeleteMessage", sql::kDeleteMessage, "message USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DeleteBody", sql::kDeleteBody, "message_body USING INTEGER PRIMARY KEY (rowid=?)"},
    {"DeleteAttempts", sql::kDeleteAttempts, "PRIMARY KEY (message_id=?)"},
    {"HasMessageWithin", sql::kHasMessageWithin,
     "message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
    {"ExtentsWithin", sql::kExtentsWithin, "PRIMARY KEY (campaign_id=? AND first_id<?)"},
    {"DeleteExtent", sql::kDeleteExtent, "PRIMARY KEY (campaign_id=? AND first_id=?)"},
    {"OldWebhooks", sql::kOldWebhooks, "webhook_delivery USING INTEGER PRIMARY KEY (rowid>?)"},
    {"DeleteWebhook", sql::kDeleteWebhook, "INTEGER PRIMARY KEY (rowid=?)"},
    {"OldRequests", sql::kOldRequests, "INDEX idempotency_create_time (create_time<?)"},
    {"GetRequest", sql::kGetRequest, "PRIMARY KEY (account_id=? AND kind=? AND request_id=?)"},
    {"DeleteRequest", sql::kDeleteRequest,
     "PRIMARY KEY (account_id=? AND kind=? AND request_id=?)"},
    {"GetOperation", sql::kGetOperation, "operation USING INTEGER PRIMARY KEY (rowid=?)"},
    {"ListOperations", sql::kListOperations, "INDEX operation_account (account_id=? AND id<?)"},
    {"ListCampaignOperations", sql::kListCampaignOperations,
     "INDEX operation_campaign (campaign_id=? AND id<?)"},
    {"ListRunningOperations", sql::kListRunningOperations,
     "INDEX operation_running (account_id=?)"},
    {"NextBusyAccount", sql::kNextBusyAccount, "INDEX operation_running (account_id>?)"},
    {"AdvanceOperation", sql::kAdvanceOperation, "INTEGER PRIMARY KEY (rowid=?)"},
    {"EndOperation", sql::kEndOperation, "INTEGER PRIMARY KEY (rowid=?)"},
    {"EndedOperation", sql::kEndedOperation, "INDEX operation_end (end_time>? AND end_time<?)"},
    {"RunningImport", sql::kRunningImport, "INDEX operation_import (campaign_id=?)"},
    {"OlderImport", sql::kOlderImport, "INDEX operation_running (account_id=? AND id<?)"},
    {"RunningRetry", sql::kRunningRetry, "INDEX operation_retry (campaign_id=?)"},
    {"ClearingImport", sql::kClearingImport, "INDEX operation_import (campaign_id=?)"},
    {"EndClearing", sql::kEndClearing, "import USING INTEGER PRIMARY KEY (rowid=?)"},
    {"GetImport", sql::kGetImport, "import USING INTEGER PRIMARY KEY (rowid=?)"},
    {"AddImportCounts", sql::kAddImportCounts, "import USING INTEGER PRIMARY KEY (rowid=?)"},
    {"RejectedKept", sql::kRejectedKept, "import USING INTEGER PRIMARY KEY (rowid=?)"},
    {"ListRejectedRows", sql::kListRejectedRows, "PRIMARY KEY (operation_id=? AND row_number>?)"},
    {"BlankRejectedRow", sql::kBlankRejectedRow, "PRIMARY KEY (operation_id=? AND row_number=?)"},
    {"DeleteRejectedRow", sql::kDeleteRejectedRow, "PRIMARY KEY (operation_id=? AND row_number=?)"},
    {"RecipientsDown", sql::kRecipientsDown, "m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
    {"ListUploads", sql::kListUploads, "INDEX upload_account (account_id=? AND id>?)"},
    {"GetUpload", sql::kGetUpload, "upload USING INTEGER PRIMARY KEY (rowid=?)"},
    {"UseImportedUpload", sql::kUseImportedUpload, "upload USING INTEGER PRIMARY KEY (rowid=?)"},
    {"ImportOfUpload", sql::kImportOfUpload, "INDEX import_upload (upload_id=?)"},
    {"UnusedUploads", sql::kUnusedUploads, "INDEX upload_use_time (use_time<?)"},
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
