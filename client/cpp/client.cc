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
using v1::OperationService;
using v1::StopListService;
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
      operations_(OperationService::NewStub(channel_)),
      stop_list_(StopListService::NewStub(channel_)),
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

template <typename Stub, typename Request, typename Response>
absl::Status Client::Read(Stub& stub,
                          std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                              grpc::ClientContext*, const Request&),
                          const Request& request,
                          absl::FunctionRef<bool(const Response&)> on_response,
                          const std::stop_token& stop) {
  grpc::ClientContext context;
  // Before the call begins, TryCancel makes it end at once.
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
  const auto reader = (stub.*method)(&context, request);
  Response response;
  while (reader->Read(&response)) {
    if (on_response(response)) continue;
    context.TryCancel();
    while (reader->Read(&response)) {
    }
    (void)reader->Finish();
    return absl::OkStatus();
  }
  const grpc::Status status = reader->Finish();
  return stop.stop_requested() ? absl::OkStatus() : ToAbslStatus(status);
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
absl::StatusOr<v1::Campaign> Client::CopyCampaign(v1::CopyCampaignRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*campaigns_, &CampaignService::Stub::CopyCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::CampaignStatistics> Client::GetCampaignStatistics(
    const v1::GetCampaignStatisticsRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::GetCampaignStatistics, request,
              Repeat::kHarmless);
}
absl::StatusOr<v1::CampaignTimeSeries> Client::GetCampaignTimeSeries(
    const v1::GetCampaignTimeSeriesRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::GetCampaignTimeSeries, request,
              Repeat::kHarmless);
}
absl::Status Client::WatchCampaign(const v1::WatchCampaignRequest& request,
                                   absl::FunctionRef<bool(const v1::CampaignProgress&)> on_progress,
                                   std::stop_token stop) {
  return Read(*campaigns_, &CampaignService::Stub::WatchCampaign, request, on_progress, stop);
}
absl::StatusOr<v1::MessagePreview> Client::PreviewMessage(
    const v1::PreviewMessageRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::PreviewMessage, request, Repeat::kHarmless);
}
absl::StatusOr<v1::CampaignEstimate> Client::EstimateCampaign(
    const v1::EstimateCampaignRequest& request) {
  return Call(*campaigns_, &CampaignService::Stub::EstimateCampaign, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Operation> Client::RetryMessages(v1::RetryMessagesRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*campaigns_, &CampaignService::Stub::RetryMessages, request, Repeat::kHarmless);
}

absl::StatusOr<v1::Upload> Client::GetUpload(const v1::GetUploadRequest& request) {
  return Call(*imports_, &ImportService::Stub::GetUpload, request, Repeat::kHarmless);
}
absl::Status Client::DeleteUpload(const v1::DeleteUploadRequest& request) {
  return Call(*imports_, &ImportService::Stub::DeleteUpload, request, Repeat::kHarmful).status();
}
absl::StatusOr<v1::PreviewImportResponse> Client::PreviewImport(
    const v1::PreviewImportRequest& request) {
  return Call(*imports_, &ImportService::Stub::PreviewImport, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Operation> Client::ImportRecipients(v1::ImportRecipientsRequest request) {
  if (request.request_id().empty()) request.set_request_id(MakeRequestId());
  return Call(*imports_, &ImportService::Stub::ImportRecipients, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Operation> Client::GetOperation(const v1::GetOperationRequest& request) {
  return Call(*operations_, &OperationService::Stub::GetOperation, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListOperationsResponse> Client::ListOperations(
    const v1::ListOperationsRequest& request) {
  return Call(*operations_, &OperationService::Stub::ListOperations, request, Repeat::kHarmless);
}
absl::StatusOr<v1::Operation> Client::CancelOperation(const v1::CancelOperationRequest& request) {
  return Call(*operations_, &OperationService::Stub::CancelOperation, request, Repeat::kHarmless);
}
absl::Status Client::WatchOperation(const v1::WatchOperationRequest& request,
                                    absl::FunctionRef<void(const v1::Operation&)> on_change) {
  grpc::ClientContext context;
  if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
  const auto reader = operations_->WatchOperation(&context, request);
  v1::Operation operation;
  while (reader->Read(&operation)) on_change(operation);
  return ToAbslStatus(reader->Finish());
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
  return Read(*messages_, &MessageService::Stub::WatchMessages, request, on_event, stop);
}
absl::StatusOr<v1::Operation> Client::EraseRecipient(const v1::EraseRecipientRequest& request) {
  return Call(*messages_, &MessageService::Stub::EraseRecipient, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ReportDeliveryResponse> Client::ReportDelivery(
    const v1::ReportDeliveryRequest& request) {
  return Call(*messages_, &MessageService::Stub::ReportDelivery, request, Repeat::kHarmless);
}

absl::StatusOr<v1::AddToStopListResponse> Client::AddToStopList(
    const v1::AddToStopListRequest& request) {
  return Call(*stop_list_, &StopListService::Stub::AddToStopList, request, Repeat::kHarmless);
}
absl::StatusOr<v1::RemoveFromStopListResponse> Client::RemoveFromStopList(
    const v1::RemoveFromStopListRequest& request) {
  return Call(*stop_list_, &StopListService::Stub::RemoveFromStopList, request, Repeat::kHarmless);
}
absl::StatusOr<v1::ListStopListResponse> Client::ListStopList(
    const v1::ListStopListRequest& request) {
  return Call(*stop_list_, &StopListService::Stub::ListStopList, request, Repeat::kHarmless);
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
