// A database that an older version left, with work in every state, is opened and carried on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "schema/migrations.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/migrate.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Before imports, costs and the index of addresses.
constexpr size_t kOldMigrations = 3;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr char kRecipient[] = "79201234567";

// Messages 1 ready, 2 waiting for its retry, 3 with a provider when the server died, 4 SENT,
// 5 DELIVERED with a webhook to come.
constexpr char kOldContent[] = R"(
    INSERT INTO account VALUES (1, 'Shop', 'RU', 'UTC', 1, x'01', x'', NULL, 1);
    INSERT INTO route VALUES (1, 'sms');
    INSERT INTO webhook_endpoint VALUES (1, 1, 'https://shop.example/hook');
    INSERT INTO campaign VALUES (1, 1, 'Spring', 'sms', 'Shop', 1, 'https://shop.example/hook', 1, 0, 3,
      86400000000, 86400000000, 60000000, NULL, NULL, NULL, '', 0, 1000000, '[]', 3, 1, 1, 1, 0, 1);
    INSERT INTO campaign_template VALUES (1, 1, 'Dear {field_1}');
    INSERT INTO message VALUES
      (1, 1, 1, 1, 0, 0, 0, NULL, 0, 1, 5, NULL, NULL),
      (2, 1, 1, 1, 0, 1, 0, 1699999999000000, 0, 2, 5, NULL, NULL),
      (3, 1, 1, 2, 0, 0, 7, NULL, 0, 1, 5, NULL, NULL),
      (4, 1, 1, 3, 0, 1, 0, 1800000000000000, 0, 1, 5, 6, NULL),
      (5, 1, 1, 5, 0, 1, 0, NULL, 0, 1, 5, 6, 7);
    INSERT INTO message_body VALUES
      (1, '79201234567', 'a', 0, NULL, 1, '{"field_1":"Ann"}', NULL),
      (2, '79201234568', 'b', 0, 'Hello', 1, NULL, NULL),
      (3, '79201234567', 'c', 0, 'Hello', 1, NULL, NULL),
      (4, '79201234568', 'd', 0, 'Hello', 1, NULL, NULL),
      (5, '79201234569', '17', 1, 'Hello', 1, NULL, NULL);
    INSERT INTO message_extent VALUES (1, 1, 256);
    INSERT INTO attempt VALUES (2, 1, 1, 3, '', 'refused', 6, 6, ''), (4, 1, 1, 1, 'p4', '', 6, 6, ''),
      (5, 1, 1, 1, 'p5', '', 6, 6, 'DELIVRD');
    INSERT INTO campaign_counter VALUES (1, 1, 2, 3), (1, 2, 1, 1), (1, 3, 1, 1), (1, 5, 1, 1), (0, 1, 2, 3),
      (0, 2, 1, 1), (0, 3, 1, 1);
    INSERT INTO webhook_delivery VALUES (1, 1, 1, 5, 1, 0, 7, '{"id": 17, "status": "delivered"}', 0, '', 7, NULL);
    UPDATE sequence SET next_id = 1000;
)";

class UpgradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Connection old(path_, {.is_writer = true});
    const auto& all = schema::SqliteMigrations();
    ASSERT_OK(Migrate(old, std::vector(all.begin(), all.begin() + kOldMigrations)));
    old.Execute(kOldContent);
    Query(old, "INSERT INTO claim VALUES (7, 'the dead', ?1, ?2)", ToColumn(kNow + absl::Hours(1)),
          Blob{IdsToBlob({3})})
        .Run();
  }

  // Opened for the first time since.
  Store& Open() {
    if (store_ == nullptr) store_ = OpenSqliteStore({.path = path_}).value();
    return *store_;
  }

  std::vector<int64_t> SentTo(const std::string& recipient) {
    std::vector<int64_t> ids;
    const auto page = Open().ListMessages({.account_id = 1, .recipient = recipient}, 0, 100);
    for (const domain::Message& message : page->messages) ids.push_back(message.id);
    return ids;
  }

  const testing::TempDir folder_;
  const std::string path_ = folder_.File("old.db");
  std::unique_ptr<Store> store_;
};

TEST_F(UpgradeTest, EverythingIsThere) {
  const auto page = Open().ListMessages({.account_id = 1, .campaign_id = 1}, 0, 100);
  ASSERT_THAT(page->messages, SizeIs(5));
  EXPECT_EQ(page->messages[0].state, MessageState::kDelivered);
  EXPECT_EQ(page->messages[4].state, MessageState::kAccepted);
  EXPECT_EQ(Open().GetMessage(1, 1, true)->text, "Dear Ann");
  EXPECT_THAT(Open().GetMessage(1, 5, true)->attempts, SizeIs(1));
  const auto counters = Open().GetCampaignCounters(1).value();
  EXPECT_THAT(counters, SizeIs(4));
  for (const CampaignCounter& counter : counters) EXPECT_EQ(counter.cost_micros, 0);
  const auto campaign = Open().GetCampaign(1).value();
  EXPECT_EQ(campaign->missing_values, domain::MissingValues::kRemove);
  EXPECT_EQ(campaign->quiet_hours, std::nullopt);
}

TEST_F(UpgradeTest, OldMessagesAreFoundByNumberAndErased) {
  EXPECT_THAT(SentTo(kRecipient), ElementsAre(3, 1));
  EXPECT_THAT(SentTo("79201234569"), ElementsAre(5));
  EXPECT_EQ(Open().EraseRecipient(1, "79201234569", kNow, 10)->erased, 1);
  EXPECT_THAT(SentTo("79201234569"), SizeIs(0));
}

TEST_F(UpgradeTest, WhatWasUnderWayGoesOn) {
  ASSERT_OK(Open().LapseOtherClaims("me", kNow));
  const auto lapsed = Open().ListLapsedClaims(kNow + absl::Seconds(1), 10).value();
  ASSERT_THAT(lapsed, SizeIs(1));
  EXPECT_EQ(lapsed[0].id, 3);
  EXPECT_EQ(Open().PromoteDue(kNow, 10)->rows, 1);
  std::promise<absl::StatusOr<Claimed>> claimed;
  Open().ClaimMessages(
      {{1, 1, 10}}, "me", kNow + absl::Minutes(1), kNow,
      [&](absl::StatusOr<Claimed> result) { claimed.set_value(std::move(result)); });
  const Claimed mine = claimed.get_future().get().value();
  ASSERT_THAT(mine.messages, SizeIs(2));
  EXPECT_EQ(mine.messages[0].attempt_base, 0);
  std::promise<absl::StatusOr<WebhookStore::ClaimedWebhooks>> webhooks;
  Open().ClaimWebhooks({{1, 10}}, kNow + absl::Minutes(1), kNow,
                       [&](absl::StatusOr<WebhookStore::ClaimedWebhooks> result) {
                         webhooks.set_value(std::move(result));
                       });
  EXPECT_THAT(webhooks.get_future().get()->deliveries, SizeIs(1));
}

// New ids never meet old ones.
TEST_F(UpgradeTest, NewMessagesComeAfterTheOld) {
  AcceptBatch batch;
  batch.account_id = 1;
  batch.now = kNow;
  domain::NewMessage& message = batch.messages.emplace_back();
  message.campaign_id = 1;
  message.route_id = 1;
  message.recipient = kRecipient;
  message.text = "Again";
  message.segments = 1;
  std::promise<absl::StatusOr<Accepted>> accepted;
  Open().AcceptMessages(std::move(batch), [&](absl::StatusOr<Accepted> result) {
    accepted.set_value(std::move(result));
  });
  const Accepted answer = accepted.get_future().get().value();
  EXPECT_GE(answer.first_message_id, 1000);
  EXPECT_THAT(SentTo(kRecipient), ElementsAre(answer.first_message_id, 3, 1));
}

}  // namespace
}  // namespace campaigner::storage::sqlite
