// What was erased is looked for in the bytes of the files.
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <sstream>
#include <string>

#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage {
namespace {

constexpr char kPerson[] = "77010000001";
constexpr char kPersonsWord[] = "unmistakable-word-of-hers";
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class ErasureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = OpenSqliteStore({.path = path_}).value();
    domain::Account account;
    account.display_name = "Acme";
    account_id_ = store_->CreateAccount(account, "", kNow)->id;
    domain::Campaign campaign;
    campaign.account_id = account_id_;
    campaign.webhook_url = "https://example.com/hook";
    campaign.webhook_events = domain::WebhookEvents::kAll;
    campaign.state = domain::CampaignState::kRunning;
    campaign.status_timeout = absl::Hours(1);
    campaign_id_ = store_->CreateCampaign(campaign, "", kNow)->id;
    route_id_ = store_->InternRoute("main").value();
  }

  // The first id.
  int64_t Accept(std::vector<domain::NewMessage> messages) {
    std::promise<absl::StatusOr<Accepted>> accepted;
    AcceptBatch batch;
    batch.account_id = account_id_;
    batch.messages = std::move(messages);
    batch.now = kNow;
    store_->AcceptMessages(std::move(batch), [&](absl::StatusOr<Accepted> result) {
      accepted.set_value(std::move(result));
    });
    return accepted.get_future().get()->first_message_id;
  }
  domain::NewMessage To(const std::string& recipient, const std::string& text) const {
    domain::NewMessage message;
    message.campaign_id = campaign_id_;
    message.route_id = route_id_;
    message.recipient = recipient;
    message.text = text;
    message.external_id = text.substr(0, 30);
    message.fields = {{"word", text.substr(0, 30)}};
    return message;
  }
  void Deliver(int64_t message_id) {
    std::promise<void> done;
    ReceiptRecord receipt;
    receipt.message_id = message_id;
    receipt.detail = std::string("said ") + kPersonsWord;
    receipt.time = kNow;
    store_->ApplyReceipts({receipt}, kNow, [&](const auto&) { done.set_value(); });
    done.get_future().wait();
  }
  bool IsOnDisk(const std::string& word) const {
    for (const char* suffix : {"", "-wal"}) {
      std::ostringstream bytes;
      bytes << std::ifstream(path_ + suffix, std::ios::binary).rdbuf();
      if (bytes.str().find(word) != std::string::npos) return true;
    }
    return false;
  }

  const testing::TempDir folder_;
  const std::string path_ = folder_.File("campaigner.db");
  std::unique_ptr<Store> store_;
  int64_t account_id_ = 0;
  int64_t campaign_id_ = 0;
  int64_t route_id_ = 0;
};

TEST_F(ErasureTest, NothingStaysInTheFiles) {
  // Long enough for pages of its own, which are given up.
  const std::string long_text = kPersonsWord + std::string(9'000, 'x') + kPersonsWord;
  const int64_t first = Accept({To("77010000000", "others"), To(kPerson, long_text),
                                To(kPerson, kPersonsWord), To("77010000002", "others")});
  Deliver(first + 1);
  ASSERT_TRUE(IsOnDisk(kPerson));
  ASSERT_TRUE(IsOnDisk(kPersonsWord));
  EXPECT_EQ(store_->EraseRecipient(account_id_, kPerson, kNow, 100)->erased, 2);
  EXPECT_TRUE(*store_->EmptyLog());
  EXPECT_FALSE(IsOnDisk(kPerson));
  EXPECT_FALSE(IsOnDisk(kPersonsWord));
  EXPECT_TRUE(IsOnDisk("77010000002"));
}

// The runs of the index hold 40 bits of a hash and the message: with the number, one could ask
// them.
TEST_F(ErasureTest, TheIndexForgetsToo) {
  const int64_t first = Accept({To(kPerson, "text")});
  std::vector<domain::NewMessage> many(10'000, To("77010000002", "others"));
  for (size_t sent = 0; sent < sqlite::kRunMessages; sent += many.size()) Accept(many);
  ASSERT_EQ(store_->EraseRecipient(account_id_, kPerson, kNow, 100)->erased, 1);
  store_.reset();
  sqlite::Connection db(path_, {});
  const sqlite::AddressHash hash = sqlite::HashAddress(kPerson);
  sqlite::Query query(db, "SELECT first_message_id, entries FROM address_run WHERE bucket = ?1",
                      hash.bucket);
  int runs = 0;
  while (query.Step()) {
    ++runs;
    EXPECT_TRUE(sqlite::FindInRun(query.Text(1), query.Int(0), hash.rest).empty());
  }
  EXPECT_EQ(runs, 1);
  EXPECT_GT(first, 0);
}

}  // namespace
}  // namespace campaigner::storage
