#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/requests.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Account;
using domain::ApiKey;
using domain::WebhookSecrets;

constexpr size_t kSecretBytes = 32;

#define CAMPAIGNER_ACCOUNT_COLUMNS                                                 \
  "SELECT id, display_name, default_region, time_zone, is_operator, create_time, " \
  "rate_limit, rate_period, rate_unit FROM account "
constexpr char kGetAccount[] = CAMPAIGNER_ACCOUNT_COLUMNS "WHERE id = ?1";
constexpr char kListAccounts[] = CAMPAIGNER_ACCOUNT_COLUMNS "WHERE id > ?1 ORDER BY id LIMIT ?2";
#undef CAMPAIGNER_ACCOUNT_COLUMNS
constexpr char kInsertAccount[] =
    "INSERT INTO account (display_name, default_region, time_zone, is_operator, webhook_secret, "
    "create_time, rate_limit, rate_period, rate_unit) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id";
constexpr char kUpdateAccount[] =
    "UPDATE account SET display_name = ?2, default_region = ?3, time_zone = ?4, "
    "rate_limit = ?5, rate_period = ?6, rate_unit = ?7 WHERE id = ?1";

// Those that time or dispatch may still change.
constexpr char kListZoneFollowers[] =
    "SELECT id FROM campaign WHERE account_id = ?1 AND time_zone = '' AND state IN (2, 3, 4, 5)";

#define CAMPAIGNER_API_KEY_COLUMNS                                                         \
  "SELECT id, account_id, display_name, scope, client_networks, messages_per_second_max, " \
  "expire_time, prefix, secret_hash, create_time, revoke_time FROM api_key "
constexpr char kGetApiKey[] = CAMPAIGNER_API_KEY_COLUMNS "WHERE id = ?1";
constexpr char kFindApiKey[] = CAMPAIGNER_API_KEY_COLUMNS "WHERE secret_hash = ?1";
constexpr char kListApiKeys[] = CAMPAIGNER_API_KEY_COLUMNS
    "WHERE account_id = ?1 AND id > ?2 AND (?3 OR revoke_time IS NULL) ORDER BY id LIMIT ?4";
#undef CAMPAIGNER_API_KEY_COLUMNS
constexpr char kInsertApiKey[] =
    "INSERT INTO api_key (account_id, display_name, scope, client_networks, "
    "messages_per_second_max, expire_time, prefix, secret_hash, create_time) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id";
constexpr char kRevokeApiKey[] =
    "UPDATE api_key SET revoke_time = coalesce(revoke_time, ?2) WHERE id = ?1";

constexpr char kGetSecrets[] =
    "SELECT webhook_secret, previous_webhook_secret, previous_webhook_secret_expire_time "
    "FROM account WHERE id = ?1";
constexpr char kSetSecrets[] =
    "UPDATE account SET webhook_secret = ?2, previous_webhook_secret = ?3, "
    "previous_webhook_secret_expire_time = ?4 WHERE id = ?1";
constexpr char kGetInstallationSecret[] = "SELECT value FROM installation_secret WHERE name = ?1";
constexpr char kPutInstallationSecret[] =
    "INSERT INTO installation_secret (name, value) VALUES (?1, ?2)";

std::string RandomSecret() {
  std::string bytes(kSecretBytes, '\0');
  if (getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error(std::strerror(errno));
  return bytes;
}

Account ReadAccount(const Query& query) {
  return {.id = query.Int(0),
          .display_name = query.String(1),
          .default_region = query.String(2),
          .time_zone = query.String(3),
          .is_operator = query.Int(4) != 0,
          .rate = {.limit = query.Int32(6),
                   .period = absl::Microseconds(query.Int(7)),
                   .unit = static_cast<domain::RateUnit>(query.Int(8))},
          .create_time = TimeFrom(query.Int(5))};
}

absl::StatusOr<Account> LoadAccount(Connection& db, int64_t account_id) {
  Query query(db, kGetAccount, account_id);
  if (!query.Step()) return errors::AccountNotFound(account_id);
  return ReadAccount(query);
}

ApiKey ReadApiKey(const Query& query) {
  return {.id = query.Int(0),
          .account_id = query.Int(1),
          .display_name = query.String(2),
          .scope = static_cast<domain::Scope>(query.Int(3)),
          .client_networks = StringsFromJson(query.Text(4)),
          .messages_per_second_max = query.Int32(5),
          .expire_time = TimeFrom(query.OptionalInt(6)),
          .prefix = query.String(7),
          .secret_hash = query.String(8),
          .create_time = TimeFrom(query.Int(9)),
          .revoke_time = TimeFrom(query.OptionalInt(10))};
}

absl::StatusOr<ApiKey> LoadApiKey(Connection& db, int64_t api_key_id) {
  Query query(db, kGetApiKey, api_key_id);
  if (!query.Step()) return errors::ApiKeyNotFound(api_key_id);
  return ReadApiKey(query);
}

// After the commit, so that a revoked key is refused from then on.
void PublishApiKey(Transaction& transaction, const ApiKey& key) {
  auto shared = std::make_shared<const ApiKey>(key);
  transaction.effects().publish.emplace_back([&caches = transaction.caches(), shared] {
    caches.api_keys.Put(shared->secret_hash, shared);
  });
}

}  // namespace

absl::StatusOr<Account> SqliteStore::CreateAccount(const Account& account,
                                                   const std::string& request_id, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Account> {
    Connection& db = transaction.db();
    const RequestKey key{0, RequestKind::kAccount, request_id};
    if (auto answer = FindRequest(db, key, now)) return LoadAccount(db, answer->first_id);
    Account created = account;
    created.create_time = now;
    {
      const std::string secret = RandomSecret();
      Query query(db, kInsertAccount, account.display_name, account.default_region,
                  account.time_zone, account.is_operator, Blob{secret}, ToColumn(now),
                  account.rate.limit, ToColumn(account.rate.period), account.rate.unit);
      query.Step();
      created.id = query.Int(0);
    }
    PutRequest(db, key, {.first_id = created.id, .count = 1}, now);
    return created;
  });
}

absl::StatusOr<Account> SqliteStore::GetAccount(int64_t account_id) {
  return readers_.Read([&](Connection& db) { return LoadAccount(db, account_id); });
}

absl::StatusOr<std::vector<Account>> SqliteStore::ListAccounts(Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Account>> {
    std::vector<Account> accounts;
    Query query(db, kListAccounts, page.after_id, page.size);
    while (query.Step()) accounts.push_back(ReadAccount(query));
    return accounts;
  });
}

absl::StatusOr<Account> SqliteStore::UpdateAccount(const Account& account) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Account> {
    Connection& db = transaction.db();
    ASSIGN_OR_RETURN(const Account before, LoadAccount(db, account.id));
    Query(db, kUpdateAccount, account.id, account.display_name, account.default_region,
          account.time_zone, account.rate.limit, ToColumn(account.rate.period), account.rate.unit)
        .Run();
    if (account.time_zone != before.time_zone) {
      Query followers(db, kListZoneFollowers, account.id);
      while (followers.Step()) {
        transaction.effects().changed_campaigns.push_back(followers.Int(0));
      }
    }
    return LoadAccount(db, account.id);
  });
}

absl::StatusOr<ApiKey> SqliteStore::CreateApiKey(const ApiKey& key) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<ApiKey> {
    Connection& db = transaction.db();
    RETURN_IF_ERROR(LoadAccount(db, key.account_id).status());
    ApiKey created = key;
    created.revoke_time.reset();
    const std::string networks = ToJson(key.client_networks);
    Query query(db, kInsertApiKey, key.account_id, key.display_name, key.scope, networks,
                key.messages_per_second_max, ToColumn(key.expire_time), key.prefix,
                Blob{key.secret_hash}, ToColumn(key.create_time));
    query.Step();
    created.id = query.Int(0);
    PublishApiKey(transaction, created);
    return created;
  });
}

absl::StatusOr<ApiKey> SqliteStore::GetApiKey(int64_t api_key_id) {
  return readers_.Read([&](Connection& db) { return LoadApiKey(db, api_key_id); });
}

std::optional<ApiKey> SqliteStore::FindApiKeyInMemory(const std::string& secret_hash) {
  if (auto cached = caches_.api_keys.Find(secret_hash)) return **cached;
  return std::nullopt;
}

absl::StatusOr<ApiKey> SqliteStore::FindApiKey(const std::string& secret_hash) {
  if (auto cached = FindApiKeyInMemory(secret_hash)) return *std::move(cached);
  const uint64_t version = caches_.api_keys.Version();
  return readers_.Read([&](Connection& db) -> absl::StatusOr<ApiKey> {
    Query query(db, kFindApiKey, Blob{secret_hash});
    if (!query.Step()) return errors::ApiKeyNotFound(0);
    ApiKey key = ReadApiKey(query);
    caches_.api_keys.PutLoaded(secret_hash, std::make_shared<const ApiKey>(key), version);
    return key;
  });
}

absl::StatusOr<std::vector<ApiKey>> SqliteStore::ListApiKeys(int64_t account_id, bool with_revoked,
                                                             Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<ApiKey>> {
    std::vector<ApiKey> keys;
    Query query(db, kListApiKeys, account_id, page.after_id, with_revoked, page.size);
    while (query.Step()) keys.push_back(ReadApiKey(query));
    return keys;
  });
}

absl::StatusOr<ApiKey> SqliteStore::RevokeApiKey(int64_t api_key_id, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<ApiKey> {
    Query(transaction.db(), kRevokeApiKey, api_key_id, ToColumn(now)).Run();
    ASSIGN_OR_RETURN(ApiKey key, LoadApiKey(transaction.db(), api_key_id));
    PublishApiKey(transaction, key);
    return key;
  });
}

absl::StatusOr<WebhookSecrets> SqliteStore::GetWebhookSecrets(int64_t account_id) {
  if (auto cached = caches_.webhook_secrets.Find(account_id)) return **cached;
  const uint64_t version = caches_.webhook_secrets.Version();
  return readers_.Read([&](Connection& db) -> absl::StatusOr<WebhookSecrets> {
    Query query(db, kGetSecrets, account_id);
    if (!query.Step()) return errors::AccountNotFound(account_id);
    WebhookSecrets secrets{query.String(0), query.String(1), TimeFrom(query.OptionalInt(2))};
    caches_.webhook_secrets.PutLoaded(account_id, std::make_shared<const WebhookSecrets>(secrets),
                                      version);
    return secrets;
  });
}

absl::Status SqliteStore::SetWebhookSecrets(int64_t account_id, const WebhookSecrets& secrets) {
  return Write([&](Transaction& transaction) -> absl::Status {
    Query(transaction.db(), kSetSecrets, account_id, Blob{secrets.current}, Blob{secrets.previous},
          ToColumn(secrets.previous_expire_time))
        .Run();
    if (transaction.db().Changes() == 0) return errors::AccountNotFound(account_id);
    transaction.effects().publish.emplace_back(
        [this, account_id, shared = std::make_shared<const WebhookSecrets>(secrets)] {
          caches_.webhook_secrets.Put(account_id, shared);
        });
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> SqliteStore::GetOrCreateSecret(const std::string& name) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<std::string> {
    {
      Query query(transaction.db(), kGetInstallationSecret, name);
      if (query.Step()) return query.String(0);
    }
    std::string secret = RandomSecret();
    Query(transaction.db(), kPutInstallationSecret, name, Blob{secret}).Run();
    return secret;
  });
}

}  // namespace campaigner::storage::sqlite
