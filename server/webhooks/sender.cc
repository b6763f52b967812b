#include "server/webhooks/sender.h"

#include "server/webhooks/sender_loop.h"

namespace campaigner::webhooks {

WebhookSender::WebhookSender(WebhookSenderOptions options, WebhookSenderContext context)
    : loop_(std::make_unique<SenderLoop>(options, context)) {}
WebhookSender::~WebhookSender() = default;

void WebhookSender::Start() { loop_->Start(); }
absl::Time WebhookSender::RunOnce() { return loop_->RunOnce(); }
void WebhookSender::Stop() { loop_->Stop(); }
bool WebhookSender::HasWork() const { return loop_->HasWork(); }
int WebhookSender::store_calls_pending() const { return loop_->store_calls_pending(); }
int WebhookSender::exchanges_pending() const { return loop_->exchanges_pending(); }
void WebhookSender::OnWebhooksDue(const std::vector<int64_t>& endpoint_ids) {
  loop_->OnWebhooksDue(endpoint_ids);
}
void WebhookSender::OnWebhooksDeleted(const std::vector<storage::WebhookId>& webhooks) {
  loop_->OnWebhooksDeleted(webhooks);
}

}  // namespace campaigner::webhooks
