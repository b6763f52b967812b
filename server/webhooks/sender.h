#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/net/http_client.h"
#include "server/storage/store.h"
#include "server/webhooks/metrics.h"

namespace campaigner::webhooks {

struct WebhookSenderOptions {
  // Whole exchange.
  absl::Duration timeout = absl::Seconds(15);
  // Exchanges under way to one destination (scheme, host, port), at most. 0: 8, and up to 64 while
  // it answers quickly. The HTTP client's connections_per_host_max must be no less.
  int concurrency_per_destination_max = 0;
  // Exchanges under way in all; receivers that are new, slow or failing have half of it between
  // them. The HTTP client's connections_max and requests_max must be no less.
  int in_flight_max = 512;
  // Deliveries held in memory until their receiver has a place; about 1 KiB each.
  int buffered_max = 8192;
  // How often the store is asked which endpoints have something pending, besides its hints.
  absl::Duration scan_interval = absl::Seconds(30);
  // How long Stop waits for receivers, and then for the store.
  absl::Duration drain_timeout = absl::Seconds(10);
  // Of the retries' jitter.
  uint64_t seed = 0;
  // False: no thread is started; the owner calls RunOnce.
  bool own_thread = true;
};

// What the sender works with. All must outlive it; `http` must have its address guard on.
struct WebhookSenderContext {
  storage::Store& store;
  base::Clock& clock;
  net::HttpClient& http;
  WebhookMetrics& metrics;
};

class SenderLoop;

// Takes due webhook deliveries from the store to their receivers and the outcomes back.
//
// Every endpoint (URL of an account) and every destination has places of its own (bulkhead.h), and
// they take turns, so that a receiver that is slow or dead delays nobody else. A delivery is
// claimed before it is sent; what a crash or a stop left unfinished is due again when the claim's
// lease ends (timeout + 30 s): at least once. Behind a receiver that is dead, one delivery is tried
// and the others of its batch share its fate, so that they, too, come to an end.
//
// One thread; it calls the store asynchronously except for reads. The observer's functions are
// thread-safe; Start, RunOnce and Stop are the owner's.
class WebhookSender final : public storage::StoreObserver {
 public:
  WebhookSender(WebhookSenderOptions options, WebhookSenderContext context);
  // Without Stop: as if the process died.
  ~WebhookSender() override;

  // Begins. Call after store.AddObserver(this).
  void Start();

  // Does what can be done now; answers when it wants to be called again at the latest. Never blocks
  // on writes or receivers.
  absl::Time RunOnce();

  // Begins nothing new, waits for the receivers (drain_timeout) and until the outcomes are stored.
  // May be called twice.
  void Stop();

  // Something happened since the last RunOnce began. For owners without own_thread.
  bool HasWork() const;
  // Asynchronous calls to the store, and exchanges, that have not completed. For owners without
  // own_thread.
  int store_calls_pending() const;
  int exchanges_pending() const;

  void OnWebhooksDue(const std::vector<int64_t>& endpoint_ids) override;
  void OnWebhooksDeleted(const std::vector<storage::WebhookId>& webhooks) override;

 private:
  std::unique_ptr<SenderLoop> loop_;
};

}  // namespace campaigner::webhooks
