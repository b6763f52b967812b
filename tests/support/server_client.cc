#include "tests/support/server_client.h"

#include <fmt/format.h>

#include <chrono>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/error.h"
#include "server/base/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::testing {

absl::Status FromGrpc(const grpc::Status& status) {
  base::ErrorDetail detail;
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  for (const auto& any : details.details()) {
    if (google::rpc::ErrorInfo info; any.UnpackTo(&info)) {
      detail.reason = info.reason();
      detail.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (google::rpc::BadRequest bad; any.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) {
        detail.violations.push_back({violation.field(), violation.description()});
      }
    } else if (google::rpc::RetryInfo retry; any.UnpackTo(&retry)) {
      detail.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                           absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return base::MakeError(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                         std::move(detail));
}

ServerClient::ServerClient(int port, std::multimap<std::string, std::string> metadata,
                           grpc::ChannelArguments arguments)
    : metadata_(std::move(metadata)) {
  arguments.SetMaxReceiveMessageSize(base::limits::kGrpcResponseBytesMax);
  // Channels of equal arguments share a connection: a test that restarts its server wants its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", port),
                                       grpc::InsecureChannelCredentials(), arguments);
  accounts_ = v1::AccountService::NewStub(channel_);
  campaigns_ = v1::CampaignService::NewStub(channel_);
  messages_ = v1::MessageService::NewStub(channel_);
  webhooks_ = v1::WebhookService::NewStub(channel_);
  imports_ = v1::ImportService::NewStub(channel_);
  operations_ = v1::OperationService::NewStub(channel_);
}

void ServerClient::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  for (const auto& [name, value] : metadata_) context.AddMetadata(name, value);
}

int64_t ServerClient::StartCampaign(const std::string& settings) const {
  const auto made =
      Call(&Campaigns::CreateCampaign, "campaign { display_name: 'test' " + settings + " }");
  EXPECT_OK(made);
  if (!made.ok()) return 0;
  EXPECT_OK(Call(&Campaigns::StartCampaign, fmt::format("campaign_id: {}", made->id())));
  return made->id();
}

int64_t ServerClient::SendOne(int64_t campaign_id, const std::string& settings) const {
  const auto sent = Call(&Messages::SendMessages,
                         fmt::format("campaign_id: {} messages {{ recipient: '+79201234567' {} }}",
                                     campaign_id, settings));
  EXPECT_OK(sent);
  return sent.ok() ? sent->messages(0).id() : 0;
}

Watch::Watch(const ServerClient& client, const std::string& request) {
  client.Prepare(context_);
  reader_ = client.messages().WatchMessages(&context_, Parse<v1::WatchMessagesRequest>(request));
  // The server sends it once it listens.
  reader_->WaitForInitialMetadata();
}

Watch::~Watch() {
  if (is_finished_) return;
  context_.TryCancel();
  reader_->Finish();
}

absl::StatusOr<v1::MessageEvent> Watch::Next() {
  v1::MessageEvent event;
  if (reader_->Read(&event)) return event;
  is_finished_ = true;
  return FromGrpc(reader_->Finish());
}

std::vector<v1::MessageEvent> Watch::Take(int count) {
  std::vector<v1::MessageEvent> events;
  while (static_cast<int>(events.size()) < count) {
    v1::MessageEvent event;
    if (!reader_->Read(&event)) {
      ADD_FAILURE() << "the stream ended after " << events.size() << " events";
      break;
    }
    events.push_back(std::move(event));
  }
  return events;
}

void Watch::Until(int64_t message_id, v1::Message::State state) {
  v1::MessageEvent event;
  while (reader_->Read(&event)) {
    if (event.message_id() == message_id && event.state() == state) return;
  }
  ADD_FAILURE() << "the stream ended before message " << message_id << " became "
                << v1::Message::State_Name(state);
}

}  // namespace campaigner::testing
