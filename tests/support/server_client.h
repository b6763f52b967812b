#pragma once

#include <google/protobuf/text_format.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "campaigner/v1/account_service.grpc.pb.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/import_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "campaigner/v1/operation_service.grpc.pb.h"
#include "campaigner/v1/webhook_service.grpc.pb.h"

namespace campaigner::testing {

// A protobuf message from its text format.
template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// A gRPC error with its details, as the server's own code had it: the matchers of
// status_matchers.h work on it.
absl::Status FromGrpc(const grpc::Status& status);

// Real stubs on a real connection, with one key.
class ServerClient {
 public:
  using Accounts = v1::AccountService::Stub;
  using Campaigns = v1::CampaignService::Stub;
  using Messages = v1::MessageService::Stub;
  using Webhooks = v1::WebhookService::Stub;
  using Imports = v1::ImportService::Stub;
  using Operations = v1::OperationService::Stub;

  // `metadata` goes with every call.
  ServerClient(int port, std::multimap<std::string, std::string> metadata,
               grpc::ChannelArguments arguments = {});
  ServerClient(int port, const std::string& key, grpc::ChannelArguments arguments = {})
      : ServerClient(port, {{"x-api-key", key}}, std::move(arguments)) {}

  // client.Call(&ServerClient::Campaigns::GetCampaign, request)
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*verb)(grpc::ClientContext*, const Request&,
                                                           Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    Prepare(context);
    Response response;
    const grpc::Status status = (GetStub<Stub>().*verb)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }
  // With the request in text format.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*verb)(grpc::ClientContext*, const Request&,
                                                           Response*),
                                const std::string& request) const {
    return Call(verb, Parse<Request>(request));
  }

  // Key and a deadline far beyond what any test needs.
  void Prepare(grpc::ClientContext& context) const;

  Messages& messages() const { return *messages_; }
  Imports& imports() const { return *imports_; }
  Operations& operations() const { return *operations_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // A campaign of these settings (text format), made and started; its id.
  int64_t StartCampaign(const std::string& settings = "template: 'Hi {field_1}'") const;
  // One message to a fixed number; its id.
  int64_t SendOne(int64_t campaign_id, const std::string& settings = "") const;

 private:
  template <typename Stub>
  Stub& GetStub() const {
    if constexpr (std::is_same_v<Stub, Accounts>) {
      return *accounts_;
    } else if constexpr (std::is_same_v<Stub, Campaigns>) {
      return *campaigns_;
    } else if constexpr (std::is_same_v<Stub, Messages>) {
      return *messages_;
    } else if constexpr (std::is_same_v<Stub, Imports>) {
      return *imports_;
    } else if constexpr (std::is_same_v<Stub, Operations>) {
      return *operations_;
    } else {
      return *webhooks_;
    }
  }

  const std::multimap<std::string, std::string> metadata_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Campaigns> campaigns_;
  std::unique_ptr<Messages> messages_;
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<Imports> imports_;
  std::unique_ptr<Operations> operations_;
};

// Of a client that takes no more off the line than it reads, but for HTTP/2's smallest window.
inline grpc::ChannelArguments SmallWindow() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65'535);
  return arguments;
}

// Follows changes of messages: what a test waits on instead of sleeping.
class Watch {
 public:
  // Nothing that happens after the constructor is missed. `request` in text format.
  Watch(const ServerClient& client, const std::string& request);
  ~Watch();

  // The next event, or why the stream ended; nothing may be asked after that.
  absl::StatusOr<v1::MessageEvent> Next();
  // Reads up to `count` events; fails the test if the stream ends before.
  std::vector<v1::MessageEvent> Take(int count);
  // Reads until `message_id` comes to `state`.
  void Until(int64_t message_id, v1::Message::State state);

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::MessageEvent>> reader_;
  bool is_finished_ = false;
};

}  // namespace campaigner::testing
