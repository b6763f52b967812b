#pragma once

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/dispatch/metrics.h"
#include "server/imports/metrics.h"
#include "server/operations/runner.h"
#include "server/rpc/call_metrics.h"
#include "server/storage/store.h"
#include "server/webhooks/metrics.h"

namespace campaigner {

// The figures that are counted as things happen: calls and commits. The rest is read from their
// rooms when somebody asks. Thread-safe.
class Metrics final : public storage::StoreObserver {
 public:
  Metrics();

  rpc::CallMetrics& calls() { return calls_; }
  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

  void OnCommit(const storage::CommitReport& report) override;

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  rpc::CallMetrics calls_;
  prometheus::Histogram& commit_seconds_;
  prometheus::Counter& failed_commits_;
};

// Where the figures that rooms keep themselves are found. All must outlive the endpoint.
struct MetricsSources {
  storage::Store& store;
  const base::Clock& clock;
  const dispatch::DispatchMetrics& dispatch;
  const webhooks::WebhookMetrics& webhooks;
  const imports::ImportMetrics& imports;
  const operations::Runner& runner;
};

// GET /metrics in Prometheus' text format, on a port of its own.
class MetricsEndpoint {
 public:
  // `listen`: host:port. UNAVAILABLE for an address that cannot be bound.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& listen,
                                                                const Metrics& metrics,
                                                                MetricsSources sources);
  // Stops.
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  int port() const { return port_; }

 private:
  explicit MetricsEndpoint(const std::string& listen);

  const std::string host_;
  int port_ = 0;

  std::shared_ptr<prometheus::Collectable> figures_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace campaigner
