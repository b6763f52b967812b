#include "gateway/gateway.h"

#include <atomic>
#include <iterator>
#include <utility>

#include "gateway/backend.h"
#include "gateway/client_address.h"
#include "gateway/dialects/dialect.h"
#include "gateway/errors.h"
#include "gateway/front.h"
#include "gateway/http/task_pool.h"
#include "gateway/limits.h"
#include "gateway/metrics.h"
#include "gateway/native/routes.h"
#include "gateway/pages.h"
#include "gateway/receipts/batcher.h"
#include "gateway/receipts/receipts.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway {
namespace {

constexpr const char* kReportDelivery = "/campaigner.v1.MessageService/ReportDelivery";

void Append(std::vector<http::Route> more, std::vector<http::Route>& routes) {
  std::move(more.begin(), more.end(), std::back_inserter(routes));
}

}  // namespace

class Gateway::Parts {
 public:
  Parts(GatewayOptions options, std::unique_ptr<Backend> backend)
      : options_(std::move(options)),
        backend_(std::move(backend)),
        batcher_([this](const v1::ReportDeliveryRequest& request, receipts::Batcher::Done done) {
          auto owned = std::make_unique<v1::ReportDeliveryResponse>();
          v1::ReportDeliveryResponse& response = *owned;
          backend_->Call(
              kReportDelivery, limits::kCallTimeout, v1::Credentials(), request, response,
              [owned = std::move(owned), done = std::move(done)](absl::Status status) mutable {
                done(std::move(status));
              });
        }) {}

  absl::Status Start() {
    ASSIGN_OR_RETURN(ClientAddress client_address,
                     ClientAddress::Trusting(options_.trusted_proxies));
    ASSIGN_OR_RETURN(http::Router router, http::Router::Make(Routes()));
    front_ =
        std::make_unique<Front>(std::move(router), std::move(client_address), tasks_, metrics_);
    ASSIGN_OR_RETURN(server_, http::Server::Start(options_.http, *front_, tasks_));
    running_ = server_.get();
    return absl::OkStatus();
  }

  int port() const { return server_->port(); }

  void Stop() {
    backend_->Stop();
    if (server_) server_->Stop(options_.drain_timeout);
  }

 private:
  // The one table of routes.
  std::vector<http::Route> Routes() {
    std::vector<http::Route> routes = OwnRoutes(*backend_, tasks_, [this] {
      // Requests may come before Start has returned.
      if (const http::Server* server = running_) {
        metrics_.SetConnections(server->connections(), server->rejected());
      }
      return metrics_.Text();
    });
    for (const dialects::Dialect& dialect : dialects::AllDialects()) {
      Append(dialect.routes(*backend_), routes);
    }
    Append(receipts::ReceiptRoutes(batcher_), routes);
    Append(native::NativeRoutes(*backend_, tasks_), routes);
    return routes;
  }

  const GatewayOptions options_;
  Metrics metrics_;
  const std::unique_ptr<Backend> backend_;
  receipts::Batcher batcher_;
  http::TaskPool tasks_{limits::kTaskThreadsMax};
  std::unique_ptr<Front> front_;
  std::atomic<const http::Server*> running_ = nullptr;
  // Last, so that it is gone before what its requests use.
  std::unique_ptr<http::Server> server_;
};

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(GatewayOptions options) {
  ASSIGN_OR_RETURN(auto backend, Backend::Create(options.server));
  auto parts = std::make_unique<Parts>(std::move(options), std::move(backend));
  RETURN_IF_ERROR(parts->Start());
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Gateway::~Gateway() { Stop(); }
int Gateway::port() const { return parts_->port(); }
void Gateway::Stop() { parts_->Stop(); }

}  // namespace campaigner::gateway
