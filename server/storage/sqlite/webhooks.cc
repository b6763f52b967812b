#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::WebhookDelivery;
using domain::WebhookState;

// Rows that one page looks at; see ListMessages.
constexpr int kRowsPerPageMax = 20'000;
// Endpoints that are looked at for the age of the oldest delivery.
constexpr int kEndpointsForAgeMax = 1000;

WebhookDelivery ReadDelivery(const Query& query) {
  WebhookDelivery delivery{.id = query.Int(0),
                           .account_id = query.Int(1),
                           .campaign_id = query.Int(2),
                           .message_id = query.Int(3),
                           .url = query.String(4),
                           .state = static_cast<WebhookState>(query.Int(5)),
                           .attempt_count = query.Int32(6),
                           .payload = query.String(7),
                           .last_http_status = query.Int32(8),
                           .last_error = query.String(9),
                           .create_time = TimeFrom(query.Int(10)),
                           .last_attempt_time = TimeFrom(query.OptionalInt(11)),
                           .next_attempt_time = std::nullopt};
  if (delivery.state == WebhookState::kPending)
    delivery.next_attempt_time = TimeFrom(query.Int(12));
  return delivery;
}

// Takes what is due at one endpoint.
void ClaimEndpoint(Connection& db, const WebhookStore::WebhookClaim& claim, absl::Time lease_end,
                   absl::Time now, WebhookStore::ClaimedWebhooks& claimed) {
  const size_t first = claimed.deliveries.size();
  int64_t account_id = 0;
  std::string url;
  {
    Query query(db, sql::kGetEndpoint, claim.endpoint_id);
    if (!query.Step()) return;
    account_id = query.Int(0);
    url = query.String(1);
  }
  {
    Query query(db, sql::kDueWebhooks, claim.endpoint_id, ToColumn(now), claim.limit);
    while (query.Step()) {
      claimed.deliveries.push_back({query.Int(0), account_id, claim.endpoint_id, url,
                                    query.String(1), query.Int32(2), TimeFrom(query.Int(3))});
    }
  }
  for (size_t i = first; i < claimed.deliveries.size(); ++i) {
    Query(db, sql::kLeaseWebhook, claimed.deliveries[i].id, ToColumn(lease_end)).Run();
  }
  Query query(db, sql::kNextDueOfEndpoint, claim.endpoint_id);
  if (query.Step()) claimed.next_due.push_back({claim.endpoint_id, TimeFrom(query.Int(0))});
}

void RecordOutcome(Transaction& transaction, const WebhookOutcome& outcome, absl::Time now) {
  const bool is_pending = outcome.state == WebhookState::kPending;
  const std::optional<int64_t> due =
      is_pending ? ToColumn(outcome.next_attempt_time) : std::nullopt;
  Query(transaction.db(), sql::kMoveWebhook, outcome.id, outcome.state, due, outcome.http_status,
        outcome.error, ToColumn(now))
      .Run();
  if (!is_pending) transaction.effects().pending_webhooks -= transaction.db().Changes();
}

void Replay(Transaction& transaction, int64_t delivery_id, int64_t endpoint_id, absl::Time now) {
  Query(transaction.db(), sql::kReplayWebhook, delivery_id, ToColumn(now)).Run();
  ++transaction.effects().pending_webhooks;
  transaction.effects().due_endpoints.push_back(endpoint_id);
}

// The narrowest index: a campaign may have millions of deliveries, and few that failed.
Query ListQuery(Connection& db, const WebhookFilter& filter, int64_t before_id) {
  if (filter.message_id != 0) {
    return {db, sql::kListWebhooksOfMessage, filter.message_id, before_id};
  }
  const bool only_failed = filter.states == std::vector{WebhookState::kFailed};
  return {db, only_failed ? sql::kListFailedWebhooks : sql::kListWebhooks, filter.campaign_id,
          before_id};
}

bool Fits(const Query& query, const WebhookFilter& filter, int64_t state_mask) {
  return query.Int(2) == filter.campaign_id && ((state_mask >> query.Int(5)) & 1) != 0;
}

absl::Status CheckCampaign(const CampaignRowPtr& row, int64_t account_id, int64_t campaign_id) {
  if (row == nullptr || (account_id != 0 && row->campaign.account_id != account_id)) {
    return errors::CampaignNotFound(campaign_id);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<EndpointDue>> SqliteStore::ListPendingEndpoints(
    int64_t after_endpoint_id, int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<EndpointDue>> {
    std::vector<EndpointDue> endpoints;
    int64_t endpoint_id = after_endpoint_id;
    while (endpoints.size() < static_cast<size_t>(limit)) {
      Query query(db, sql::kNextPendingEndpoint, endpoint_id);
      if (!query.Step()) break;
      endpoint_id = query.Int(0);
      endpoints.push_back({endpoint_id, TimeFrom(query.Int(1))});
    }
    return endpoints;
  });
}

void SqliteStore::ClaimWebhooks(std::vector<WebhookClaim> claims, absl::Time lease_end,
                                absl::Time now, ClaimWebhooksDone done) {
  size_t rows = 1;
  for (const WebhookClaim& claim : claims) rows += static_cast<size_t>(claim.limit);
  auto run = [claims = std::move(claims), lease_end,
              now](Transaction& transaction) -> absl::StatusOr<ClaimedWebhooks> {
    ClaimedWebhooks claimed;
    for (const WebhookClaim& claim : claims) {
      ClaimEndpoint(transaction.db(), claim, lease_end, now, claimed);
    }
    return claimed;
  };
  writer_.Submit<decltype(run), absl::StatusOr<ClaimedWebhooks>>({.rows = rows}, Admission::kAlways,
                                                                 std::move(run), std::move(done));
}

void SqliteStore::RecordWebhookOutcomes(std::vector<WebhookOutcome> outcomes, absl::Time now,
                                        WebhookStore::Done done) {
  const WriteSize size{outcomes.size(), outcomes.size() * (sizeof(WebhookOutcome) + 64)};
  auto run = [outcomes = std::move(outcomes), now](Transaction& transaction) -> absl::Status {
    for (const WebhookOutcome& outcome : outcomes) RecordOutcome(transaction, outcome, now);
    return absl::OkStatus();
  };
  writer_.Submit<decltype(run), absl::Status>(size, Admission::kAlways, std::move(run),
                                              std::move(done));
}

absl::StatusOr<WebhookStore::WebhookPage> SqliteStore::ListWebhooks(const WebhookFilter& filter,
                                                                    int64_t after_id,
                                                                    int32_t page_size) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<WebhookPage> {
    RETURN_IF_ERROR(CheckCampaign(FindCampaignRow(db, caches_, filter.campaign_id),
                                  filter.account_id, filter.campaign_id));
    WebhookPage page;
    const int64_t state_mask = StateMask(filter.states);
    const int64_t before_id = after_id == 0 ? INT64_MAX : after_id;
    Query query = ListQuery(db, filter, before_id);
    for (int looked_at = 1; query.Step(); ++looked_at) {
      if (Fits(query, filter, state_mask)) page.deliveries.push_back(ReadDelivery(query));
      if (page.deliveries.size() >= static_cast<size_t>(page_size) ||
          looked_at >= kRowsPerPageMax) {
        page.next_after_id = query.Int(0);
        break;
      }
    }
    return page;
  });
}

absl::StatusOr<WebhookDelivery> SqliteStore::ReplayWebhook(int64_t account_id, int64_t delivery_id,
                                                           absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<WebhookDelivery> {
    WebhookDelivery delivery;
    int64_t endpoint_id = 0;
    {
      Query query(transaction.db(), sql::kGetWebhook, delivery_id);
      if (!query.Step() || (account_id != 0 && query.Int(1) != account_id)) {
        return errors::WebhookDeliveryNotFound(delivery_id);
      }
      delivery = ReadDelivery(query);
      endpoint_id = query.Int(13);
    }
    if (delivery.state == WebhookState::kPending) {
      return errors::WebhookDeliveryPending(delivery_id);
    }
    Replay(transaction, delivery_id, endpoint_id, now);
    delivery.state = WebhookState::kPending;
    delivery.next_attempt_time = now;
    return delivery;
  });
}

absl::StatusOr<WebhookStore::Replayed> SqliteStore::ReplayFailedWebhooks(int64_t account_id,
                                                                         int64_t campaign_id,
                                                                         absl::Time now,
                                                                         int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Replayed> {
    RETURN_IF_ERROR(CheckCampaign(transaction.FindCampaign(campaign_id), account_id, campaign_id));
    std::vector<std::pair<int64_t, int64_t>> failed;
    {
      Query query(transaction.db(), sql::kFailedWebhooks, campaign_id, limit, ToColumn(now));
      while (query.Step()) failed.emplace_back(query.Int(0), query.Int(1));
    }
    for (const auto& [id, endpoint_id] : failed) Replay(transaction, id, endpoint_id, now);
    return Replayed{static_cast<int32_t>(failed.size()),
                    failed.size() >= static_cast<size_t>(limit)};
  });
}

absl::StatusOr<WebhookStore::WebhookLag> SqliteStore::GetWebhookLag() {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<WebhookLag> {
    WebhookLag lag{.pending = caches_.pending_webhooks, .oldest_due = std::nullopt};
    std::optional<int64_t> first_due;
    int64_t endpoint_id = 0;
    for (int i = 0; i < kEndpointsForAgeMax; ++i) {
      Query query(db, sql::kNextPendingEndpoint, endpoint_id);
      if (!query.Step()) break;
      endpoint_id = query.Int(0);
      if (first_due.has_value() && *first_due <= query.Int(1)) continue;
      first_due = query.Int(1);
      lag.oldest_due = TimeFrom(query.Int(2));
    }
    return lag;
  });
}

}  // namespace campaigner::storage::sqlite
