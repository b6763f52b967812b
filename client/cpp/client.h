#pragma once

#include <iosfwd>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "campaigner/v1/account_service.grpc.pb.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/import_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "campaigner/v1/operation_service.grpc.pb.h"
#include "campaigner/v1/stop_list_service.grpc.pb.h"
#include "campaigner/v1/webhook_service.grpc.pb.h"
#include "client/cpp/files.h"
#include "client/cpp/message_stream.h"
#include "client/cpp/options.h"

namespace campaigner::client {

// A Campaigner server, with one blocking function per RPC. Thread-safe.
//
// Errors carry the server's reason, field violations and retry_after: base::GetErrorDetail.
// Calls whose repeat is harmless (reads, state verbs, and creations and sends by their request_id,
// which is made where it is empty) are tried again on UNAVAILABLE within options.deadline; others
// never are.
class Client {
 public:
  // INVALID_ARGUMENT when a TLS file cannot be read. Does not connect yet.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);

  absl::StatusOr<v1::Account> CreateAccount(v1::CreateAccountRequest request);
  absl::StatusOr<v1::Account> GetAccount(const v1::GetAccountRequest& request);
  absl::StatusOr<v1::ListAccountsResponse> ListAccounts(const v1::ListAccountsRequest& request);
  absl::StatusOr<v1::Account> UpdateAccount(const v1::UpdateAccountRequest& request);
  // Never retried: a repeat would make a second key.
  absl::StatusOr<v1::CreateApiKeyResponse> CreateApiKey(const v1::CreateApiKeyRequest& request);
  absl::StatusOr<v1::ApiKey> GetApiKey(const v1::GetApiKeyRequest& request);
  absl::StatusOr<v1::ListApiKeysResponse> ListApiKeys(const v1::ListApiKeysRequest& request);
  absl::StatusOr<v1::ApiKey> RevokeApiKey(const v1::RevokeApiKeyRequest& request);

  absl::StatusOr<v1::Campaign> CreateCampaign(v1::CreateCampaignRequest request);
  absl::StatusOr<v1::Campaign> GetCampaign(const v1::GetCampaignRequest& request);
  absl::StatusOr<v1::ListCampaignsResponse> ListCampaigns(const v1::ListCampaignsRequest& request);
  // Not retried with an etag: the first try may have changed it.
  absl::StatusOr<v1::Campaign> UpdateCampaign(const v1::UpdateCampaignRequest& request);
  // Never retried: a repeat would answer NOT_FOUND.
  absl::Status DeleteCampaign(const v1::DeleteCampaignRequest& request);
  absl::StatusOr<v1::Campaign> StartCampaign(const v1::StartCampaignRequest& request);
  absl::StatusOr<v1::Campaign> PauseCampaign(const v1::PauseCampaignRequest& request);
  absl::StatusOr<v1::Campaign> ResumeCampaign(const v1::ResumeCampaignRequest& request);
  absl::StatusOr<v1::Campaign> CancelCampaign(const v1::CancelCampaignRequest& request);
  absl::StatusOr<v1::Campaign> CopyCampaign(v1::CopyCampaignRequest request);
  absl::StatusOr<v1::CampaignStatistics> GetCampaignStatistics(
      const v1::GetCampaignStatisticsRequest& request);
  absl::StatusOr<v1::CampaignTimeSeries> GetCampaignTimeSeries(
      const v1::GetCampaignTimeSeriesRequest& request);
  // As WatchMessages. OK also when the campaign is over.
  absl::Status WatchCampaign(const v1::WatchCampaignRequest& request,
                             absl::FunctionRef<bool(const v1::CampaignProgress&)> on_progress,
                             std::stop_token stop = {});
  absl::StatusOr<v1::MessagePreview> PreviewMessage(const v1::PreviewMessageRequest& request);
  absl::StatusOr<v1::CampaignEstimate> EstimateCampaign(const v1::EstimateCampaignRequest& request);
  absl::StatusOr<v1::Operation> RetryMessages(v1::RetryMessagesRequest request);

  // Files. No deadline; never retried, because the bytes are gone. `on_progress` may stop them.
  // DATA_LOSS: `in` cannot be read, or `out` not written, to the end. What was written of a
  // download that failed is not the file.
  absl::StatusOr<v1::Upload> UploadFile(const FileToUpload& file, std::istream& in,
                                        OnProgress on_progress);
  // INVALID_ARGUMENT: nothing can be read at `path`.
  absl::StatusOr<v1::Upload> UploadFile(const FileToUpload& file, const std::string& path,
                                        OnProgress on_progress);
  absl::StatusOr<DownloadedFile> ExportMessages(const v1::ExportMessagesRequest& request,
                                                std::ostream& out, OnProgress on_progress);
  absl::StatusOr<DownloadedFile> DownloadRejectedRows(
      const v1::DownloadRejectedRowsRequest& request, std::ostream& out, OnProgress on_progress);

  // Imports and other long work.
  absl::StatusOr<v1::Upload> GetUpload(const v1::GetUploadRequest& request);
  // Never retried: a repeat would answer NOT_FOUND.
  absl::Status DeleteUpload(const v1::DeleteUploadRequest& request);
  absl::StatusOr<v1::PreviewImportResponse> PreviewImport(const v1::PreviewImportRequest& request);
  absl::StatusOr<v1::Operation> ImportRecipients(v1::ImportRecipientsRequest request);
  absl::StatusOr<v1::Operation> GetOperation(const v1::GetOperationRequest& request);
  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request);
  absl::StatusOr<v1::Operation> CancelOperation(const v1::CancelOperationRequest& request);
  // Calls `on_change` with the operation at once and whenever it changed, until its end. No
  // deadline; not retried.
  absl::Status WatchOperation(const v1::WatchOperationRequest& request,
                              absl::FunctionRef<void(const v1::Operation&)> on_change);

  absl::StatusOr<v1::SendMessagesResponse> SendMessages(v1::SendMessagesRequest request);
  // For senders who never stop. The stream uses the client's channel and key; it may outlive the
  // client. options.api_key is filled in.
  std::unique_ptr<MessageStream> OpenMessageStream(MessageStreamOptions options = {});
  absl::StatusOr<v1::Message> GetMessage(const v1::GetMessageRequest& request);
  absl::StatusOr<v1::ListMessagesResponse> ListMessages(const v1::ListMessagesRequest& request);
  absl::StatusOr<v1::Message> CancelMessage(const v1::CancelMessageRequest& request);
  // Calls `on_event` for each change until it answers false or `stop` is requested (then OK), or
  // the stream ends. No deadline. Not retried: what happened in between is read from a list.
  absl::Status WatchMessages(const v1::WatchMessagesRequest& request,
                             absl::FunctionRef<bool(const v1::MessageEvent&)> on_event,
                             std::stop_token stop = {});
  absl::StatusOr<v1::Operation> EraseRecipient(const v1::EraseRecipientRequest& request);
  absl::StatusOr<v1::ReportDeliveryResponse> ReportDelivery(
      const v1::ReportDeliveryRequest& request);

  absl::StatusOr<v1::AddToStopListResponse> AddToStopList(const v1::AddToStopListRequest& request);
  absl::StatusOr<v1::RemoveFromStopListResponse> RemoveFromStopList(
      const v1::RemoveFromStopListRequest& request);
  absl::StatusOr<v1::ListStopListResponse> ListStopList(const v1::ListStopListRequest& request);

  absl::StatusOr<v1::ListWebhookDeliveriesResponse> ListWebhookDeliveries(
      const v1::ListWebhookDeliveriesRequest& request);
  // Never retried: the first try may already have made it PENDING.
  absl::StatusOr<v1::WebhookDelivery> ReplayWebhookDelivery(
      const v1::ReplayWebhookDeliveryRequest& request);
  absl::StatusOr<v1::ReplayFailedWebhookDeliveriesResponse> ReplayFailedWebhookDeliveries(
      const v1::ReplayFailedWebhookDeliveriesRequest& request);
  absl::StatusOr<v1::WebhookSecret> GetWebhookSecret();
  // Never retried: a repeat would rotate twice.
  absl::StatusOr<v1::WebhookSecret> RotateWebhookSecret();

  // Whether the server's health service says SERVING: OK, UNAVAILABLE, or why it cannot be asked.
  absl::Status CheckHealth();

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  enum class Repeat : bool { kHarmful, kHarmless };

  Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel);

  // Reads a stream of the server's; see WatchMessages.
  template <typename Stub, typename Request, typename Response>
  absl::Status Read(Stub& stub,
                    std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                        grpc::ClientContext*, const Request&),
                    const Request& request, absl::FunctionRef<bool(const Response&)> on_response,
                    const std::stop_token& stop);

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, Repeat repeat);
  // `open` begins the call with a context.
  template <typename Open>
  absl::StatusOr<DownloadedFile> Download(Open open, std::ostream& out, OnProgress on_progress);

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::AccountService::Stub> accounts_;
  const std::unique_ptr<v1::CampaignService::Stub> campaigns_;
  const std::unique_ptr<v1::ImportService::Stub> imports_;
  const std::unique_ptr<v1::MessageService::Stub> messages_;
  const std::unique_ptr<v1::OperationService::Stub> operations_;
  const std::unique_ptr<v1::StopListService::Stub> stop_list_;
  const std::unique_ptr<v1::WebhookService::Stub> webhooks_;
};

}  // namespace campaigner::client
