#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {

absl::StatusOr<std::vector<SeriesRow>> SqliteStore::GetCampaignSeries(int64_t campaign_id,
                                                                      absl::Time begin,
                                                                      absl::Time end,
                                                                      int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<SeriesRow>> {
    if (FindCampaignRow(db, caches_, campaign_id) == nullptr) {
      return domain::errors::CampaignNotFound(campaign_id);
    }
    std::vector<SeriesRow> rows;
    Query query(db, sql::kReadSeries, campaign_id, ToMinute(begin), ToMinute(end));
    while (query.Step()) {
      const absl::Time minute = TimeFromMinute(query.Int(0));
      const bool is_full = rows.size() >= static_cast<size_t>(limit);
      if (is_full && minute != rows.back().minute) break;
      rows.push_back(
          {minute, static_cast<domain::MessageState>(query.Int(1)), query.Int(2), query.Int(3)});
    }
    return rows;
  });
}

}  // namespace campaigner::storage::sqlite
