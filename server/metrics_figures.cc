#include "server/metrics_figures.h"

#include <limits>
#include <string>
#include <utility>

namespace campaigner {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

constexpr const char* kOutcomeNames[dispatch::DispatchMetrics::kOutcomeCount] = {
    "none",      "accepted",      "rejected",  "passing_failure",
    "throttled", "misconfigured", "opted_out", "unknown"};

MetricFamily& AddFamily(Families& families, const char* name, const char* help, MetricType type) {
  families.push_back({.name = name, .help = help, .type = type, .metric = {}});
  return families.back();
}

void AddValue(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

void AddOne(Families& families, const char* name, const char* help, MetricType type, double value) {
  AddValue(AddFamily(families, name, help, type), {}, value);
}

double Value(const std::atomic<int64_t>& counter) { return static_cast<double>(counter.load()); }

double AgeSeconds(std::optional<absl::Time> since, absl::Time now) {
  return since ? std::max(0.0, absl::ToDoubleSeconds(now - *since)) : 0.0;
}

void AddStore(const MetricsSources& sources, Families& families) {
  const absl::Time now = sources.clock.Now();
  AddOne(families, "campaigner_write_queue_length", "Write requests waiting for the writer.",
         MetricType::Gauge, static_cast<double>(sources.store.WriteQueueLength()));
  if (const auto depths = sources.store.QueueDepths(); depths.ok()) {
    MetricFamily& family = AddFamily(families, "campaigner_messages",
                                     "Messages that are not final, by state.", MetricType::Gauge);
    for (const storage::QueueDepth& depth : *depths) {
      AddValue(family, {{"state", domain::StateName(depth.state)}},
               static_cast<double>(depth.messages));
    }
  }
  if (const auto oldest = sources.store.OldestReady(); oldest.ok()) {
    AddOne(families, "campaigner_oldest_ready_seconds",
           "Age of the oldest message that could be sent now.", MetricType::Gauge,
           AgeSeconds(*oldest, now));
  }
  if (const auto unknown = sources.store.CountUnknownOutcomes(); unknown.ok()) {
    AddOne(families, "campaigner_unknown_outcomes_recorded_total",
           "Attempts whose outcome nobody knows, over all starts on this database.",
           MetricType::Counter, static_cast<double>(*unknown));
  }
  if (const auto lag = sources.store.GetWebhookLag(); lag.ok()) {
    AddOne(families, "campaigner_webhooks_pending", "Webhook deliveries not yet acknowledged.",
           MetricType::Gauge, static_cast<double>(lag->pending));
    AddOne(families, "campaigner_webhook_lag_seconds", "Age of the oldest webhook that is due.",
           MetricType::Gauge, AgeSeconds(lag->oldest_due, now));
  }
}

void AddProviders(const dispatch::DispatchMetrics& metrics, Families& families) {
  MetricFamily outcomes = {.name = "campaigner_provider_outcomes_total",
                           .help = "Attempts by what came of them.",
                           .type = MetricType::Counter,
                           .metric = {}};
  MetricFamily breakers = {.name = "campaigner_provider_breaker",
                           .help = "0 closed, 1 half open, 2 open.",
                           .type = MetricType::Gauge,
                           .metric = {}};
  for (const auto& provider : metrics.providers()) {
    for (size_t i = 1; i < provider.outcomes.size(); ++i) {
      AddValue(outcomes, {{"provider", provider.name}, {"outcome", kOutcomeNames[i]}},
               Value(provider.outcomes[i]));
    }
    AddValue(breakers, {{"provider", provider.name}}, static_cast<double>(provider.breaker.load()));
  }
  families.push_back(std::move(outcomes));
  families.push_back(std::move(breakers));
}

void AddRoutes(const dispatch::DispatchMetrics& metrics, Families& families) {
  MetricFamily in_flight = {.name = "campaigner_route_in_flight",
                            .help = "Messages with the provider, unanswered.",
                            .type = MetricType::Gauge,
                            .metric = {}};
  MetricFamily retries = {.name = "campaigner_route_retries_total",
                          .help = "Attempts after the first.",
                          .type = MetricType::Counter,
                          .metric = {}};
  for (const auto& route : metrics.routes()) {
    AddValue(in_flight, {{"route", route.name}}, Value(route.in_flight));
    AddValue(retries, {{"route", route.name}}, Value(route.retries));
  }
  families.push_back(std::move(in_flight));
  families.push_back(std::move(retries));
}

void AddDelays(const dispatch::DispatchMetrics& metrics, Families& families) {
  MetricFamily& family =
      AddFamily(families, "campaigner_accept_to_submit_seconds",
                "First attempts: from acceptance to the provider's door.", MetricType::Histogram);
  const auto delays = metrics.accept_to_submit();
  ClientMetric metric;
  metric.histogram.sample_sum = delays.sum_seconds;
  for (size_t i = 0; i < delays.buckets.size(); ++i) {
    metric.histogram.sample_count += static_cast<uint64_t>(delays.buckets[i]);
    const double bound = i < metrics.kDelayBounds.size() ? metrics.kDelayBounds[i]
                                                         : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back(
        {.cumulative_count = metric.histogram.sample_count, .upper_bound = bound});
  }
  family.metric.push_back(std::move(metric));
}

void AddDispatch(const dispatch::DispatchMetrics& metrics, Families& families) {
  const std::pair<const char*, std::pair<const char*, const std::atomic<int64_t>*>> counters[] = {
      {"campaigner_unknown_outcomes_total",
       {"Attempts whose outcome nobody knows, since this start.", &metrics.unknown_outcomes}},
      {"campaigner_rescued_total", {"Messages taken back from lapsed claims.", &metrics.rescued}},
      {"campaigner_given_back_total", {"Claims given back unsent.", &metrics.given_back}},
      {"campaigner_expired_unsent_total",
       {"Messages past their Sending Timeout.", &metrics.expired_unsent}},
      {"campaigner_receipts_applied_total",
       {"Receipts of providers in this process that changed a message.",
        &metrics.receipts_applied}},
      {"campaigner_receipts_ignored_total",
       {"Receipts of providers in this process that came late or twice.",
        &metrics.receipts_ignored}},
      {"campaigner_store_retries_total",
       {"Writes of dispatch that the store refused.", &metrics.store_retries}},
      {"campaigner_pruned_total", {"Old messages deleted.", &metrics.pruned}},
  };
  for (const auto& [name, counter] : counters) {
    AddOne(families, name, counter.first, MetricType::Counter, Value(*counter.second));
  }
}

void AddWebhooks(const webhooks::WebhookMetrics& metrics, Families& families) {
  MetricFamily& tries = AddFamily(families, "campaigner_webhook_tries_total",
                                  "Webhook posts by what came of them.", MetricType::Counter);
  AddValue(tries, {{"result", "delivered"}}, Value(metrics.delivered));
  AddValue(tries, {{"result", "retried"}}, Value(metrics.retried));
  AddValue(tries, {{"result", "failed"}}, Value(metrics.failed));
  AddOne(families, "campaigner_webhook_delay_seconds_total",
         "From the event to its delivery, summed over those delivered.", MetricType::Counter,
         Value(metrics.delivery_delay_us) / 1e6);
  AddOne(families, "campaigner_webhooks_in_flight", "Webhook posts under way.", MetricType::Gauge,
         Value(metrics.in_flight));
}

void AddImports(const MetricsSources& sources, Families& families) {
  AddOne(families, "campaigner_operations_running", "Imports and other long work under way.",
         MetricType::Gauge, sources.runner.running());
  AddOne(families, "campaigner_imported_rows_total", "Rows of imports that became messages.",
         MetricType::Counter, Value(sources.imports.imported_rows));
  AddOne(families, "campaigner_rejected_rows_total", "Rows of imports that did not.",
         MetricType::Counter, Value(sources.imports.rejected_rows));
}

}  // namespace

Families MetricsFigures::Collect() const {
  Families families;
  AddStore(sources_, families);
  AddProviders(sources_.dispatch, families);
  AddRoutes(sources_.dispatch, families);
  AddDelays(sources_.dispatch, families);
  AddDispatch(sources_.dispatch, families);
  AddWebhooks(sources_.webhooks, families);
  AddImports(sources_, families);
  return families;
}

}  // namespace campaigner
