#include "client/cpp/client.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "client/cpp/channel.h"
#include "client/cpp/health.h"
#include "client/cpp/retry.h"
#include "client/cpp/status.h"
#include "server/base/status_macros.h"

namespace campaigner::client {

using v1::AccountService;
using v1::CampaignService;
using v1::ImportService;
using v1::MessageService;
using v1::WebhookService;

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  ASSIGN_OR_RETURN(auto channel, MakeChannel(options.channel));
  return std::unique_ptr<Client>(new Client(std::move(options), std::move(channel)));
}

Client::Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      accounts_(AccountService::NewStub(channel_)),
      campaigns_(CampaignService::NewStub(channel_)),
      imports_(ImportService::NewStub(channel_)),
      messages_(MessageService::NewStub(channel_)),
      webhooks_(WebhookService::NewStub(channel_)) {}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Client::Call(Stub& stub,
                                      grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const Request& request, Repeat repeat) {
  Response response;
  const auto attempt = [&](absl::Time deadline) {
    response.Clear();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
    return ToAbslStatus((stub.*method)(&context, request, &response));
  };
  RetryPolicy policy = options_.retry;
  if (repeat == Repeat::kHarmful) policy.attempts_max = 1;
  RETURN_IF_ERROR(CallWithRetry(policy, options_.deadline, attempt));
  return response;
}

absl::StatusOr<v1::Account> Client::CreateAccount(v1::CreateAccountRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*accounts_, &AccountService::Stub::CreateAccount, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Account> Client::GetAccount(const v1::GetAccountRequest& request) {
  return Call(*accounts_, &AccountService::Stub::GetAccount, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListAccountsResponse> Client::ListAccounts(
    const v1::ListAccountsRequest& request) {
  return Call(*accounts_, &AccountService::Stub::ListAccounts, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Account> Client::UpdateAccount(const v1::UpdateAccountRequest& request) {
  return Call(*accounts_, &AccountService::Stub::UpdateAccount, request, Repeat::kHarmless);
}
absl::StatusOr<v1::CreateApiKeyResponse> Client::CreateApiKey(
    const v1::CreateApiKeyRequest& request) {
  return Call(*accounts_, &AccountService::Stub::CreateApiKey, request, Repeat::kHarmful);
}
absl::StatusOr<v1::ApiKey> Client::GetApiKey(const v1::GetApiKeyRequest& request) {
  return Call(*accounts_, &AccountService::Stub::GetApiKey, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListApiKeysResponse> Client::ListApiKeys(const v1::ListApiKeysRequest& request) {
  return Call(*accounts_, &AccountService::Stub::ListApiKeys, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ApiKey> Client::RevokeApiKey(const v1::RevokeApiKeyRequest& request) {
  return Call(*accounts_, &AccountService::Stub::RevokeApiKey, request, Repeat::kHarmless);
}

absl::StatusOr<v1::Campaign> Client::CreateCampaign(v1::CreateCampaignRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*campaigns_, &CampaignService::Stub::CreateCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Campaign> Client::GetCampaign(const v1::GetCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::GetCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListCampaignsResponse> Client::ListCampaigns(
    const v1::ListCampaignsRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::ListCampaigns, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Campaign> Client::UpdateCampaign(const v1::UpdateCampaignRequest& request) {
  const Repeat repeat = request.campaign().etag().empty() ? Repeat::kHarmless : Repeat::kHarmful;
  return Call(*campaigns_, &CampaignService::Stub::UpdateCampaign, request, repeat);
}
absl::Status Client::DeleteCampaign(const v1::DeleteCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::DeleteCampaign, request, Repeat::kHarmful)
      .status();
}
absl::StatusOr<v1::Campaign> Client::StartCampaign(const v1::StartCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::StartCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Campaign> Client::PauseCampaign(const v1::PauseCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::PauseCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Campaign> Client::ResumeCampaign(const v1::ResumeCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::ResumeCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Campaign> Client::CancelCampaign(const v1::CancelCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::CancelCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::CampaignStatistics> Client::GetCampaignStatistics(
    const v1::GetCampaignStatisticsRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::GetCampaignStatistics, request,
              Repeat::kHarmless);
}

absl::StatusOr<v1::SendMessagesResponse> Client::SendMessages(v1::SendMessagesRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*messages_, &MessageService::Stub::SendMessages, request, Repeat::kHarmless);
}
std::unique_ptr<MessageStream> Client::OpenMessageStream(MessageStreamOptions options) {
  options.api_key = options_.api_key;
  return std::make_unique<MessageStream>(channel_, std::move(options));
}
absl::StatusOr<v1::Message> Client::GetMessage(const v1::GetMessageRequest& request) {
  return Call(*messages_, &MessageService::Stub::GetMessage, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListMessagesResponse> Client::ListMessages(
    const v1::ListMessagesRequest& request) {
  return Call(*messages_, &MessageService::Stub::ListMessages, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Message> Client::CancelMessage(const v1::CancelMessageRequest& request) {
  return Call(*messages_, &MessageService::Stub::CancelMessage, request, Repeat::kHarmless);
}
absl::Status Client::WatchMessages(const v1::WatchMessagesRequest& request,
                                   absl::FunctionRef<bool(const v1::MessageEvent&)> on_event,
                                   std::stop_token stop) {
  grpc::ClientContext context;
  // Before the call begins, TryCancel makes it end at once.
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
  const auto reader = messages_->WatchMessages(&context, request);
  v1::MessageEvent event;
  while (reader->Read(&event)) {
    if (on_event(event)) continue;
    context.TryCancel();
    while (reader->Read(&event)) {
    }
    (void)reader->Finish();
    return absl::OkStatus();
  }
  const grpc::Status status = reader->Finish();
  return stop.stop_requested() ? absl::OkStatus() : ToAbslStatus(status);
}
absl::StatusOr<v1::ReportDeliveryResponse> Client::ReportDelivery(
    const v1::ReportDeliveryRequest& request) {
  return Call(*messages_, &MessageService::Stub::ReportDelivery, request, Repeat::kHarmless);
}

absl::StatusOr<v1::ListWebhookDeliveriesResponse> Client::ListWebhookDeliveries(
    const v1::ListWebhookDeliveriesRequest& request) {
  return Call(*webhooks_, &WebhookService::Stub::ListWebhookDeliveries, request, Repeat::kHarmless);
}
absl::StatusOr<v1::WebhookDelivery> Client::ReplayWebhookDelivery(
    const v1::ReplayWebhookDeliveryRequest& request) {
  return Call(*webhooks_, &WebhookService::Stub::ReplayWebhookDelivery, request, Repeat::kHarmful);
}
absl::StatusOr<v1::ReplayFailedWebhookDeliveriesResponse> Client::ReplayFailedWebhookDeliveries(
    const v1::ReplayFailedWebhookDeliveriesRequest& request) {
  return Call(*webhooks_, &WebhookService::Stub::ReplayFailedWebhookDeliveries, request,
              Repeat::kHarmless);
}
absl::StatusOr<v1::WebhookSecret> Client::GetWebhookSecret() {
  return Call(*webhooks_, &WebhookService::Stub::GetWebhookSecret, v1::GetWebhookSecretRequest(),
              Repeat::kHarmless);
}
absl::StatusOr<v1::WebhookSecret> Client::RotateWebhookSecret() {
  return Call(*webhooks_, &WebhookService::Stub::RotateWebhookSecret,
              v1::RotateWebhookSecretRequest(), Repeat::kHarmful);
}

absl::Status Client::CheckHealth() {
  return CallWithRetry({.attempts_max = 1}, options_.deadline,
                       [this](absl::Time deadline) { return AskHealth(channel_, deadline); });
}

}  // namespace campaigner::client
