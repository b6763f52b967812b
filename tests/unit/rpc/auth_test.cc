#include "server/rpc/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "server/base/text.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::rpc {
namespace {

using domain::Scope;
using testing::HasReason;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

domain::ApiKey Key(Scope scope) {
  domain::ApiKey key;
  key.scope = scope;
  return key;
}

TEST(PeerAddressTest, Table) {
  EXPECT_EQ(PeerAddress("ipv4:192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(PeerAddress("ipv6:%5B::1%5D:4711"), "::1");
  EXPECT_EQ(PeerAddress("ipv6:[2001:db8::5]:4711"), "2001:db8::5");
  EXPECT_EQ(PeerAddress("ipv6:%5Bfe80::1%25eth0%5D:4711"), "fe80::1");
  EXPECT_EQ(PeerAddress("unix:/run/campaigner.sock"), "127.0.0.1");
  EXPECT_EQ(PeerAddress("unix:"), "127.0.0.1");
  EXPECT_EQ(PeerAddress(""), "");
}

TEST(HashSecretTest, IsSha256) {
  EXPECT_EQ(base::ToHex(HashSecret("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    auto opened = storage::OpenSqliteStore({.path = dir_.File("campaigner.db")});
    EXPECT_OK(opened);
    store_ = *std::move(opened);
    domain::Account account;
    account.display_name = "test";
    account_id_ = store_->CreateAccount(account, "", kNow)->id;
    authenticator_ = std::make_unique<Authenticator>(*store_, net::NetworkList());
  }

  // The key's id.
  int64_t AddKey(const std::string& secret, domain::ApiKey key) {
    key.account_id = account_id_;
    key.secret_hash = HashSecret(secret);
    key.create_time = kNow;
    const auto created = store_->CreateApiKey(key);
    EXPECT_OK(created);
    return created->id;
  }

  absl::StatusOr<Caller> Check(const std::string& secret, Scope needed = Scope::kSend,
                               const std::string& address = "203.0.113.9",
                               absl::Time now = kNow) const {
    const Credentials credentials = {.api_key = secret, .client_address = address};
    auto caller = authenticator_->Check(credentials, needed, now);
    // What it has in memory now says the same.
    EXPECT_EQ(authenticator_->CheckInMemory(credentials, needed, now).has_value(), caller.ok());
    return caller;
  }

  testing::TempDir dir_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Authenticator> authenticator_;
  int64_t account_id_ = 0;
};

TEST_F(AuthenticatorTest, KnowsWhoCalls) {
  const int64_t id = AddKey("good", Key(Scope::kManage));
  ASSERT_OK_AND_ASSIGN(const Caller caller, Check("good", Scope::kManage));
  EXPECT_EQ(caller.key.id, id);
  EXPECT_EQ(caller.account_id(), account_id_);
  EXPECT_EQ(caller.client_address, "203.0.113.9");
}

TEST_F(AuthenticatorTest, TellsWithoutReadingOnlyWhatItHasInMemory) {
  const int64_t id = AddKey("good", Key(Scope::kSend));
  store_.reset();
  store_ = *storage::OpenSqliteStore({.path = dir_.File("campaigner.db")});
  authenticator_ = std::make_unique<Authenticator>(*store_, net::NetworkList());
  const Credentials credentials = {.api_key = "good", .client_address = "203.0.113.9"};
  EXPECT_FALSE(authenticator_->CheckInMemory(credentials, Scope::kSend, kNow).has_value());
  EXPECT_OK(Check("good"));
  const auto caller = authenticator_->CheckInMemory(credentials, Scope::kSend, kNow);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->key.id, id);
  EXPECT_EQ(caller->client_address, "203.0.113.9");
}

TEST_F(AuthenticatorTest, RefusesMissingAndUnknownKeys) {
  EXPECT_THAT(Check("").status(), HasReason("API_KEY_MISSING"));
  EXPECT_THAT(Check("nobody's").status(), HasReason("API_KEY_UNKNOWN"));
}

TEST_F(AuthenticatorTest, RefusesRevokedKeysFromThenOn) {
  const int64_t id = AddKey("lost", Key(Scope::kAdmin));
  EXPECT_OK(Check("lost"));
  ASSERT_OK(store_->RevokeApiKey(id, kNow));
  EXPECT_THAT(Check("lost").status(), HasReason("API_KEY_REVOKED"));
}

TEST_F(AuthenticatorTest, RefusesExpiredKeysFromTheirMomentOn) {
  domain::ApiKey key = Key(Scope::kSend);
  key.expire_time = kNow + absl::Seconds(10);
  AddKey("short", key);
  EXPECT_OK(Check("short", Scope::kSend, "203.0.113.9", kNow + absl::Seconds(9)));
  EXPECT_THAT(Check("short", Scope::kSend, "203.0.113.9", kNow + absl::Seconds(10)).status(),
              HasReason("API_KEY_EXPIRED"));
}

TEST_F(AuthenticatorTest, HoldsAKeyToItsNetworks) {
  domain::ApiKey key = Key(Scope::kSend);
  key.client_networks = {"203.0.113.0/24", "2001:db8::/32"};
  AddKey("home", key);
  EXPECT_OK(Check("home", Scope::kSend, "203.0.113.9"));
  EXPECT_OK(Check("home", Scope::kSend, "2001:db8::9"));
  for (const char* elsewhere : {"203.0.114.9", "2001:db9::9", "", "not an address"}) {
    EXPECT_THAT(Check("home", Scope::kSend, elsewhere).status(), HasReason("CLIENT_NETWORK_DENIED"))
        << elsewhere;
  }
}

TEST_F(AuthenticatorTest, EachScopeIncludesThoseBeforeIt) {
  const Scope scopes[] = {Scope::kSend, Scope::kManage, Scope::kAdmin};
  for (const Scope has : scopes) {
    const std::string secret = "scope" + std::to_string(static_cast<int>(has));
    AddKey(secret, Key(has));
    for (const Scope needed : scopes) {
      EXPECT_EQ(Check(secret, needed).ok(), has >= needed);
      if (has >= needed) continue;
      EXPECT_THAT(Check(secret, needed).status(), HasReason("SCOPE_MISSING"));
    }
  }
}

}  // namespace
}  // namespace campaigner::rpc
