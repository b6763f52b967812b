#include <algorithm>
#include <utility>

#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/message_reader.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

// Rows looked at for each that may be answered.
constexpr size_t kLookedAtPerRow = 20;

void ReadLastAttempt(Connection& db, domain::Message& message) {
  Query query(db, sql::kLastAttempt, message.id);
  if (!query.Step()) return;
  domain::Attempt& attempt = message.attempts.emplace_back();
  attempt.number = query.Int32(0);
  attempt.route_id = query.Int(1);
  attempt.provider_message_id = query.String(2);
  attempt.detail = query.String(3);
  attempt.receipt_detail = query.String(4);
}

}  // namespace

// Each statement sees a snapshot of its own: nothing holds one from page to page.
absl::StatusOr<MessagePage> SqliteStore::ExportMessages(const ExportFilter& filter,
                                                        int64_t after_id, int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<MessagePage> {
    MessagePage page;
    std::vector<StoredMessage> found;
    const auto size = static_cast<size_t>(limit);
    const int64_t state_mask = StateMask(filter.states);
    size_t looked_at = 0;
    int64_t first_id = after_id + 1;
    while (page.next_after_id == 0) {
      int64_t last_id = 0;
      {
        Query extent(db, sql::kExtentAfter, filter.campaign_id, first_id);
        if (!extent.Step()) break;
        first_id = std::max(first_id, extent.Int(0));
        last_id = extent.Int(1);
      }
      Query query(db, sql::kReadMessages, first_id, last_id);
      while (page.next_after_id == 0 && query.Step()) {
        const bool fits =
            query.Int(1) == filter.campaign_id && ((state_mask >> query.Int(3)) & 1) != 0;
        if (fits) found.push_back(ReadStored(query));
        ++looked_at;
        const bool is_full = found.size() >= size || looked_at >= size * kLookedAtPerRow;
        if (is_full) page.next_after_id = query.Int(0);
      }
      first_id = last_id + 1;
    }
    for (StoredMessage& stored : found) {
      if (filter.with_text) RenderText(db, caches_, stored);
      ReadLastAttempt(db, stored.message);
      page.messages.push_back(std::move(stored.message));
    }
    return page;
  });
}

}  // namespace campaigner::storage::sqlite
