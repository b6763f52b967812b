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
  absl::StatusOr<v1::CampaignStatistics> GetCampaignStatistics(
      const v1::GetCampaignStatisticsRequest& request);

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
  absl::StatusOr<v1::ReportDeliveryResponse> ReportDelivery(
      const v1::ReportDeliveryRequest& request);

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
  const std::unique_ptr<v1::WebhookService::Stub> webhooks_;
};

}  // namespace campaigner::client
