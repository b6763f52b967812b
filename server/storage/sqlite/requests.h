#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/storage/sqlite/connection.h"

// Request ids: what a repeat is answered with.
namespace campaigner::storage::sqlite {

// Numbers are stored.
enum class RequestKind : uint8_t { kAccount = 1, kCampaign = 2, kMessages = 3, kOperation = 4 };

struct RequestKey {
  int64_t account_id = 0;
  RequestKind kind = RequestKind::kMessages;
  const std::string& request_id;
};

struct RequestAnswer {
  std::string request_hash = "";
  int64_t first_id = 0;
  int64_t count = 0;
};

// Nothing for an empty request id, and for one that is older than limits::kIdempotencyWindow.
std::optional<RequestAnswer> FindRequest(Connection& connection, const RequestKey& key,
                                         absl::Time now);
// Nothing happens for an empty request id.
void PutRequest(Connection& connection, const RequestKey& key, const RequestAnswer& answer,
                absl::Time now);

}  // namespace campaigner::storage::sqlite
