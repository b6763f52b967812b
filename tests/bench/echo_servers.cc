// The ceilings of the transports: a gRPC method and an HTTP route that do nothing.
//
//   bench_echo_servers GRPC_PORT HTTP_PORT      until killed
#include <grpcpp/grpcpp.h>
#include <httplib.h>
#include <netinet/tcp.h>

#include <cstdlib>
#include <string>

#include "absl/synchronization/mutex.h"
#include "campaigner/v1/message_service.grpc.pb.h"

namespace {

class EchoService final : public campaigner::v1::MessageService::CallbackService {
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* context,
                                       const campaigner::v1::GetMessageRequest*,
                                       campaigner::v1::Message*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  // As the servers do.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto rpc_server = builder.BuildAndStart();

  httplib::Server http_server;
  http_server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  http_server.set_tcp_nodelay(true);
  http_server.set_keep_alive_max_count(1'000'000'000);
  http_server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body, "application/json");
  });
  return http_server.listen("127.0.0.1", std::atoi(argv[2])) ? 0 : 1;
}
