#include "server/storage/sqlite/ledger.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;

constexpr std::array<std::string_view, 3> kSequenceNames = {"message", "claim", "webhook_delivery"};
// An extent grows over so many foreign ids at most: campaigns that are sent into in turns then
// share ids instead of having an extent for each message, and a list skips no more than this.
constexpr int64_t kExtentGapMax = 128;
// An extent is written so many ids longer than it has to be, and a sequence so many ids ahead:
// small commits then need not write either. After a restart the ids of the latter are left out.
constexpr int64_t kExtentAhead = 256;
constexpr int64_t kSequenceAhead = 1000;
// Campaigns whose last extent is remembered.
constexpr size_t kLastExtentsMax = 20'000;

int64_t CountSending(Connection& connection, int64_t claim_id, std::string_view message_ids) {
  int64_t count = 0;
  for (const int64_t message_id : IdsFromBlob(message_ids)) {
    Query query(connection, sql::kIsHeld, message_id, claim_id);
    if (query.Step()) ++count;
  }
  return count;
}

}  // namespace

void Ledger::Load(Connection& connection) {
  addresses_.Load(connection);
  for (size_t i = 0; i < kSequences; ++i) {
    Query query(connection, sql::kGetSequence, kSequenceNames[i]);
    if (query.Step()) next_ids_[i] = written_ids_[i] = query.Int(0);
  }
  std::vector<int64_t> empty_claims;
  {
    Query query(connection, sql::kAllClaims);
    while (query.Step()) {
      const int64_t count = CountSending(connection, query.Int(0), query.Text(1));
      if (count == 0) {
        empty_claims.push_back(query.Int(0));
      } else {
        claimed_[query.Int(0)] = count;
      }
    }
  }
  for (const int64_t claim_id : empty_claims) {
    Query(connection, sql::kDeleteClaim, claim_id).Run();
  }
}

int64_t Ledger::NextIds(Sequence sequence, int64_t count) {
  int64_t& next = next_ids_[static_cast<size_t>(sequence)];
  const int64_t first = next;
  next += count;
  return first;
}

void Ledger::Write(Connection& connection, const Effects& effects) {
  WriteCounters(connection, effects);
  WriteSeries(connection, effects);
  WriteExtents(connection, effects);
  WriteClaims(connection, effects);
  WriteSequences(connection);
  addresses_.Write(connection, effects.addresses, effects.erased_ids);
}

void Ledger::Commit(const Effects& effects) {
  addresses_.Commit(effects.addresses);
  for (const auto& [claim_id, change] : effects.claimed) {
    const auto entry = claimed_.try_emplace(claim_id, 0).first;
    entry->second += change;
    if (entry->second <= 0) claimed_.erase(entry);
  }
}

// Extents may have been written that are not on disk now; sequences that were written count again.
void Ledger::Abandon() {
  addresses_.Abandon();
  last_extents_.clear();
  written_ids_.fill(0);
}

void Ledger::WriteCounters(Connection& connection, const Effects& effects) {
  std::map<std::pair<int64_t, int>, Amount> ordered;
  for (const auto& [key, delta] : effects.counters) {
    if (delta.change == Amount{}) continue;
    ordered[key] = delta.change;
    if (domain::IsFinal(static_cast<MessageState>(key.second))) continue;
    ordered[{0, key.second}] += delta.change;
  }
  for (const auto& [key, change] : ordered) {
    Query(connection, sql::kAddCounter, key.first, key.second, change.messages, change.segments,
          change.cost)
        .Run();
  }
}

void Ledger::WriteSeries(Connection& connection, const Effects& effects) {
  const int64_t minute = ToMinute(effects.arrival_time);
  for (const auto& [key, delta] : effects.counters) {
    if (delta.arrivals.messages == 0) continue;
    Query(connection, sql::kAddToSeries, key.first, minute, key.second, delta.arrivals.messages,
          delta.arrivals.segments)
        .Run();
  }
}

Extent& Ledger::LastExtent(Connection& connection, int64_t campaign_id) {
  if (last_extents_.size() >= kLastExtentsMax) last_extents_.clear();
  const auto [entry, is_new] = last_extents_.try_emplace(campaign_id);
  if (is_new) {
    Query query(connection, sql::kLastExtent, campaign_id);
    if (query.Step()) entry->second = {campaign_id, query.Int(0), query.Int(1)};
  }
  return entry->second;
}

void Ledger::WriteExtents(Connection& connection, const Effects& effects) {
  std::map<int64_t, std::vector<Extent>> added;
  for (const Extent& extent : effects.extents) {
    std::vector<Extent>& extents = added[extent.campaign_id];
    if (!extents.empty() && extent.first_id - extents.back().last_id <= kExtentGapMax) {
      extents.back().last_id = extent.last_id;
    } else {
      extents.push_back(extent);
    }
  }
  for (auto& [campaign_id, extents] : added) {
    Extent& last = LastExtent(connection, campaign_id);
    for (const Extent& extent : extents) {
      const bool is_near = last.first_id != 0 && extent.first_id - last.last_id <= kExtentGapMax;
      if (is_near && extent.last_id <= last.last_id) continue;
      if (!is_near) last = extent;
      last.last_id = extent.last_id + kExtentAhead;
      Query(connection, sql::kPutExtent, campaign_id, last.first_id, last.last_id).Run();
    }
  }
}

void Ledger::WriteClaims(Connection& connection, const Effects& effects) {
  for (const auto& [claim_id, change] : effects.claimed) {
    const auto known = claimed_.find(claim_id);
    const int64_t before = known == claimed_.end() ? 0 : known->second;
    if (before + change <= 0) Query(connection, sql::kDeleteClaim, claim_id).Run();
  }
}

void Ledger::WriteSequences(Connection& connection) {
  for (size_t i = 0; i < kSequences; ++i) {
    if (next_ids_[i] <= written_ids_[i]) continue;
    written_ids_[i] = next_ids_[i] + kSequenceAhead;
    Query(connection, sql::kSetSequence, kSequenceNames[i], written_ids_[i]).Run();
  }
}

}  // namespace campaigner::storage::sqlite
