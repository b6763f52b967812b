#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "server/webhooks/endpoint_table.h"
#include "server/webhooks/inbox.h"
#include "server/webhooks/sender.h"

namespace campaigner::webhooks {

// The sender's one thread: claims, sends and records what the EndpointTable decides. RunOnce and
// everything private belong to whoever runs the loop.
class SenderLoop {
 public:
  SenderLoop(WebhookSenderOptions options, WebhookSenderContext context);
  ~SenderLoop();

  void Start();
  void Stop();
  absl::Time RunOnce();

  bool HasWork() const { return inbox_->has_news(); }
  int store_calls_pending() const { return inbox_->store_calls_pending; }
  int exchanges_pending() const { return inbox_->exchanges_pending; }

  void OnWebhooksDue(const std::vector<int64_t>& endpoint_ids);
  void OnWebhooksDeleted(const std::vector<storage::WebhookId>& webhooks);

 private:
  struct EndpointOutcome {
    int64_t endpoint_id = 0;
    storage::WebhookOutcome outcome;
  };

  void Run();
  bool IsDrained() const;
  void Read(News news, absl::Time now);
  void ReadExchange(const ExchangeResult& finished, absl::Time now);
  void ReadRecord(const absl::Status& status, absl::Time now);
  void AddOutcome(const storage::ClaimedWebhook& delivery, const net::HttpResult& result,
                  absl::Time now);
  // Asks the store which endpoints have something pending, a page at a time.
  void Scan(absl::Time now);
  void Claim(absl::Time now);
  void Send(absl::Time now);
  void SendOne(Exchange exchange, absl::Time now);
  void Record(absl::Time now);
  void ShowFigures();

  const WebhookSenderOptions options_;
  const WebhookSenderContext context_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  EndpointTable table_;
  std::mt19937_64 random_;
  // What came of tries, to be recorded, and what is being recorded.
  std::deque<EndpointOutcome> outcomes_;
  std::vector<EndpointOutcome> recording_;
  bool is_recording_ = false;
  bool is_claiming_ = false;
  absl::Time record_time_ = absl::InfinitePast();
  absl::Time scan_time_ = absl::InfinitePast();
  int64_t scan_after_id_ = 0;
  std::atomic<bool> is_stopping_ = false;
  // Written before is_stopping_ is raised.
  absl::Time drain_deadline_ = absl::InfiniteFuture();
  std::thread thread_;
};

}  // namespace campaigner::webhooks
