#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/net/http_client.h"
#include "server/storage/webhook_store.h"
#include "server/webhooks/endpoint_table.h"

namespace campaigner::webhooks {

struct ClaimAnswer {
  EndpointTable::Claims asked;
  absl::Time lease_end;
  absl::StatusOr<storage::WebhookStore::ClaimedWebhooks> claimed;
};

struct ExchangeResult {
  Exchange exchange;
  net::HttpResult result;
};

// What other threads have told the sender since it last looked.
struct News {
  std::vector<int64_t> due_endpoints;
  // More hints came than are kept: only a scan finds them all.
  bool has_lost_hints = false;
  std::vector<ClaimAnswer> claims;
  std::vector<storage::WebhookId> deleted;
  std::vector<ExchangeResult> exchanges;
  std::vector<absl::Status> records;
};

// Where they tell it. Thread-safe; outlives the sender in whatever still holds it.
class Inbox {
 public:
  // Changes the news by `change` and wakes the sender.
  template <typename Change>
  void Tell(Change change) EXCLUDES(mutex_) {
    {
      base::MutexLock lock(mutex_);
      change(news_);
      if (std::exchange(has_news_, true)) return;
    }
    signal_.Notify();
  }

  News Take() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    has_news_ = false;
    return std::exchange(news_, News());
  }

  bool has_news() const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return has_news_;
  }

  base::WakeSignal& signal() { return signal_; }

  // Calls whose answers are still to come.
  std::atomic<int> store_calls_pending{0};
  std::atomic<int> exchanges_pending{0};

 private:
  mutable base::Mutex mutex_;
  News news_ GUARDED_BY(mutex_);
  bool has_news_ GUARDED_BY(mutex_) = false;
  base::WakeSignal signal_;
};

}  // namespace campaigner::webhooks
