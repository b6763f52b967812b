#pragma once

#include <cstdint>

#include "server/storage/sqlite/caches.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/effects.h"
#include "server/storage/sqlite/ledger.h"

namespace campaigner::storage::sqlite {

// What a write works with. It sees the writes before it in its group, though they are not committed
// yet. For the writer's thread. Throws SQLite::Exception.
class Transaction {
 public:
  Transaction(Connection& connection, Caches& caches)
      : connection_(connection), caches_(caches), ledger_(caches) {}

  // -- For writes.

  Connection& db() { return connection_; }
  Caches& caches() { return caches_; }
  // What this write does besides its own rows.
  Effects& effects() { return effects_; }
  // Whether message_changes are wanted.
  bool is_watched() const { return is_watched_; }

  // Null when there is none.
  CampaignRowPtr FindCampaign(int64_t campaign_id);
  void PutCampaign(CampaignRowPtr row);
  void EraseCampaign(int64_t campaign_id);

  // Adds to the campaign's counter of the state. What comes into the state is counted by
  // CountArrival, for the time series too.
  void Count(int64_t campaign_id, domain::MessageState state, const Amount& amount);
  void CountArrival(int64_t campaign_id, domain::MessageState state, const Amount& amount,
                    absl::Time now);
  // The campaign's messages in a state, and those that are not final.
  int64_t CountInState(int64_t campaign_id, domain::MessageState state);
  int64_t CountOpen(int64_t campaign_id);

  int64_t NextIds(Sequence sequence, int64_t count) { return ledger_.NextIds(sequence, count); }
  // Message `id` belongs to the campaign. Ids come in ascending order.
  void AddToExtent(int64_t campaign_id, int64_t id);
  // Messages became ready there.
  void AddReadyLane(int64_t campaign_id, int64_t route_id);

  // -- For the writer.

  // Reads what is remembered between groups.
  void Load();
  void BeginGroup(bool is_watched);
  // The present write is part of the group, or is not.
  void KeepWrite() { effects_.MoveInto(group_effects_); }
  void DropWrite();
  // Before COMMIT.
  void WriteSummary() { ledger_.Write(connection_, group_effects_); }
  // After COMMIT: brings memory up to date. The effects are for observers.
  const Effects& PublishGroup();
  void AbandonGroup();
  // The pruning of extents: what is remembered of them is read again.
  void ForgetExtents() { ledger_.ForgetExtents(); }

 private:
  Connection& connection_;
  Caches& caches_;
  Ledger ledger_;
  Effects effects_;
  Effects group_effects_;
  bool is_watched_ = false;
  // The last one found, as messages mostly come in runs of one campaign.
  CampaignRowPtr last_campaign_;
};

}  // namespace campaigner::storage::sqlite
