#pragma once

#include <atomic>
#include <cstdint>

namespace campaigner::webhooks {

// Figures of the webhook sender: written by its thread, read by whoever exports them. Counters only
// grow. What waits and since when is answered by WebhookStore::GetWebhookLag.
struct WebhookMetrics {
  using Counter = std::atomic<int64_t>;
  // Tries by what came of them.
  Counter delivered{0};
  Counter retried{0};
  Counter failed{0};
  // From the event to its delivery: sum over `delivered`, in microseconds.
  Counter delivery_delay_us{0};
  // Writes that the store refused and that are tried again.
  Counter store_retries{0};
  // Claims given up because their turn did not come within the lease.
  Counter lapsed{0};
  // Right now: exchanges under way, deliveries claimed and waiting for a place, receivers known.
  Counter in_flight{0};
  Counter buffered{0};
  Counter endpoints{0};
};

}  // namespace campaigner::webhooks
