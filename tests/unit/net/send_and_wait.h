#pragma once

#include <future>
#include <memory>
#include <utility>

#include "server/net/http_client.h"

namespace campaigner::net {

// The result to come of `request`.
inline std::future<HttpResult> SendForLater(HttpClient& client, HttpRequest request) {
  std::promise<HttpResult> promise;
  std::future<HttpResult> result = promise.get_future();
  client.Send(std::move(request), [promise = std::move(promise)](HttpResult got) mutable {
    promise.set_value(std::move(got));
  });
  return result;
}

inline HttpResult SendAndWait(HttpClient& client, HttpRequest request) {
  return SendForLater(client, std::move(request)).get();
}

}  // namespace campaigner::net
