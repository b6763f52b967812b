#include "server/storage/sqlite/requests.h"

#include "server/base/limits.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"

namespace campaigner::storage::sqlite {

std::optional<RequestAnswer> FindRequest(Connection& connection, const RequestKey& key,
                                         absl::Time now) {
  if (key.request_id.empty()) return std::nullopt;
  Query query(connection, sql::kGetRequest, key.account_id, key.kind, key.request_id);
  if (!query.Step()) return std::nullopt;
  if (TimeFrom(query.Int(3)) + base::limits::kIdempotencyWindow <= now) return std::nullopt;
  return RequestAnswer{query.String(0), query.Int(1), query.Int(2)};
}

void PutRequest(Connection& connection, const RequestKey& key, const RequestAnswer& answer,
                absl::Time now) {
  if (key.request_id.empty()) return;
  Query(connection, sql::kPutRequest, key.account_id, key.kind, key.request_id,
        Blob{answer.request_hash}, answer.first_id, answer.count, ToColumn(now))
      .Run();
}

}  // namespace campaigner::storage::sqlite
