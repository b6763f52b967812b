#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/requests.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Campaign;
using domain::CampaignState;

constexpr char kListCampaigns[] =
    "SELECT " CAMPAIGNER_CAMPAIGN_COLUMNS
    "WHERE c.account_id = ?1 AND c.id < ?2 AND (?3 >> c.state) & 1 ORDER BY c.id DESC LIMIT ?4";
constexpr char kListActive[] = "SELECT " CAMPAIGNER_CAMPAIGN_COLUMNS
                               "WHERE c.state IN (2, 3, 4, 5) AND c.id > ?1 ORDER BY c.id LIMIT ?2";
constexpr char kInsertTemplate[] =
    "INSERT INTO campaign_template (campaign_id, version, text) VALUES (?1, ?2, ?3)";
constexpr char kFindEndpoint[] =
    "SELECT id FROM webhook_endpoint WHERE account_id = ?1 AND url = ?2";
constexpr char kInsertEndpoint[] =
    "INSERT INTO webhook_endpoint (account_id, url) VALUES (?1, ?2) RETURNING id";
constexpr char kSetOpen[] = "UPDATE campaign SET open_time = ?2, open_since = ?3 WHERE id = ?1";
constexpr char kDeleteCampaign[] = "DELETE FROM campaign WHERE id = ?1";
constexpr char kDeleteCounters[] = "DELETE FROM campaign_counter WHERE campaign_id = ?1";
constexpr char kDeleteExtents[] = "DELETE FROM message_extent WHERE campaign_id = ?1";
constexpr char kHasAccount[] = "SELECT 1 FROM account WHERE id = ?1";

// Every campaign with a webhook has its endpoint at hand, so that no message has to look for it.
std::optional<int64_t> FindOrMakeEndpoint(Connection& db, int64_t account_id,
                                          const std::string& url) {
  if (url.empty()) return std::nullopt;
  {
    Query query(db, kFindEndpoint, account_id, url);
    if (query.Step()) return query.Int(0);
  }
  Query query(db, kInsertEndpoint, account_id, url);
  query.Step();
  return query.Int(0);
}

void InsertTemplate(Connection& db, const Campaign& campaign) {
  Query(db, kInsertTemplate, campaign.id, campaign.template_version, campaign.template_text).Run();
}

void Publish(Transaction& transaction, CampaignRow row) {
  transaction.effects().changed_campaigns.push_back(row.campaign.id);
  transaction.PutCampaign(std::make_shared<const CampaignRow>(std::move(row)));
}

absl::StatusOr<CampaignRowPtr> FindOwned(Transaction& transaction, int64_t account_id,
                                         int64_t campaign_id) {
  CampaignRowPtr row = transaction.FindCampaign(campaign_id);
  if (row == nullptr || (account_id != 0 && row->campaign.account_id != account_id)) {
    return errors::CampaignNotFound(campaign_id);
  }
  return row;
}

// What an import replaces must not go out while it does.
absl::Status CheckMayRun(Connection& db, const Campaign& before, const Campaign& after) {
  if (after.state != CampaignState::kRunning || before.state == CampaignState::kRunning) {
    return absl::OkStatus();
  }
  Query query(db, sql::kClearingImport, before.id);
  if (!query.Step()) return absl::OkStatus();
  return errors::CampaignClearing(before.id, query.Int(0));
}

// What storage itself decides about a changed campaign.
void Complete(Connection& db, const Campaign& before, absl::Time now, CampaignRow& row) {
  Campaign& campaign = row.campaign;
  campaign.id = before.id;
  campaign.account_id = before.account_id;
  campaign.create_time = before.create_time;
  campaign.update_time = now;
  campaign.revision = before.revision + 1;
  campaign.template_version = before.template_version;
  if (campaign.template_text != before.template_text) {
    ++campaign.template_version;
    InsertTemplate(db, campaign);
  }
  if (campaign.webhook_url != before.webhook_url) {
    row.webhook_endpoint_id = FindOrMakeEndpoint(db, campaign.account_id, campaign.webhook_url);
  }
  if (campaign.state != CampaignState::kRunning && row.open_since.has_value()) {
    row.open_time = row.OpenTime(now);
    row.open_since.reset();
  }
}

}  // namespace

absl::StatusOr<Campaign> SqliteStore::CreateCampaign(const Campaign& campaign,
                                                     const std::string& request_id,
                                                     absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Campaign> {
    Connection& db = transaction.db();
    const RequestKey key{campaign.account_id, RequestKind::kCampaign, request_id};
    if (auto answer = FindRequest(db, key, now)) {
      ASSIGN_OR_RETURN(CampaignRowPtr row,
                       FindOwned(transaction, campaign.account_id, answer->first_id));
      return row->campaign;
    }
    if (!Query(db, kHasAccount, campaign.account_id).Step()) {
      return errors::AccountNotFound(campaign.account_id);
    }
    CampaignRow row{.campaign = campaign};
    row.campaign.id = 0;
    row.campaign.template_version = 1;
    row.campaign.revision = 1;
    row.campaign.create_time = row.campaign.update_time = now;
    row.webhook_endpoint_id = FindOrMakeEndpoint(db, campaign.account_id, campaign.webhook_url);
    WriteCampaign(db, row);
    InsertTemplate(db, row.campaign);
    PutRequest(db, key, {.first_id = row.campaign.id, .count = 1}, now);
    Campaign created = row.campaign;
    Publish(transaction, std::move(row));
    return created;
  });
}

absl::StatusOr<std::shared_ptr<const Campaign>> SqliteStore::GetCampaign(int64_t campaign_id) {
  CampaignRowPtr row;
  if (auto cached = caches_.campaigns.Find(campaign_id)) {
    row = *cached;
  } else {
    RETURN_IF_ERROR(readers_.Read([&](Connection& db) -> absl::Status {
      row = FindCampaignRow(db, caches_, campaign_id);
      return absl::OkStatus();
    }));
  }
  if (row == nullptr) return errors::CampaignNotFound(campaign_id);
  return std::shared_ptr<const Campaign>(row, &row->campaign);
}

bool SqliteStore::IsCampaignInMemory(int64_t campaign_id) {
  return caches_.campaigns.Find(campaign_id).has_value();
}

absl::StatusOr<std::vector<Campaign>> SqliteStore::ListCampaigns(
    int64_t account_id, const std::vector<CampaignState>& states, Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Campaign>> {
    std::vector<Campaign> campaigns;
    const int64_t before_id = page.after_id == 0 ? INT64_MAX : page.after_id;
    Query query(db, kListCampaigns, account_id, before_id, StateMask(states), page.size);
    while (query.Step()) campaigns.push_back(ReadCampaign(query).campaign);
    return campaigns;
  });
}

absl::StatusOr<Campaign> SqliteStore::ChangeCampaign(
    int64_t account_id, int64_t campaign_id, absl::Time now,
    const std::function<absl::Status(Campaign&)>& change) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Campaign> {
    ASSIGN_OR_RETURN(CampaignRowPtr before, FindOwned(transaction, account_id, campaign_id));
    CampaignRow row = *before;
    RETURN_IF_ERROR(change(row.campaign));
    RETURN_IF_ERROR(CheckMayRun(transaction.db(), before->campaign, row.campaign));
    Complete(transaction.db(), before->campaign, now, row);
    WriteCampaign(transaction.db(), row);
    Campaign changed = row.campaign;
    Publish(transaction, std::move(row));
    return changed;
  });
}

absl::Status SqliteStore::DeleteCampaign(int64_t account_id, int64_t campaign_id) {
  return Write([&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(FindOwned(transaction, account_id, campaign_id).status());
    const int64_t open = transaction.CountOpen(campaign_id);
    if (open != 0) return errors::CampaignNotEmpty(campaign_id, open);
    for (const char* sql : {kDeleteCampaign, kDeleteCounters, kDeleteExtents}) {
      Query(transaction.db(), sql, campaign_id).Run();
    }
    transaction.ForgetExtents();
    transaction.EraseCampaign(campaign_id);
    transaction.effects().changed_campaigns.push_back(campaign_id);
    transaction.effects().publish.emplace_back([this] {
      caches_.templates.Clear();
      has_orphans_ = true;
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<CampaignCounter>> SqliteStore::GetCampaignCounters(int64_t campaign_id) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<CampaignCounter>> {
    if (FindCampaignRow(db, caches_, campaign_id) == nullptr) {
      return errors::CampaignNotFound(campaign_id);
    }
    std::vector<CampaignCounter> counters;
    Query query(db, sql::kGetCounters, campaign_id);
    while (query.Step()) {
      if (query.Int(1) == 0 && query.Int(2) == 0) continue;
      counters.push_back({static_cast<domain::MessageState>(query.Int(0)), query.Int(1),
                          query.Int(2), query.Int(3)});
    }
    return counters;
  });
}

absl::StatusOr<std::vector<Campaign>> SqliteStore::ListActiveCampaigns(Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Campaign>> {
    std::vector<Campaign> campaigns;
    Query query(db, kListActive, page.after_id, page.size);
    while (query.Step()) campaigns.push_back(ReadCampaign(query).campaign);
    return campaigns;
  });
}

absl::Status SqliteStore::SetCampaignOpen(int64_t campaign_id, bool is_open, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(CampaignRowPtr before, FindOwned(transaction, 0, campaign_id));
    // A campaign that stopped running since the caller looked stays closed.
    const bool opens = is_open && before->campaign.state == CampaignState::kRunning;
    if (opens == before->open_since.has_value()) return absl::OkStatus();
    CampaignRow row = *before;
    row.open_time = before->OpenTime(now);
    row.open_since = opens ? std::optional(now) : std::nullopt;
    Query(transaction.db(), kSetOpen, campaign_id, ToColumn(row.open_time),
          ToColumn(row.open_since))
        .Run();
    transaction.PutCampaign(std::make_shared<const CampaignRow>(std::move(row)));
    return absl::OkStatus();
  });
}

absl::StatusOr<absl::Duration> SqliteStore::GetOpenTime(int64_t campaign_id, absl::Time now) {
  if (auto cached = caches_.campaigns.Find(campaign_id)) return (*cached)->OpenTime(now);
  return readers_.Read([&](Connection& db) -> absl::StatusOr<absl::Duration> {
    const CampaignRowPtr row = FindCampaignRow(db, caches_, campaign_id);
    if (row == nullptr) return errors::CampaignNotFound(campaign_id);
    return row->OpenTime(now);
  });
}

absl::StatusOr<std::shared_ptr<const std::string>> SqliteStore::GetTemplate(int64_t campaign_id,
                                                                            int32_t version) {
  if (auto cached = caches_.templates.Find({campaign_id, version})) return *cached;
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::shared_ptr<const std::string>> {
    auto text = FindTemplate(db, caches_, campaign_id, version);
    if (text == nullptr) return errors::TemplateNotFound(campaign_id, version);
    return text;
  });
}

}  // namespace campaigner::storage::sqlite
