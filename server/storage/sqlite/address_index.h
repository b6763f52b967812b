#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/thread_annotations.h"
#include "server/storage/sqlite/connection.h"

// Which messages go to an address.
//
// Numbers come in any order: an index over them would write a page for nearly every message. So the
// writer gathers the messages in memory, and every kRunMessages of them writes a run: 256 rows of
// address_run, one for each bucket of addresses. A search reads the rows of one bucket (8 bytes for
// each of its messages) and then the messages found, because a hash is not an address. The newest
// messages, which are in no run yet, are searched in memory; after a restart they are read again.
namespace campaigner::storage::sqlite {

// Of a run. One bucket of it has 4 KB then, which fill the page that SQLite puts beside the row:
// nine bytes on disk for a message.
inline constexpr size_t kRunMessages = 131'072;
inline constexpr int kAddressBuckets = 256;

// Stored: never change it. Eight bits of bucket and 32 more.
struct AddressHash {
  uint8_t bucket = 0;
  uint32_t rest = 0;
  bool operator==(const AddressHash&) const = default;
};
AddressHash HashAddress(std::string_view address);

struct AddressEntry {
  AddressHash hash;
  int64_t message_id = 0;
};

// The messages that are in no run yet. Thread-safe.
class RecentAddresses {
 public:
  void Append(const std::vector<AddressEntry>& entries) EXCLUDES(mutex_);
  void Clear() EXCLUDES(mutex_);
  // Ascending. To be asked before the runs are read: what leaves here is in a run by then.
  std::vector<int64_t> Find(AddressHash hash) const EXCLUDES(mutex_);
  void Forget(AddressHash hash, const std::vector<int64_t>& ascending_ids) EXCLUDES(mutex_);
  std::optional<AddressEntry> First() const EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);
  std::vector<AddressEntry> All() const EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;
  // By ascending id.
  std::vector<AddressEntry> entries_ GUARDED_BY(mutex_);
};

// The writer's side. For the writer's thread. Throws SQLite::Exception.
class AddressWriter {
 public:
  explicit AddressWriter(RecentAddresses& recent) : recent_(recent) {}

  // Reads what is in no run, and writes the runs that are missing: all, where the database is older
  // than they are. Outside a transaction.
  void Load(Connection& connection);
  // Within a group's transaction, with the messages that it added, by ascending id, and those that
  // it erased, in any order.
  void Write(Connection& connection, const std::vector<AddressEntry>& added,
             const std::vector<int64_t>& erased_ids);
  // The group was committed, or lost.
  void Commit(const std::vector<AddressEntry>& added);
  void Abandon() { wrote_run_ = false; }

 private:
  RecentAddresses& recent_;
  bool wrote_run_ = false;
  // The run that was written is without what the group added.
  bool is_apart_ = false;
};

// One bucket of one run: the entries' messages with this hash, ascending.
std::vector<int64_t> FindInRun(std::string_view entries, int64_t first_message_id, uint32_t rest);

// Takes messages of one address out of all runs.
void ForgetInRuns(Connection& connection, AddressHash hash,
                  const std::vector<int64_t>& ascending_ids);

// Deletes runs without a message any more, of those that had one between `first_id` and `last_id`.
void PruneRuns(Connection& connection, int64_t first_id, int64_t last_id);

}  // namespace campaigner::storage::sqlite
