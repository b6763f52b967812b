#include "server/rpc/key_rates.h"

#include <algorithm>

#include "server/domain/errors/requests.h"

namespace campaigner::rpc {
namespace {

constexpr absl::Duration kBurst = absl::Seconds(1);
// Keys remembered before those that owe nothing are dropped.
constexpr size_t kKeysMax = 10'000;

absl::Duration Cost(int32_t per_second_max, int64_t messages) {
  return absl::Seconds(1) * messages / per_second_max;
}

}  // namespace

absl::Status KeyRates::Take(int64_t key_id, int32_t per_second_max, int64_t messages,
                            absl::Time now) {
  if (per_second_max <= 0) return absl::OkStatus();
  const absl::Duration cost = Cost(per_second_max, messages);
  base::MutexLock lock(mutex_);
  if (paid_until_.size() >= kKeysMax) {
    absl::erase_if(paid_until_, [now](const auto& entry) { return entry.second <= now; });
  }
  absl::Time& paid_until = paid_until_.try_emplace(key_id, now).first->second;
  paid_until = std::max(paid_until, now);
  // What is owed must leave room for the whole cost within a burst; a larger one needs a clean
  // slate.
  const absl::Duration room = std::max(absl::ZeroDuration(), kBurst - cost);
  const absl::Duration wait = paid_until - now - room;
  if (wait > absl::ZeroDuration()) return domain::errors::RateExceeded(wait);
  paid_until += cost;
  return absl::OkStatus();
}

void KeyRates::GiveBack(int64_t key_id, int32_t per_second_max, int64_t messages) {
  if (per_second_max <= 0) return;
  base::MutexLock lock(mutex_);
  const auto entry = paid_until_.find(key_id);
  if (entry != paid_until_.end()) entry->second -= Cost(per_second_max, messages);
}

}  // namespace campaigner::rpc
