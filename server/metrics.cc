#include "server/metrics.h"

#include <fmt/format.h>

#include <exception>

#include "server/metrics_figures.h"

namespace campaigner {
namespace {

// A quarter of a millisecond (a fast disk) to seconds (a disk in trouble).
const prometheus::Histogram::BucketBoundaries kCommitSeconds = {
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      calls_(*registry_),
      commit_seconds_(prometheus::BuildHistogram()
                          .Name("campaigner_commit_seconds")
                          .Help("From a group's first statement to the end of its commit.")
                          .Register(*registry_)
                          .Add({}, kCommitSeconds)),
      failed_commits_(prometheus::BuildCounter()
                          .Name("campaigner_failed_commits_total")
                          .Help("Groups of writes that were not stored.")
                          .Register(*registry_)
                          .Add({})) {}

void Metrics::OnCommit(const storage::CommitReport& report) {
  commit_seconds_.Observe(absl::ToDoubleSeconds(report.duration));
  if (!report.is_ok) failed_commits_.Increment();
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& listen,
                                                                        const Metrics& metrics,
                                                                        MetricsSources sources) {
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint);
  try {
    endpoint->exposer_ = std::make_unique<prometheus::Exposer>(listen);
  } catch (const std::exception& exception) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {} for metrics: {}", listen, exception.what()));
  }
  endpoint->figures_ = std::make_shared<MetricsFigures>(sources);
  endpoint->exposer_->RegisterCollectable(metrics.registry());
  endpoint->exposer_->RegisterCollectable(endpoint->figures_);
  return endpoint;
}

}  // namespace campaigner
