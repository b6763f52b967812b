#include "gateway/metrics.h"

#include <prometheus/text_serializer.h>

namespace campaigner::gateway {
namespace {

// Seconds: from an answer out of memory to the longest call.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      requests_(prometheus::BuildCounter()
                    .Name("campaigner_gateway_requests_total")
                    .Help("HTTP requests by route, method and status")
                    .Register(*registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("campaigner_gateway_request_seconds")
                   .Help("From the whole request to the answer, by route")
                   .Register(*registry_)),
      in_flight_(prometheus::BuildGauge()
                     .Name("campaigner_gateway_requests_in_flight")
                     .Help("HTTP requests being served")
                     .Register(*registry_)
                     .Add({})),
      connections_(prometheus::BuildGauge()
                       .Name("campaigner_gateway_connections")
                       .Help("Open HTTP connections")
                       .Register(*registry_)
                       .Add({})),
      rejected_(prometheus::BuildGauge()
                    .Name("campaigner_gateway_connections_rejected")
                    .Help("Connections turned away because all were taken, since the start")
                    .Register(*registry_)
                    .Add({})) {}

void Metrics::Count(const std::string& route, const std::string& method, int status,
                    absl::Duration elapsed) {
  base::MutexLock lock(mutex_);
  PerRoute& counts = routes_[{route, method}];
  if (counts.seconds == nullptr) {
    counts.seconds = &seconds_.Add({{"route", route}, {"method", method}}, kSeconds);
  }
  prometheus::Counter*& counter = counts.by_status[status];
  if (counter == nullptr) {
    counter =
        &requests_.Add({{"route", route}, {"method", method}, {"status", std::to_string(status)}});
  }
  counter->Increment();
  counts.seconds->Observe(absl::ToDoubleSeconds(elapsed));
}

void Metrics::SetConnections(size_t open, size_t rejected) {
  connections_.Set(static_cast<double>(open));
  rejected_.Set(static_cast<double>(rejected));
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace campaigner::gateway
