#include "server/services/grpc_services.h"

#include <optional>
#include <utility>

#include "campaigner/v1/account_service.grpc.pb.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/import_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "campaigner/v1/operation_service.grpc.pb.h"
#include "campaigner/v1/stop_list_service.grpc.pb.h"
#include "campaigner/v1/webhook_service.grpc.pb.h"
#include "server/base/limits.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/arena_allocator.h"
#include "server/services/accounts.h"
#include "server/services/campaign_watch.h"
#include "server/services/campaigns.h"
#include "server/services/erasures.h"
#include "server/services/estimates.h"
#include "server/services/export_messages.h"
#include "server/services/imports.h"
#include "server/services/message_stream.h"
#include "server/services/messages.h"
#include "server/services/operation_watch.h"
#include "server/services/operations.h"
#include "server/services/previews.h"
#include "server/services/retries.h"
#include "server/services/send.h"
#include "server/services/statistics.h"
#include "server/services/stop_list.h"
#include "server/services/upload_stream.h"
#include "server/services/watch.h"
#include "server/services/webhooks.h"

// The table of RPCs: which handler serves each, and what a key must have for it. Nothing else.
namespace campaigner::services {
namespace {

using domain::Scope;

// A call whose handler blocks and returns a status.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* Serve(const Environment& env, const char* method, Scope scope,
                                absl::Status (*handler)(const CallContext&, const Request&,
                                                        Response*),
                                grpc::CallbackServerContext* context, const Request* request,
                                Response* response) {
  const absl::Time arrival = env.clock.Now();
  return env.calls.Run(
      method, env.call_executor, scope, context,
      [&env, handler, context, request, response, arrival](rpc::Caller caller, rpc::Done done) {
        if (request->ByteSizeLong() > base::limits::kPlainRequestBytesMax) {
          return done(domain::errors::InvalidField("request", "must have at most 1 MiB"));
        }
        done(handler(
            {.env = env, .caller = std::move(caller), .arrival = arrival, .transport = context},
            *request, response));
      });
}

// What a handler does that does not block and calls back.
template <typename Request, typename Response>
rpc::CallRunner::Work AsyncWork(const Environment& env,
                                void (*handler)(CallContext, const Request&, Response*, rpc::Done),
                                const Request* request, Response* response) {
  return [&env, handler, request, response, arrival = env.clock.Now()](rpc::Caller caller,
                                                                       rpc::Done done) {
    handler({.env = env, .caller = std::move(caller), .arrival = arrival}, *request, response,
            std::move(done));
  };
}

// A call whose handler does not block and calls back.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeAsync(
    const Environment& env, const char* method, std::optional<Scope> scope,
    void (*handler)(CallContext, const Request&, Response*, rpc::Done),
    grpc::CallbackServerContext* context, const Request* request, Response* response) {
  return env.calls.Run(method, env.send_executor, scope, context,
                       AsyncWork(env, handler, request, response));
}

// The same, without leaving gRPC's thread for what is quick.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeSend(const Environment& env, const char* method, Scope scope,
                                    void (*handler)(CallContext, const Request&, Response*,
                                                    rpc::Done),
                                    grpc::CallbackServerContext* context, const Request* request,
                                    Response* response) {
  return env.calls.RunQuickly(
      method, env.send_executor, scope, context,
      [&env, request](const rpc::Caller& caller) { return IsQuickSend(env, caller, *request); },
      AsyncWork(env, handler, request, response));
}

#define CAMPAIGNER_RPC(serve, Verb, scope, Request, Response)                                  \
  grpc::ServerUnaryReactor* Verb(grpc::CallbackServerContext* context, const Request* request, \
                                 Response* response) override {                                \
    return serve(env_, #Verb, scope, &services::Verb, context, request, response);             \
  }

class AccountService final : public v1::AccountService::CallbackService {
 public:
  explicit AccountService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, CreateAccount, Scope::kAdmin, v1::CreateAccountRequest, v1::Account)
  CAMPAIGNER_RPC(Serve, GetAccount, Scope::kSend, v1::GetAccountRequest, v1::Account)
  CAMPAIGNER_RPC(Serve, ListAccounts, Scope::kSend, v1::ListAccountsRequest,
                 v1::ListAccountsResponse)
  CAMPAIGNER_RPC(Serve, UpdateAccount, Scope::kAdmin, v1::UpdateAccountRequest, v1::Account)
  CAMPAIGNER_RPC(Serve, CreateApiKey, Scope::kAdmin, v1::CreateApiKeyRequest,
                 v1::CreateApiKeyResponse)
  CAMPAIGNER_RPC(Serve, GetApiKey, Scope::kAdmin, v1::GetApiKeyRequest, v1::ApiKey)
  CAMPAIGNER_RPC(Serve, ListApiKeys, Scope::kAdmin, v1::ListApiKeysRequest, v1::ListApiKeysResponse)
  CAMPAIGNER_RPC(Serve, RevokeApiKey, Scope::kAdmin, v1::RevokeApiKeyRequest, v1::ApiKey)

 private:
  const Environment& env_;
};

class CampaignService final : public v1::CampaignService::CallbackService {
 public:
  explicit CampaignService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, CreateCampaign, Scope::kManage, v1::CreateCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, GetCampaign, Scope::kSend, v1::GetCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, ListCampaigns, Scope::kSend, v1::ListCampaignsRequest,
                 v1::ListCampaignsResponse)
  CAMPAIGNER_RPC(Serve, UpdateCampaign, Scope::kManage, v1::UpdateCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, DeleteCampaign, Scope::kManage, v1::DeleteCampaignRequest,
                 google::protobuf::Empty)
  CAMPAIGNER_RPC(Serve, StartCampaign, Scope::kManage, v1::StartCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, PauseCampaign, Scope::kManage, v1::PauseCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, ResumeCampaign, Scope::kManage, v1::ResumeCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, CancelCampaign, Scope::kManage, v1::CancelCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, CopyCampaign, Scope::kManage, v1::CopyCampaignRequest, v1::Campaign)
  CAMPAIGNER_RPC(Serve, GetCampaignStatistics, Scope::kSend, v1::GetCampaignStatisticsRequest,
                 v1::CampaignStatistics)
  CAMPAIGNER_RPC(Serve, GetCampaignTimeSeries, Scope::kSend, v1::GetCampaignTimeSeriesRequest,
                 v1::CampaignTimeSeries)
  CAMPAIGNER_RPC(Serve, PreviewMessage, Scope::kSend, v1::PreviewMessageRequest, v1::MessagePreview)
  CAMPAIGNER_RPC(Serve, EstimateCampaign, Scope::kSend, v1::EstimateCampaignRequest,
                 v1::CampaignEstimate)
  CAMPAIGNER_RPC(Serve, RetryMessages, Scope::kManage, v1::RetryMessagesRequest, v1::Operation)

  grpc::ServerWriteReactor<v1::CampaignProgress>* WatchCampaign(
      grpc::CallbackServerContext* context, const v1::WatchCampaignRequest* request) override {
    return ServeCampaignWatch(env_, context, request);
  }
  grpc::ServerWriteReactor<v1::FileChunk>* ExportMessages(
      grpc::CallbackServerContext* context, const v1::ExportMessagesRequest* request) override {
    return ServeExportMessages(env_, context, request);
  }

 private:
  const Environment& env_;
};

class MessageService final : public v1::MessageService::CallbackService {
 public:
  explicit MessageService(const Environment& env) : env_(env) {
    SetMessageAllocatorFor_SendMessages(&send_allocator_);
  }

  CAMPAIGNER_RPC(ServeSend, SendMessages, Scope::kSend, v1::SendMessagesRequest,
                 v1::SendMessagesResponse)
  CAMPAIGNER_RPC(Serve, GetMessage, Scope::kSend, v1::GetMessageRequest, v1::Message)
  CAMPAIGNER_RPC(Serve, ListMessages, Scope::kSend, v1::ListMessagesRequest,
                 v1::ListMessagesResponse)
  CAMPAIGNER_RPC(Serve, CancelMessage, Scope::kManage, v1::CancelMessageRequest, v1::Message)
  CAMPAIGNER_RPC(Serve, EraseRecipient, Scope::kManage, v1::EraseRecipientRequest, v1::Operation)
  CAMPAIGNER_RPC(ServeAsync, ReportDelivery, std::nullopt, v1::ReportDeliveryRequest,
                 v1::ReportDeliveryResponse)

  grpc::ServerBidiReactor<v1::StreamMessagesRequest, v1::StreamMessagesResponse>* StreamMessages(
      grpc::CallbackServerContext* context) override {
    return ServeMessageStream(env_, context);
  }
  grpc::ServerWriteReactor<v1::MessageEvent>* WatchMessages(
      grpc::CallbackServerContext* context, const v1::WatchMessagesRequest* request) override {
    return ServeWatch(env_, context, request);
  }

 private:
  const Environment& env_;
  rpc::ArenaAllocator<v1::SendMessagesRequest, v1::SendMessagesResponse> send_allocator_;
};

class WebhookService final : public v1::WebhookService::CallbackService {
 public:
  explicit WebhookService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, ListWebhookDeliveries, Scope::kSend, v1::ListWebhookDeliveriesRequest,
                 v1::ListWebhookDeliveriesResponse)
  CAMPAIGNER_RPC(Serve, ReplayWebhookDelivery, Scope::kManage, v1::ReplayWebhookDeliveryRequest,
                 v1::WebhookDelivery)
  CAMPAIGNER_RPC(Serve, ReplayFailedWebhookDeliveries, Scope::kManage,
                 v1::ReplayFailedWebhookDeliveriesRequest,
                 v1::ReplayFailedWebhookDeliveriesResponse)
  CAMPAIGNER_RPC(Serve, GetWebhookSecret, Scope::kManage, v1::GetWebhookSecretRequest,
                 v1::WebhookSecret)
  CAMPAIGNER_RPC(Serve, RotateWebhookSecret, Scope::kAdmin, v1::RotateWebhookSecretRequest,
                 v1::WebhookSecret)

 private:
  const Environment& env_;
};

class StopListService final : public v1::StopListService::CallbackService {
 public:
  explicit StopListService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, AddToStopList, Scope::kManage, v1::AddToStopListRequest,
                 v1::AddToStopListResponse)
  CAMPAIGNER_RPC(Serve, RemoveFromStopList, Scope::kManage, v1::RemoveFromStopListRequest,
                 v1::RemoveFromStopListResponse)
  CAMPAIGNER_RPC(Serve, ListStopList, Scope::kSend, v1::ListStopListRequest,
                 v1::ListStopListResponse)

 private:
  const Environment& env_;
};

class ImportService final : public v1::ImportService::CallbackService {
 public:
  explicit ImportService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, GetUpload, Scope::kManage, v1::GetUploadRequest, v1::Upload)
  CAMPAIGNER_RPC(Serve, DeleteUpload, Scope::kManage, v1::DeleteUploadRequest,
                 google::protobuf::Empty)
  CAMPAIGNER_RPC(Serve, PreviewImport, Scope::kManage, v1::PreviewImportRequest,
                 v1::PreviewImportResponse)
  CAMPAIGNER_RPC(Serve, ImportRecipients, Scope::kManage, v1::ImportRecipientsRequest,
                 v1::Operation)

  grpc::ServerReadReactor<v1::FileChunk>* UploadFile(grpc::CallbackServerContext* context,
                                                     v1::Upload* response) override {
    return ServeUpload(env_, context, response);
  }
  grpc::ServerWriteReactor<v1::FileChunk>* DownloadRejectedRows(
      grpc::CallbackServerContext* context,
      const v1::DownloadRejectedRowsRequest* request) override {
    return ServeRejectedRows(env_, context, request);
  }

 private:
  const Environment& env_;
};

class OperationService final : public v1::OperationService::CallbackService {
 public:
  explicit OperationService(const Environment& env) : env_(env) {}

  CAMPAIGNER_RPC(Serve, GetOperation, Scope::kSend, v1::GetOperationRequest, v1::Operation)
  CAMPAIGNER_RPC(Serve, ListOperations, Scope::kSend, v1::ListOperationsRequest,
                 v1::ListOperationsResponse)
  CAMPAIGNER_RPC(Serve, CancelOperation, Scope::kManage, v1::CancelOperationRequest, v1::Operation)

  grpc::ServerWriteReactor<v1::Operation>* WatchOperation(
      grpc::CallbackServerContext* context, const v1::WatchOperationRequest* request) override {
    return ServeOperationWatch(env_, context, request);
  }

 private:
  const Environment& env_;
};

#undef CAMPAIGNER_RPC

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeGrpcServices(const Environment& env) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<AccountService>(env));
  services.push_back(std::make_unique<CampaignService>(env));
  services.push_back(std::make_unique<MessageService>(env));
  services.push_back(std::make_unique<StopListService>(env));
  services.push_back(std::make_unique<WebhookService>(env));
  services.push_back(std::make_unique<ImportService>(env));
  services.push_back(std::make_unique<OperationService>(env));
  return services;
}

}  // namespace campaigner::services
