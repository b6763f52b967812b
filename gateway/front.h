#pragma once

#include <memory>

#include "gateway/client_address.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"
#include "gateway/http/task_pool.h"
#include "gateway/metrics.h"

namespace campaigner::gateway {

// What every request passes: the client's address, the table of routes, the metrics.
class Front final : public http::Handler {
 public:
  // `tasks` parses large bodies. It and `metrics` must outlive the Front.
  Front(http::Router router, ClientAddress client_address, http::TaskPool& tasks, Metrics& metrics);

  void Handle(http::Request request, http::Responder respond) override;
  bool TakesStream(std::string_view method, std::string_view target) override;
  std::unique_ptr<http::BodySink> HandleStream(http::Request request, http::Resume resume,
                                               http::Responder respond) override;
  http::Response Refuse(std::string_view method, std::string_view target, int status,
                        std::string_view message) override;

 private:
  http::Responder Counted(const http::Request& request, const http::Router::Match& match,
                          http::Responder respond);

  const http::Router router_;
  const ClientAddress client_address_;
  http::TaskPool& tasks_;
  Metrics& metrics_;
};

}  // namespace campaigner::gateway
