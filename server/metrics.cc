#include "server/metrics.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <future>
#include <thread>

#include "server/metrics_figures.h"

namespace campaigner {
namespace {

// A quarter of a millisecond (a fast disk) to seconds (a disk in trouble).
const prometheus::Histogram::BucketBoundaries kCommitSeconds = {
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};

constexpr std::chrono::milliseconds kKnockInterval(2);

void Knock(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_INET;  // Debian's civetweb knows no other.
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return;
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    (void)connect(fd, found->ai_addr, found->ai_addrlen);
    close(fd);
  }
  freeaddrinfo(found);
}

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
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint(listen));
  try {
    endpoint->exposer_ = std::make_unique<prometheus::Exposer>(listen);
    endpoint->port_ = endpoint->exposer_->GetListeningPorts().at(0);
  } catch (const std::exception& exception) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {} for metrics: {}", listen, exception.what()));
  }
  endpoint->figures_ = std::make_shared<MetricsFigures>(sources);
  endpoint->exposer_->RegisterCollectable(metrics.registry());
  endpoint->exposer_->RegisterCollectable(endpoint->figures_);
  return endpoint;
}

MetricsEndpoint::MetricsEndpoint(const std::string& listen)
    : host_(listen.find(':') == std::string::npos ? "127.0.0.1"
                                                  : listen.substr(0, listen.rfind(':'))) {}

// Its HTTP server looks whether it shall stop after each connection, and else every two seconds
// (civetweb's SOCKET_TIMEOUT_QUANTUM). So it gets connections.
MetricsEndpoint::~MetricsEndpoint() {
  if (exposer_ == nullptr) return;
  std::promise<void> ended;
  std::thread end([&] {
    exposer_.reset();
    ended.set_value();
  });
  const std::future<void> end_seen = ended.get_future();
  do {
    Knock(host_, port_);
  } while (end_seen.wait_for(kKnockInterval) != std::future_status::ready);
  end.join();
}

}  // namespace campaigner
