#include "server/rpc/call_metrics.h"

#include <string>

namespace campaigner::rpc {
namespace {

// Half a millisecond (an fsync on a fast disk) to a few seconds (something is wrong).
const prometheus::Histogram::BucketBoundaries kLatencySeconds = {
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

}  // namespace

CallMetrics::CallMetrics(prometheus::Registry& registry)
    : calls_(prometheus::BuildCounter()
                 .Name("campaigner_rpc_total")
                 .Help("Calls that ended, by method and code; calls on a stream count one each.")
                 .Register(registry)),
      accept_seconds_(prometheus::BuildHistogram()
                          .Name("campaigner_accept_seconds")
                          .Help("From the arrival of a send to its answer.")
                          .Register(registry)
                          .Add({}, kLatencySeconds)),
      accepted_messages_(prometheus::BuildCounter()
                             .Name("campaigner_accepted_messages_total")
                             .Help("Messages accepted by sends that answered OK.")
                             .Register(registry)
                             .Add({})) {}

void CallMetrics::Count(const char* method, absl::StatusCode code) {
  base::MutexLock lock(mutex_);
  prometheus::Counter*& counter = by_method_[{method, code}];
  if (counter == nullptr) {
    counter = &calls_.Add({{"method", method}, {"code", absl::StatusCodeToString(code)}});
  }
  counter->Increment();
}

void CallMetrics::ObserveAccept(absl::Duration latency, int64_t messages) {
  accept_seconds_.Observe(absl::ToDoubleSeconds(latency));
  accepted_messages_.Increment(static_cast<double>(messages));
}

}  // namespace campaigner::rpc
