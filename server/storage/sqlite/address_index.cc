#include "server/storage/sqlite/address_index.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "server/base/log.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"

namespace campaigner::storage::sqlite {
namespace {

constexpr size_t kEntryBytes = 8;

void PutNumber(uint32_t number, std::string& bytes) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(number >> shift));
}

uint32_t GetNumber(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    number |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  }
  return number;
}

// An entry of a bucket: its hash, and its id less the run's first.
using Entry = std::pair<uint32_t, uint32_t>;

// Ids are lost where sends are refused. That so many are lost takes somebody who means it.
bool IsTooFar(const AddressEntry& first, int64_t message_id) {
  return message_id - first.message_id > int64_t{UINT32_MAX};
}

// `entries` by ascending id, at least one.
void WriteRun(Connection& connection, const std::vector<AddressEntry>& entries) {
  const int64_t first_id = entries.front().message_id;
  std::array<std::vector<Entry>, kAddressBuckets> buckets;
  for (const AddressEntry& entry : entries) {
    buckets[entry.hash.bucket].emplace_back(entry.hash.rest,
                                            static_cast<uint32_t>(entry.message_id - first_id));
  }
  // Rows without entries too: they say where the run ends.
  for (size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    std::sort(buckets[bucket].begin(), buckets[bucket].end());
    std::string bytes;
    bytes.reserve(buckets[bucket].size() * kEntryBytes);
    for (const auto& [rest, offset] : buckets[bucket]) {
      PutNumber(rest, bytes);
      PutNumber(offset, bytes);
    }
    Query(connection, sql::kPutAddressRun, bucket, first_id, entries.back().message_id, Blob{bytes})
        .Run();
  }
}

void EraseFrom(std::vector<AddressEntry>& entries, const std::vector<int64_t>& erased_ids) {
  if (erased_ids.empty()) return;
  const std::set<int64_t> erased(erased_ids.begin(), erased_ids.end());
  std::erase_if(entries,
                [&](const AddressEntry& entry) { return erased.contains(entry.message_id); });
}

int64_t LastRunEnd(Connection& connection) {
  Query query(connection, sql::kLastAddressRun);
  return query.Step() ? query.Int(0) : 0;
}

// What a run takes from `after_id` on.
struct Stretch {
  std::vector<AddressEntry> entries;
  int64_t last_id = 0;
  // It is full: more may follow.
  bool is_full = false;
};

Stretch ReadStretch(Connection& connection, int64_t after_id) {
  Stretch stretch;
  size_t rows = 0;
  Query query(connection, sql::kAddressesAfter, after_id, kRunMessages);
  while (query.Step()) {
    ++rows;
    stretch.is_full = rows == kRunMessages ||
                      (!stretch.entries.empty() && IsTooFar(stretch.entries.front(), query.Int(0)));
    if (stretch.is_full && rows < kRunMessages) break;
    stretch.last_id = query.Int(0);
    // An erased one has no address.
    if (query.Text(1).empty()) continue;
    stretch.entries.push_back({HashAddress(query.Text(1)), stretch.last_id});
  }
  return stretch;
}

}  // namespace

// FNV-1a with the last steps of MurmurHash3, which mix its high bits.
AddressHash HashAddress(std::string_view address) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : address) {
    hash ^= static_cast<uint8_t>(byte);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return {static_cast<uint8_t>(hash >> 56), static_cast<uint32_t>(hash >> 24)};
}

void RecentAddresses::Append(const std::vector<AddressEntry>& entries) {
  base::MutexLock lock(mutex_);
  entries_.insert(entries_.end(), entries.begin(), entries.end());
}

void RecentAddresses::Clear() {
  base::MutexLock lock(mutex_);
  entries_.clear();
}

std::vector<int64_t> RecentAddresses::Find(AddressHash hash) const {
  std::vector<int64_t> ids;
  base::MutexLock lock(mutex_);
  for (const AddressEntry& entry : entries_) {
    if (entry.hash == hash) ids.push_back(entry.message_id);
  }
  return ids;
}

void RecentAddresses::Forget(AddressHash hash, const std::vector<int64_t>& ascending_ids) {
  base::MutexLock lock(mutex_);
  std::erase_if(entries_, [&](const AddressEntry& entry) {
    return entry.hash == hash &&
           std::binary_search(ascending_ids.begin(), ascending_ids.end(), entry.message_id);
  });
}

std::optional<AddressEntry> RecentAddresses::First() const {
  base::MutexLock lock(mutex_);
  return entries_.empty() ? std::nullopt : std::optional(entries_.front());
}

size_t RecentAddresses::size() const {
  base::MutexLock lock(mutex_);
  return entries_.size();
}

std::vector<AddressEntry> RecentAddresses::All() const {
  base::MutexLock lock(mutex_);
  return entries_;
}

void AddressWriter::Load(Connection& connection) {
  recent_.Clear();
  int64_t after_id = LastRunEnd(connection);
  int runs = 0;
  while (true) {
    const Stretch stretch = ReadStretch(connection, after_id);
    if (!stretch.is_full) {
      recent_.Append(stretch.entries);
      break;
    }
    after_id = stretch.last_id;
    if (stretch.entries.empty()) continue;
    Query(connection, sql::kBegin).Run();
    WriteRun(connection, stretch.entries);
    Query(connection, sql::kCommit).Run();
    ++runs;
  }
  if (runs > 0) base::LogInfo("addresses_indexed", {{"runs", runs}});
}

void AddressWriter::Write(Connection& connection, const std::vector<AddressEntry>& added,
                          const std::vector<int64_t>& erased_ids) {
  if (added.empty()) return;
  const std::optional<AddressEntry> first = recent_.First();
  is_apart_ = first.has_value() && IsTooFar(*first, added.back().message_id);
  if (!is_apart_ && recent_.size() + added.size() < kRunMessages) return;
  std::vector<AddressEntry> entries = recent_.All();
  if (!is_apart_) entries.insert(entries.end(), added.begin(), added.end());
  EraseFrom(entries, erased_ids);
  if (!entries.empty()) WriteRun(connection, entries);
  wrote_run_ = true;
}

void AddressWriter::Commit(const std::vector<AddressEntry>& added) {
  const bool wrote_run = std::exchange(wrote_run_, false);
  if (wrote_run) recent_.Clear();
  if (!added.empty() && (!wrote_run || is_apart_)) recent_.Append(added);
}

std::vector<int64_t> FindInRun(std::string_view entries, int64_t first_message_id, uint32_t rest) {
  size_t low = 0;
  size_t high = entries.size() / kEntryBytes;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (GetNumber(entries, middle * kEntryBytes) < rest) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::vector<int64_t> ids;
  for (size_t at = low * kEntryBytes;
       at + kEntryBytes <= entries.size() && GetNumber(entries, at) == rest; at += kEntryBytes) {
    ids.push_back(first_message_id + GetNumber(entries, at + 4));
  }
  return ids;
}

void ForgetInRuns(Connection& connection, AddressHash hash,
                  const std::vector<int64_t>& ascending_ids) {
  std::vector<std::pair<int64_t, std::string>> changed;
  {
    Query query(connection, sql::kAddressRunsDown, hash.bucket, INT64_MAX);
    while (query.Step()) {
      const int64_t first_id = query.Int(0);
      const std::string_view entries = query.Text(1);
      const std::vector<int64_t> found = FindInRun(entries, first_id, hash.rest);
      std::vector<int64_t> gone;
      std::set_intersection(found.begin(), found.end(), ascending_ids.begin(), ascending_ids.end(),
                            std::back_inserter(gone));
      if (gone.empty()) continue;
      std::string kept;
      for (size_t at = 0; at + kEntryBytes <= entries.size(); at += kEntryBytes) {
        const bool is_gone =
            GetNumber(entries, at) == hash.rest &&
            std::binary_search(gone.begin(), gone.end(), first_id + GetNumber(entries, at + 4));
        if (!is_gone) kept.append(entries.substr(at, kEntryBytes));
      }
      changed.emplace_back(first_id, std::move(kept));
    }
  }
  for (const auto& [first_id, entries] : changed) {
    Query(connection, sql::kSetAddressRun, hash.bucket, first_id, Blob{entries}).Run();
  }
}

void PruneRuns(Connection& connection, int64_t first_id, int64_t last_id) {
  std::vector<int64_t> empty;
  {
    Query query(connection, sql::kAddressRunsWithin, first_id, last_id);
    while (query.Step()) {
      const bool is_empty =
          !Query(connection, sql::kHasMessageWithin, query.Int(0), query.Int(1)).Step();
      if (is_empty) empty.push_back(query.Int(0));
    }
  }
  for (const int64_t run_id : empty) {
    for (int bucket = 0; bucket < kAddressBuckets; ++bucket) {
      Query(connection, sql::kDeleteAddressRun, bucket, run_id).Run();
    }
  }
}

}  // namespace campaigner::storage::sqlite
