#pragma once

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "client/cpp/options.h"

namespace campaigner::client {

// A gRPC server on 127.0.0.1 and a port of its own, for services that a test writes.
class TestServer {
 public:
  // Port 0: one that is free.
  explicit TestServer(std::initializer_list<grpc::Service*> services, int port = 0) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(fmt::format("127.0.0.1:{}", port), grpc::InsecureServerCredentials(),
                             &port_);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  // Cuts off what is under way.
  ~TestServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }
  ChannelOptions channel() const { return {.target = fmt::format("127.0.0.1:{}", port_)}; }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace campaigner::client
