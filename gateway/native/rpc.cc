#include "gateway/native/rpc.h"

#include <fmt/format.h>

#include <string_view>

#include "campaigner/v1/account_service.pb.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/import_service.pb.h"
#include "campaigner/v1/message_service.pb.h"
#include "campaigner/v1/operation_service.pb.h"
#include "campaigner/v1/stop_list_service.pb.h"
#include "campaigner/v1/webhook_service.pb.h"
#include "gateway/limits.h"
#include "google/api/annotations.pb.h"

namespace campaigner::gateway::native {
namespace {

void AddRule(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule,
             std::vector<HttpRpc>& rpcs) {
  HttpRpc rpc{.method = &method, .http_method = {}, .pattern = {}, .body = rule.body()};
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      rpc.http_method = "GET";
      rpc.pattern = rule.get();
      break;
    case google::api::HttpRule::kPut:
      rpc.http_method = "PUT";
      rpc.pattern = rule.put();
      break;
    case google::api::HttpRule::kPost:
      rpc.http_method = "POST";
      rpc.pattern = rule.post();
      break;
    case google::api::HttpRule::kDelete:
      rpc.http_method = "DELETE";
      rpc.pattern = rule.delete_();
      break;
    case google::api::HttpRule::kPatch:
      rpc.http_method = "PATCH";
      rpc.pattern = rule.patch();
      break;
    default: return;
  }
  rpcs.push_back(std::move(rpc));
  for (const auto& further : rule.additional_bindings()) AddRule(method, further, rpcs);
}

}  // namespace

std::string HttpRpc::FullName() const {
  return fmt::format("/{}/{}", method->service()->full_name(), method->name());
}

absl::Duration HttpRpc::Timeout() const {
  for (const std::string_view slow : {"EstimateCampaign", "PreviewImport", "ImportRecipients"}) {
    if (method->name() == slow) return limits::kSlowCallTimeout;
  }
  return limits::kCallTimeout;
}

// Named one by one, because a file that nobody names is not linked.
std::vector<const google::protobuf::FileDescriptor*> ApiFiles() {
  return {
      v1::GetAccountRequest::descriptor()->file(),
      v1::GetCampaignRequest::descriptor()->file(),
      v1::GetUploadRequest::descriptor()->file(),
      v1::GetMessageRequest::descriptor()->file(),
      v1::GetOperationRequest::descriptor()->file(),
      v1::ListStopListRequest::descriptor()->file(),
      v1::ListWebhookDeliveriesRequest::descriptor()->file(),
  };
}

std::vector<HttpRpc> AllHttpRpcs() {
  std::vector<HttpRpc> rpcs;
  for (const auto* file : ApiFiles()) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      for (int j = 0; j < service.method_count(); ++j) {
        const auto& method = *service.method(j);
        AddRule(method, method.options().GetExtension(google::api::http), rpcs);
      }
    }
  }
  return rpcs;
}

}  // namespace campaigner::gateway::native
