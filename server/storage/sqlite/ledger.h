#pragma once

#include <array>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/caches.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/effects.h"

namespace campaigner::storage::sqlite {

// What the writer numbers in memory.
enum class Sequence : uint8_t { kMessage = 0, kClaim = 1, kWebhookDelivery = 2 };

// The writer's books: what it remembers between groups, so that a group writes a few summary rows
// instead of one for each message. For the writer's thread. Throws SQLite::Exception.
class Ledger {
 public:
  explicit Ledger(Caches& caches) : addresses_(caches.recent_addresses) {}

  // Reads the books, and drops claims that hold nothing any more.
  void Load(Connection& connection);

  // The first of `count` consecutive new ids. An id is never given twice, not even when the group
  // fails.
  int64_t NextIds(Sequence sequence, int64_t count);

  // Writes a group's effects into its transaction: counters, extents, finished claims, sequences.
  void Write(Connection& connection, const Effects& effects);
  // The group was committed, or lost.
  void Commit(const Effects& effects);
  void Abandon();
  // Extents were deleted: they are read again before the next is written.
  void ForgetExtents() { last_extents_.clear(); }

 private:
  static constexpr size_t kSequences = 3;

  void WriteCounters(Connection& connection, const Effects& effects);
  void WriteSeries(Connection& connection, const Effects& effects);
  void WriteExtents(Connection& connection, const Effects& effects);
  void WriteClaims(Connection& connection, const Effects& effects);
  void WriteSequences(Connection& connection);
  // A campaign's last extent, which may still grow; first_id 0: it has none.
  Extent& LastExtent(Connection& connection, int64_t campaign_id);

  std::array<int64_t, kSequences> next_ids_{1, 1, 1};
  std::array<int64_t, kSequences> written_ids_{1, 1, 1};
  AddressWriter addresses_;
  absl::flat_hash_map<int64_t, Extent> last_extents_;
  // Messages SENDING under each claim.
  absl::flat_hash_map<int64_t, int64_t> claimed_;
};

}  // namespace campaigner::storage::sqlite
