#include "client/cpp/client.h"

#include <gmock/gmock.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "server/base/thread_annotations.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::client {
namespace {

using ::campaigner::testing::HasReason;
using ::campaigner::testing::IsOk;
using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// Fails as often as told, then answers; remembers request ids and keys.
class FlakyMessages final : public v1::MessageService::Service {
 public:
  int failures = 0;
  std::vector<std::string> request_ids;
  std::vector<std::string> api_keys;

  grpc::Status SendMessages(grpc::ServerContext* context, const v1::SendMessagesRequest* request,
                            v1::SendMessagesResponse* response) override {
    const auto& metadata = context->client_metadata();
    const auto key = metadata.find("x-api-key");
    api_keys.push_back(key == metadata.end() ? ""
                                             : std::string(key->second.data(), key->second.size()));
    request_ids.push_back(request->request_id());
    if (failures-- > 0) return {grpc::StatusCode::UNAVAILABLE, "away"};
    for (int i = 0; i < request->messages_size(); ++i) response->add_messages()->set_id(i + 1);
    return grpc::Status::OK;
  }

  grpc::Status GetMessage(grpc::ServerContext* /*context*/, const v1::GetMessageRequest* request,
                          v1::Message* /*response*/) override {
    google::rpc::Status wire;
    google::rpc::ErrorInfo info;
    info.set_reason("MESSAGE_NOT_FOUND");
    wire.add_details()->PackFrom(info);
    // More than gRPC's clients take by default.
    wire.add_details()->set_value(std::string(20'000, 'x'));
    return {grpc::StatusCode::NOT_FOUND, "no message " + std::to_string(request->message_id()),
            wire.SerializeAsString()};
  }

  grpc::Status WatchMessages(grpc::ServerContext* /*context*/,
                             const v1::WatchMessagesRequest* request,
                             grpc::ServerWriter<v1::MessageEvent>* writer) override {
    v1::MessageEvent event;
    for (int64_t id = 1; id <= 3 || request->final_only(); ++id) {
      event.set_message_id(id);
      if (!writer->Write(event)) return grpc::Status::CANCELLED;
    }
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too far behind"};
  }
};

class FlakyAccounts final : public v1::AccountService::Service {
 public:
  int calls = 0;
  grpc::Status CreateApiKey(grpc::ServerContext* /*context*/,
                            const v1::CreateApiKeyRequest* /*request*/,
                            v1::CreateApiKeyResponse* /*response*/) override {
    ++calls;
    return {grpc::StatusCode::UNAVAILABLE, "away"};
  }
};

class ClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<Client> MakeClient() {
    ClientOptions options{.channel = server_.channel(), .api_key = "key-of-the-test"};
    options.retry.backoff_initial = absl::Microseconds(1);
    return *Client::Create(options);
  }

  FlakyMessages messages_;
  FlakyAccounts accounts_;
  TestServer server_{{&messages_, &accounts_}};
};

TEST_F(ClientTest, ASendIsRepeatedUnderOneRequestId) {
  messages_.failures = 3;
  v1::SendMessagesRequest request;
  request.add_messages()->set_recipient("79201234567");
  ASSERT_OK_AND_ASSIGN(const auto response, MakeClient()->SendMessages(request));
  EXPECT_THAT(response.messages(), SizeIs(1));
  EXPECT_THAT(messages_.request_ids, SizeIs(4));
  EXPECT_NE(messages_.request_ids[0], "");
  EXPECT_THAT(messages_.request_ids, Each(messages_.request_ids[0]));
  EXPECT_THAT(messages_.api_keys, Each("key-of-the-test"));
}

TEST_F(ClientTest, TheCallersRequestIdIsKept) {
  v1::SendMessagesRequest request;
  request.set_request_id("mine");
  ASSERT_OK(MakeClient()->SendMessages(request));
  EXPECT_THAT(messages_.request_ids, ElementsAre("mine"));
}

TEST_F(ClientTest, WhatIsNotHarmlessIsNotRepeated) {
  EXPECT_THAT(MakeClient()->CreateApiKey({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(accounts_.calls, 1);
}

TEST_F(ClientTest, LargeErrorsArriveWithTheirDetails) {
  v1::GetMessageRequest request;
  request.set_message_id(7);
  const auto message = MakeClient()->GetMessage(request);
  EXPECT_THAT(message, StatusIs(absl::StatusCode::kNotFound, "no message 7"));
  EXPECT_THAT(message, HasReason("MESSAGE_NOT_FOUND"));
}

TEST_F(ClientTest, AWatchGivesEventsAndTheEnd) {
  std::vector<int64_t> ids;
  const auto status = MakeClient()->WatchMessages({}, [&ids](const v1::MessageEvent& event) {
    ids.push_back(event.message_id());
    return true;
  });
  EXPECT_THAT(ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "too far behind"));
}

TEST_F(ClientTest, AWatchEndsWhenItsReaderHasEnough) {
  v1::WatchMessagesRequest endless;
  endless.set_final_only(true);
  EXPECT_OK(MakeClient()->WatchMessages(
      endless, [](const v1::MessageEvent& event) { return event.message_id() < 100; }));
}

TEST_F(ClientTest, WithoutAHealthServiceTheAnswerSaysSo) {
  grpc::EnableDefaultHealthCheckService(false);
  EXPECT_THAT(MakeClient()->CheckHealth(), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(ClientHealthTest, TheHealthServiceIsUnderstood) {
  grpc::EnableDefaultHealthCheckService(true);
  FlakyMessages messages;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&messages);
  const auto server = builder.BuildAndStart();
  grpc::EnableDefaultHealthCheckService(false);
  ClientOptions options;
  options.channel.target = fmt::format("127.0.0.1:{}", port);
  const auto client = *Client::Create(options);
  EXPECT_OK(client->CheckHealth());
  server->GetHealthCheckService()->SetServingStatus(false);
  EXPECT_THAT(client->CheckHealth(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not serving")));
}

TEST(ClientCreateTest, TlsFilesMustBeReadable) {
  const TempDir dir;
  ClientOptions options;
  options.channel.tls = TlsOptions{.ca_file = dir.File("absent.pem")};
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(dir.File("absent.pem"))));
  options.channel.tls = TlsOptions{.certificate_file = dir.File("only.pem")};
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key")));
}

TEST(ClientCreateTest, NobodyThereIsUnavailable) {
  ClientOptions options;
  {
    FlakyMessages messages;
    options.channel = TestServer({&messages}).channel();
  }
  options.retry.attempts_max = 1;
  const auto client = *Client::Create(options);
  EXPECT_THAT(client->GetMessage({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(client->CheckHealth(), Not(IsOk()));
}

}  // namespace
}  // namespace campaigner::client
