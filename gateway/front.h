#pragma once

#include "gateway/client_address.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"
#include "gateway/metrics.h"

namespace campaigner::gateway {

// What every request passes: the client's address, the table of routes, the metrics.
class Front final : public http::Handler {
 public:
  // `metrics` must outlive it.
  Front(http::Router router, ClientAddress client_address, Metrics& metrics);

  http::Response Handle(http::Request& request) override;
  http::Response Refuse(std::string_view method, std::string_view target, int status,
                        std::string_view message) override;

 private:
  http::Response Serve(http::Request& request, const http::Router::Match& match);

  const http::Router router_;
  const ClientAddress client_address_;
  Metrics& metrics_;
};

}  // namespace campaigner::gateway
