#include "gateway/native/routes.h"

#include <atomic>
#include <memory>
#include <utility>

#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/http/serve_on_thread.h"
#include "gateway/native/binding.h"
#include "gateway/native/download.h"
#include "gateway/native/streams.h"
#include "gateway/native/upload.h"

namespace campaigner::gateway::native {
namespace {

void ServeUnary(Backend& backend, const HttpRpc& rpc, const http::Request& request,
                http::Responder respond) {
  auto bound = BindRequest(rpc, request);
  if (!bound.ok()) return respond(NativeError(bound.status()));
  auto& factory = *google::protobuf::MessageFactory::generated_factory();
  std::unique_ptr<google::protobuf::Message> owned(
      factory.GetPrototype(rpc.method->output_type())->New());
  google::protobuf::Message& response = *owned;
  backend.Call(
      rpc.FullName(), rpc.Timeout(), CredentialsOf(request), **bound, response,
      [owned = std::move(owned), respond = std::move(respond)](const absl::Status& status) mutable {
        if (!status.ok()) return respond(NativeError(status));
        http::Response answer;
        answer.body = ToJson(*owned);
        respond(std::move(answer));
      });
}

// `serve` on a thread of `tasks`: opening a stream waits for its first message.
std::function<void(http::Request, http::Responder)> OnThread(
    http::TaskPool& tasks, std::function<http::Response(const http::Request&)> serve) {
  return [&tasks, serve = std::move(serve)](http::Request request, http::Responder respond) {
    http::ServeOnThread(
        tasks, NativeHttpError, std::move(request), std::move(respond),
        [&serve](const http::Request& asked, http::Responder answer) { answer(serve(asked)); });
  };
}

}  // namespace

std::vector<http::Route> NativeRoutes(Backend& backend, http::TaskPool& tasks) {
  std::vector<http::Route> routes;
  const auto streams = std::make_shared<std::atomic<int>>(0);
  const auto downloads = std::make_shared<std::atomic<int>>(0);
  const auto uploads = std::make_shared<std::atomic<int>>(0);
  for (HttpRpc& rpc : AllHttpRpcs()) {
    http::Route route{rpc.http_method, rpc.pattern, nullptr, NativeHttpError};
    if (IsUpload(rpc)) {
      route.serve_stream = [&backend, rpc = std::move(rpc), uploads](const http::Request& request,
                                                                     http::Resume resume,
                                                                     http::Responder respond) {
        return OpenUpload(backend, rpc, request, std::move(resume), std::move(respond), uploads);
      };
    } else if (IsDownload(rpc)) {
      route.serve = OnThread(
          tasks, [&backend, rpc = std::move(rpc), downloads](const http::Request& request) {
            return ServeDownload(backend, rpc, request, downloads);
          });
    } else if (rpc.method->client_streaming() || rpc.method->server_streaming()) {
      route.serve =
          OnThread(tasks, [&backend, rpc = std::move(rpc), streams](const http::Request& request) {
            return ServeStream(backend, rpc, request, streams);
          });
    } else {
      route.serve = [&backend, rpc = std::move(rpc)](const http::Request& request,
                                                     http::Responder respond) {
        ServeUnary(backend, rpc, request, std::move(respond));
      };
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace campaigner::gateway::native
