#include "server/webhooks/sender_loop.h"

#include <algorithm>
#include <utility>

#include "server/base/log.h"

namespace campaigner::webhooks {
namespace {

// Where the configuration says nothing: so many exchanges to a destination that answers slowly, and
// to one that answers quickly.
constexpr int kSteadyDefault = 8;
constexpr int kQuickDefault = 64;
// How long a claim holds beyond one exchange: time for a delivery to wait for its turn and for its
// outcome to be stored.
constexpr absl::Duration kLeaseMargin = absl::Seconds(30);
// Until something that the store refused is asked of it again.
constexpr absl::Duration kStoreRetry = absl::Seconds(1);
// Outcomes in one write, and so many unwritten that no further claims are made: what cannot be
// recorded is sent again one day, so nothing new is begun meanwhile.
constexpr size_t kOutcomesPerWrite = 2048;
constexpr size_t kOutcomesWaitingMax = 8192;
// Endpoints read by one step of a scan.
constexpr int32_t kScanPage = 1000;
// Hints kept between two looks; more are found by a scan.
constexpr size_t kHintsMax = 100'000;

EndpointTableOptions TableOptions(const WebhookSenderOptions& options) {
  const int max = options.concurrency_per_destination_max;
  BulkheadLimits limits;
  limits.steady = max > 0 ? max : kSteadyDefault;
  limits.max = max > 0 ? max : kQuickDefault;
  limits.start = std::min(limits.start, limits.steady);
  EndpointTableOptions table{.endpoint_limits = limits, .destination_limits = limits};
  table.destination_limits.start = limits.steady;
  table.in_flight_max = options.in_flight_max;
  table.buffered_max = options.buffered_max;
  table.exchange_timeout = options.timeout;
  return table;
}

}  // namespace

SenderLoop::SenderLoop(WebhookSenderOptions options, WebhookSenderContext context)
    : options_(options), context_(context), table_(TableOptions(options)), random_(options.seed) {}

SenderLoop::~SenderLoop() {
  drain_deadline_ = absl::InfinitePast();
  is_stopping_ = true;
  inbox_->signal().Notify();
  if (thread_.joinable()) thread_.join();
}

void SenderLoop::Start() {
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
}

void SenderLoop::Stop() {
  if (is_stopping_) return;
  drain_deadline_ = context_.clock.Now() + options_.drain_timeout;
  is_stopping_ = true;
  inbox_->signal().Notify();
  if (thread_.joinable()) thread_.join();
}

void SenderLoop::Run() {
  while (true) {
    const absl::Time next = RunOnce();
    if (is_stopping_ && (IsDrained() || context_.clock.Now() >= drain_deadline_)) return;
    const absl::Time until = is_stopping_ ? std::min(next, drain_deadline_) : next;
    context_.clock.SleepUntil(inbox_->signal(), until);
  }
}

bool SenderLoop::IsDrained() const {
  return table_.in_flight() == 0 && outcomes_.empty() && !is_recording_ && !is_claiming_;
}

absl::Time SenderLoop::RunOnce() {
  const absl::Time now = context_.clock.Now();
  Read(inbox_->Take(), now);
  table_.Advance(now);
  if (!is_stopping_) {
    Scan(now);
    Claim(now);
    Send(now);
  }
  Record(now);
  ShowFigures();
  absl::Time next = std::min(table_.NextWake(), scan_time_);
  if (!outcomes_.empty() && !is_recording_) next = std::min(next, record_time_);
  return next;
}

void SenderLoop::OnWebhooksDue(const std::vector<int64_t>& endpoint_ids) {
  inbox_->Tell([&endpoint_ids](News& news) {
    auto& due = news.due_endpoints;
    if (due.size() + endpoint_ids.size() > kHintsMax) {
      news.has_lost_hints = true;
    } else {
      due.insert(due.end(), endpoint_ids.begin(), endpoint_ids.end());
    }
  });
}

void SenderLoop::OnWebhooksDeleted(const std::vector<storage::WebhookId>& webhooks) {
  inbox_->Tell([&webhooks](News& news) {
    news.deleted.insert(news.deleted.end(), webhooks.begin(), webhooks.end());
  });
}

void SenderLoop::Read(News news, absl::Time now) {
  for (const int64_t endpoint_id : news.due_endpoints) table_.MarkDue(endpoint_id, now, now);
  if (news.has_lost_hints) scan_time_ = now;
  for (const ExchangeResult& finished : news.exchanges) ReadExchange(finished, now);
  for (ClaimAnswer& answer : news.claims) {
    is_claiming_ = false;
    if (answer.claimed.ok()) {
      table_.AddClaimed(answer.asked, *std::move(answer.claimed), answer.lease_end, now);
    } else {
      ++context_.metrics.store_retries;
      table_.ClaimFailed(answer.asked, now + kStoreRetry, now);
    }
  }
  // After the claims: what a claim took before it was deleted is answered before.
  for (const storage::WebhookId& webhook : news.deleted) table_.Drop(webhook, now);
  for (const absl::Status& status : news.records) ReadRecord(status, now);
}

void SenderLoop::ReadExchange(const ExchangeResult& finished, absl::Time now) {
  const ReceiverHealth health = JudgeReceiver(finished.result);
  const auto companions = table_.Finish(finished.exchange, health, now);
  // Our own fault, or the end of the process: no try of the delivery's. Its claim brings it back.
  if (finished.result.failure == net::HttpFailure::kOverloaded) return;
  AddOutcome(finished.exchange.delivery, finished.result, now);
  for (const storage::ClaimedWebhook& delivery : companions) {
    AddOutcome(delivery, finished.result, now);
  }
}

void SenderLoop::AddOutcome(const storage::ClaimedWebhook& delivery, const net::HttpResult& result,
                            absl::Time now) {
  const double jitter = std::uniform_real_distribution<double>()(random_);
  storage::WebhookOutcome outcome = DecideOutcome(delivery, result, jitter, now);
  WebhookMetrics& metrics = context_.metrics;
  switch (outcome.state) {
    case domain::WebhookState::kDelivered:
      ++metrics.delivered;
      metrics.delivery_delay_us += absl::ToInt64Microseconds(now - delivery.create_time);
      break;
    case domain::WebhookState::kPending: ++metrics.retried; break;
    case domain::WebhookState::kFailed: ++metrics.failed; break;
  }
  outcomes_.push_back({delivery.endpoint_id, std::move(outcome)});
}

void SenderLoop::ReadRecord(const absl::Status& status, absl::Time now) {
  is_recording_ = false;
  if (status.ok()) {
    // Only now would a claim that is under way not overlook it.
    for (const auto& [endpoint_id, outcome] : recording_) {
      if (outcome.next_attempt_time) table_.MarkDue(endpoint_id, *outcome.next_attempt_time, now);
    }
    return recording_.clear();
  }
  ++context_.metrics.store_retries;
  base::LogWarning("webhook_outcomes_not_stored",
                   {{"count", recording_.size()}, {"status", status.ToString()}});
  outcomes_.insert(outcomes_.begin(), std::make_move_iterator(recording_.begin()),
                   std::make_move_iterator(recording_.end()));
  recording_.clear();
  record_time_ = now + kStoreRetry;
}

void SenderLoop::Scan(absl::Time now) {
  if (now < scan_time_) return;
  const auto page = context_.store.ListPendingEndpoints(scan_after_id_, kScanPage);
  if (!page.ok()) {
    base::LogWarning("webhook_scan_failed", {{"status", page.status().ToString()}});
    scan_time_ = now + kStoreRetry;
    return;
  }
  // What is due later than that is found in time by the next scan, and costs no memory until then.
  const absl::Time soon = now + 2 * options_.scan_interval;
  for (const storage::EndpointDue& endpoint : *page) {
    if (endpoint.due_time < soon) table_.MarkDue(endpoint.endpoint_id, endpoint.due_time, now);
  }
  if (page->size() == kScanPage) {
    scan_after_id_ = page->back().endpoint_id;
    return;
  }
  scan_after_id_ = 0;
  scan_time_ = now + options_.scan_interval;
  table_.Forget(soon);
}

void SenderLoop::Claim(absl::Time now) {
  if (is_claiming_ || outcomes_.size() > kOutcomesWaitingMax) return;
  EndpointTable::Claims claims = table_.TakeClaims(now);
  if (claims.empty()) return;
  is_claiming_ = true;
  ++inbox_->store_calls_pending;
  const absl::Time lease_end = now + options_.timeout + kLeaseMargin;
  auto done = [inbox = inbox_, claims,
               lease_end](absl::StatusOr<storage::WebhookStore::ClaimedWebhooks> claimed) {
    inbox->Tell([&](News& news) {
      news.claims.push_back({claims, lease_end, std::move(claimed)});
    });
    --inbox->store_calls_pending;
  };
  context_.store.ClaimWebhooks(std::move(claims), lease_end, now, std::move(done));
}

void SenderLoop::Send(absl::Time now) {
  while (auto exchange = table_.TakeNext(now)) SendOne(*std::move(exchange), now);
}

void SenderLoop::SendOne(Exchange exchange, absl::Time now) {
  const auto secrets = context_.store.GetWebhookSecrets(exchange.delivery.account_id);
  if (!secrets.ok()) {
    base::LogError("webhook_secret_missing", {{"account", exchange.delivery.account_id},
                                              {"status", secrets.status().ToString()}});
    table_.Finish(exchange, ReceiverHealth::kNotAsked, now);
    return;
  }
  net::HttpRequest request = MakeRequest(exchange.delivery, *secrets, options_.timeout, now);
  exchange.delivery.payload.clear();
  ++inbox_->exchanges_pending;
  context_.http.Send(std::move(request), [inbox = inbox_, exchange = std::move(exchange)](
                                             net::HttpResult result) mutable {
    inbox->Tell([&](News& news) {
      news.exchanges.push_back({std::move(exchange), std::move(result)});
    });
    --inbox->exchanges_pending;
  });
}

void SenderLoop::Record(absl::Time now) {
  if (is_recording_ || outcomes_.empty() || now < record_time_) return;
  std::vector<storage::WebhookOutcome> batch;
  while (!outcomes_.empty() && batch.size() < kOutcomesPerWrite) {
    batch.push_back(outcomes_.front().outcome);
    recording_.push_back(std::move(outcomes_.front()));
    outcomes_.pop_front();
  }
  is_recording_ = true;
  ++inbox_->store_calls_pending;
  auto done = [inbox = inbox_](absl::Status status) {
    inbox->Tell([&](News& news) { news.records.push_back(std::move(status)); });
    --inbox->store_calls_pending;
  };
  context_.store.RecordWebhookOutcomes(std::move(batch), now, std::move(done));
}

void SenderLoop::ShowFigures() {
  WebhookMetrics& metrics = context_.metrics;
  metrics.in_flight = table_.in_flight();
  metrics.buffered = table_.buffered();
  metrics.endpoints = static_cast<int64_t>(table_.size());
  metrics.lapsed = table_.lapsed();
}

}  // namespace campaigner::webhooks
