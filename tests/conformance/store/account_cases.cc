#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Account;
using domain::ApiKey;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ApiKey NewKey(int64_t account_id, const std::string& hash) {
  ApiKey key;
  key.account_id = account_id;
  key.display_name = "till 4";
  key.scope = domain::Scope::kManage;
  key.client_networks = {"10.0.0.0/8", "2001:db8::/32"};
  key.messages_per_second_max = 7;
  key.expire_time = kNow + absl::Hours(1);
  key.prefix = "cak_1234";
  key.secret_hash = hash;
  key.create_time = kNow;
  return key;
}

// A hash has any bytes, NUL among them.
std::string Hash(char c) { return std::string("\0\xff", 2) + std::string(30, c); }

TEST_P(StoreTest, AnAccountIsReadBackAsItWasMade) {
  const Account made = MakeAccount("Acme");
  Reopen();
  const auto read = store_->GetAccount(made.id);
  ASSERT_OK(read);
  EXPECT_EQ(read->display_name, "Acme");
  EXPECT_EQ(read->default_region, "RU");
  EXPECT_EQ(read->time_zone, "Europe/Moscow");
  EXPECT_FALSE(read->is_operator);
  EXPECT_EQ(read->create_time, kNow);
  EXPECT_THAT(store_->GetAccount(made.id + 1), HasReason("ACCOUNT_NOT_FOUND"));
}

TEST_P(StoreTest, ARepeatedRequestMakesNoSecondAccount) {
  Account account;
  account.display_name = "Acme";
  const auto first = store_->CreateAccount(account, "r1", kNow);
  const auto repeat = store_->CreateAccount(account, "r1", kNow + absl::Hours(23));
  const auto late = store_->CreateAccount(account, "r1", kNow + absl::Hours(24));
  ASSERT_OK(first);
  ASSERT_OK(repeat);
  ASSERT_OK(late);
  EXPECT_EQ(repeat->id, first->id);
  EXPECT_NE(late->id, first->id);
  EXPECT_THAT(*store_->ListAccounts({0, 10}), SizeIs(2));
}

TEST_P(StoreTest, AccountsAreListedInPagesAndChanged) {
  const int64_t first = MakeAccount("a").id;
  const int64_t second = MakeAccount("b").id;
  const int64_t third = MakeAccount("c").id;
  const auto page = store_->ListAccounts({first, 1});
  ASSERT_OK(page);
  ASSERT_THAT(*page, SizeIs(1));
  EXPECT_EQ((*page)[0].id, second);
  Account changed = (*page)[0];
  changed.display_name = "B";
  changed.default_region = "KZ";
  changed.time_zone = "Asia/Almaty";
  ASSERT_OK(store_->UpdateAccount(changed));
  EXPECT_EQ(store_->GetAccount(second)->display_name, "B");
  EXPECT_EQ(store_->GetAccount(second)->time_zone, "Asia/Almaty");
  EXPECT_EQ(store_->GetAccount(third)->display_name, "c");
  changed.id = third + 1;
  EXPECT_THAT(store_->UpdateAccount(changed), HasReason("ACCOUNT_NOT_FOUND"));
}

TEST_P(StoreTest, AKeyIsFoundByItsHash) {
  const ApiKey key = NewKey(MakeAccount().id, Hash('a'));
  const auto made = store_->CreateApiKey(key);
  ASSERT_OK(made);
  for (int run = 0; run < 2; ++run) {
    const auto found = store_->FindApiKey(key.secret_hash);
    ASSERT_OK(found);
    EXPECT_EQ(found->id, made->id);
    EXPECT_EQ(found->account_id, key.account_id);
    EXPECT_EQ(found->scope, domain::Scope::kManage);
    EXPECT_EQ(found->client_networks, key.client_networks);
    EXPECT_EQ(found->messages_per_second_max, 7);
    EXPECT_EQ(found->expire_time, key.expire_time);
    EXPECT_EQ(found->prefix, "cak_1234");
    EXPECT_EQ(found->secret_hash, key.secret_hash);
    EXPECT_EQ(found->revoke_time, std::nullopt);
    Reopen();
  }
  EXPECT_THAT(store_->FindApiKey(Hash('b')), testing::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->GetApiKey(made->id + 1), HasReason("API_KEY_NOT_FOUND"));
  EXPECT_THAT(store_->CreateApiKey(NewKey(999, Hash('c'))), HasReason("ACCOUNT_NOT_FOUND"));
}

TEST_P(StoreTest, AKeyIsInMemoryFromItsFirstUseOn) {
  const ApiKey key = NewKey(MakeAccount().id, Hash('a'));
  const auto made = store_->CreateApiKey(key);
  ASSERT_OK(made);
  Reopen();
  EXPECT_EQ(store_->FindApiKeyInMemory(Hash('a')), std::nullopt);
  ASSERT_OK(store_->FindApiKey(Hash('a')));
  const auto found = store_->FindApiKeyInMemory(Hash('a'));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, made->id);
  ASSERT_OK(store_->RevokeApiKey(made->id, kNow));
  EXPECT_EQ(store_->FindApiKeyInMemory(Hash('a'))->revoke_time, kNow);
  EXPECT_EQ(store_->FindApiKeyInMemory(Hash('b')), std::nullopt);
}

TEST_P(StoreTest, ARevokedKeyIsSeenAsRevokedAtOnce) {
  const int64_t account_id = MakeAccount().id;
  const auto made = store_->CreateApiKey(NewKey(account_id, Hash('a')));
  const auto other = store_->CreateApiKey(NewKey(account_id, Hash('b')));
  ASSERT_OK(made);
  ASSERT_OK(other);
  ASSERT_OK(store_->FindApiKey(Hash('a')));
  ASSERT_OK(store_->RevokeApiKey(made->id, kNow));
  const auto again = store_->RevokeApiKey(made->id, kNow + absl::Hours(1));
  ASSERT_OK(again);
  EXPECT_EQ(again->revoke_time, kNow);
  EXPECT_EQ(store_->FindApiKey(Hash('a'))->revoke_time, kNow);
  EXPECT_EQ(store_->FindApiKey(Hash('b'))->revoke_time, std::nullopt);
  EXPECT_THAT(*store_->ListApiKeys(account_id, true, {0, 10}), SizeIs(2));
  const auto valid = store_->ListApiKeys(account_id, false, {0, 10});
  ASSERT_THAT(*valid, SizeIs(1));
  EXPECT_EQ((*valid)[0].id, other->id);
  EXPECT_THAT(*store_->ListApiKeys(account_id, true, {other->id, 10}), IsEmpty());
  EXPECT_THAT(store_->RevokeApiKey(other->id + 1, kNow), HasReason("API_KEY_NOT_FOUND"));
}

TEST_P(StoreTest, WebhookSecretsAreMadeWithTheAccountAndKept) {
  const int64_t account_id = MakeAccount().id;
  const auto made = store_->GetWebhookSecrets(account_id);
  ASSERT_OK(made);
  EXPECT_THAT(made->current, SizeIs(32));
  EXPECT_NE(made->current, store_->GetWebhookSecrets(MakeAccount().id)->current);
  ASSERT_OK(store_->SetWebhookSecrets(
      account_id, {std::string("\0new", 4), made->current, kNow + absl::Hours(24)}));
  for (int run = 0; run < 2; ++run) {
    const auto secrets = store_->GetWebhookSecrets(account_id);
    ASSERT_OK(secrets);
    EXPECT_EQ(secrets->current, std::string("\0new", 4));
    EXPECT_EQ(secrets->previous, made->current);
    EXPECT_EQ(secrets->previous_expire_time, kNow + absl::Hours(24));
    Reopen();
  }
  EXPECT_THAT(store_->GetWebhookSecrets(999), HasReason("ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(store_->SetWebhookSecrets(999, {}), HasReason("ACCOUNT_NOT_FOUND"));
}

TEST_P(StoreTest, AnInstallationSecretIsMadeOnce) {
  const auto made = store_->GetOrCreateSecret("reference");
  ASSERT_OK(made);
  EXPECT_THAT(*made, SizeIs(32));
  Reopen();
  EXPECT_EQ(*store_->GetOrCreateSecret("reference"), *made);
  EXPECT_NE(*store_->GetOrCreateSecret("other"), *made);
}

}  // namespace
}  // namespace campaigner::storage
