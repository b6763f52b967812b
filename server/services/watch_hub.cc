#include "server/services/watch_hub.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace campaigner::services {

bool WatchHub::Add(std::shared_ptr<Watcher> watcher, const Interest& interest) {
  base::MutexLock lock(mutex_);
  if (!places_.TryTake(interest.account_id)) return false;
  has_watchers_ = true;
  for (const int64_t id : interest.message_ids) by_message_[id].push_back(watcher);
  if (interest.message_ids.empty()) {
    by_campaign_[interest.campaign_id].push_back(std::move(watcher));
  }
  return true;
}

void WatchHub::Remove(const std::shared_ptr<Watcher>& watcher, const Interest& interest) {
  base::MutexLock lock(mutex_);
  places_.Give(interest.account_id);
  has_watchers_ = places_.taken() > 0;
  for (const int64_t id : interest.message_ids) Erase(by_message_, id, watcher);
  if (interest.message_ids.empty()) Erase(by_campaign_, interest.campaign_id, watcher);
}

void WatchHub::Erase(Index& index, int64_t id, const std::shared_ptr<Watcher>& watcher) {
  const auto found = index.find(id);
  if (found == index.end()) return;
  auto& watchers = found->second;
  watchers.erase(std::remove(watchers.begin(), watchers.end(), watcher), watchers.end());
  if (watchers.empty()) index.erase(found);
}

void WatchHub::OnMessagesChanged(const std::vector<storage::MessageChange>& changes) {
  base::MutexLock lock(mutex_);
  absl::flat_hash_set<Watcher*> touched;
  const auto push = [&touched](const Index& index, int64_t id,
                               const storage::MessageChange& change) {
    const auto found = index.find(id);
    if (found == index.end()) return;
    for (const std::shared_ptr<Watcher>& watcher : found->second) {
      watcher->Push(change);
      touched.insert(watcher.get());
    }
  };
  for (const storage::MessageChange& change : changes) {
    push(by_campaign_, change.campaign_id, change);
    push(by_message_, change.message_id, change);
  }
  for (Watcher* watcher : touched) watcher->Flush();
}

}  // namespace campaigner::services
