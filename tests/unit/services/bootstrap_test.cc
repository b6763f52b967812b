#include "server/services/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rpc/auth.h"
#include "server/services/secrets.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::services {
namespace {

using testing::IsOkAndHolds;
using ::testing::MatchesRegex;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(BootstrapTest, MakesTheOperatorAndItsKeyOnce) {
  const testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto store,
                       storage::OpenSqliteStore({.path = dir.File("campaigner.db")}));
  ASSERT_OK_AND_ASSIGN(const std::string secret, Bootstrap(*store, "RU", kNow));
  EXPECT_THAT(secret, MatchesRegex("[A-Za-z0-9]{40}"));
  ASSERT_OK_AND_ASSIGN(const domain::ApiKey key, store->FindApiKey(rpc::HashSecret(secret)));
  EXPECT_EQ(key.scope, domain::Scope::kAdmin);
  ASSERT_OK_AND_ASSIGN(const domain::Account account, store->GetAccount(key.account_id));
  EXPECT_EQ(account.display_name, "default");
  EXPECT_TRUE(account.is_operator);
  EXPECT_THAT(Bootstrap(*store, "RU", kNow), IsOkAndHolds(""));
}

TEST(BootstrapTest, CompletesAStartThatDiedBeforeTheKey) {
  const testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto store,
                       storage::OpenSqliteStore({.path = dir.File("campaigner.db")}));
  domain::Account account;
  account.display_name = "default";
  account.is_operator = true;
  ASSERT_OK(store->CreateAccount(account, "", kNow));
  ASSERT_OK_AND_ASSIGN(const std::string secret, Bootstrap(*store, "RU", kNow));
  EXPECT_EQ(secret.size(), 40u);
  ASSERT_OK_AND_ASSIGN(const auto accounts, store->ListAccounts({.after_id = 0, .size = 10}));
  EXPECT_EQ(accounts.size(), 1u);
}

TEST(KeySecretTest, IsNeverTheSame) {
  ASSERT_OK_AND_ASSIGN(const std::string one, MakeKeySecret());
  ASSERT_OK_AND_ASSIGN(const std::string other, MakeKeySecret());
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace campaigner::services
