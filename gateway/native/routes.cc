#include "gateway/native/routes.h"

#include <atomic>
#include <memory>
#include <utility>

#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/native/binding.h"
#include "gateway/native/streams.h"

namespace campaigner::gateway::native {
namespace {

http::Response ServeUnary(Backend& backend, const HttpRpc& rpc, const http::Request& request) {
  auto bound = BindRequest(rpc, request);
  if (!bound.ok()) return NativeError(bound.status());
  auto& factory = *google::protobuf::MessageFactory::generated_factory();
  const std::unique_ptr<google::protobuf::Message> response(
      factory.GetPrototype(rpc.method->output_type())->New());
  const absl::Status status =
      backend.Call(rpc.FullName(), CredentialsOf(request), **bound, *response);
  if (!status.ok()) return NativeError(status);
  http::Response answer;
  answer.body = ToJson(*response);
  return answer;
}

}  // namespace

std::vector<http::Route> NativeRoutes(Backend& backend) {
  std::vector<http::Route> routes;
  const auto streams = std::make_shared<std::atomic<int>>(0);
  for (HttpRpc& rpc : AllHttpRpcs()) {
    http::Route route{rpc.http_method, rpc.pattern, nullptr, NativeHttpError};
    if (rpc.method->client_streaming() || rpc.method->server_streaming()) {
      route.serve = [&backend, rpc = std::move(rpc), streams](const http::Request& request) {
        return ServeStream(backend, rpc, request, streams);
      };
    } else {
      route.serve = [&backend, rpc = std::move(rpc)](const http::Request& request) {
        return ServeUnary(backend, rpc, request);
      };
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace campaigner::gateway::native
