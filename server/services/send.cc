#include "server/services/send.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"
#include "server/services/prepare_send.h"

namespace campaigner::services {
namespace {

using storage::Accepted;

// What gRPC's threads make ready by themselves: it takes them about as long as to hand it over,
// which would also wake another thread.
constexpr int kQuickMessagesMax = 4;
constexpr size_t kQuickBytesMax = 16u << 10;

// An answer as large as this takes a while to write: not on the store's thread.
constexpr int32_t kLargeAnswerMessages = 16;

void FillIds(const Accepted& accepted, v1::SendMessagesResponse* response) {
  int64_t id = accepted.first_message_id;
  for (v1::SentMessage& sent : *response->mutable_messages()) sent.set_id(id++);
}

// What the first send of this request id was answered, from what it stored; what was pruned since
// keeps its id only. Blocks.
absl::Status FillFromStore(const Environment& env, int64_t account_id, const Accepted& accepted,
                           v1::SendMessagesResponse* response) {
  ASSIGN_OR_RETURN(const auto messages,
                   env.store.GetMessages(account_id, accepted.first_message_id, accepted.count));
  response->clear_messages();
  for (int32_t i = 0; i < accepted.count; ++i) {
    response->add_messages()->set_id(accepted.first_message_id + i);
  }
  for (const domain::Message& message : messages) {
    const int64_t index = message.id - accepted.first_message_id;
    v1::SentMessage* sent = response->mutable_messages(static_cast<int>(index));
    sent->set_text(message.text);
    sent->set_segments(message.segments);
    const auto campaign = env.store.GetCampaign(message.campaign_id);
    if (campaign.ok()) sent->set_message_attempts((*campaign)->message_attempts);
  }
  return absl::OkStatus();
}

}  // namespace

bool IsQuickSend(const Environment& env, const rpc::Caller& caller,
                 const v1::SendMessagesRequest& request) {
  if (request.messages_size() > kQuickMessagesMax || request.ByteSizeLong() > kQuickBytesMax ||
      !env.accounts.Has(caller.account_id())) {
    return false;
  }
  return std::all_of(
      request.messages().begin(), request.messages().end(), [&](const auto& message) {
        return env.store.IsCampaignInMemory(message.campaign_id() != 0 ? message.campaign_id()
                                                                       : request.campaign_id());
      });
}

void Send(const Environment& env, const rpc::Caller& caller, absl::Time arrival,
          const v1::SendMessagesRequest& request, v1::SendMessagesResponse* response,
          rpc::Done done) {
  storage::AcceptBatch batch;
  if (absl::Status status = PrepareSend(env, caller, request, &batch, response); !status.ok()) {
    return done(std::move(status));
  }
  if (absl::Status status = env.key_rates.Take(caller.key.id, caller.key.messages_per_second_max,
                                               request.messages_size(), batch.now);
      !status.ok()) {
    return done(std::move(status));
  }
  const auto give_back = [&env, key_id = caller.key.id, count = request.messages_size(),
                          per_second_max = caller.key.messages_per_second_max] {
    env.key_rates.GiveBack(key_id, per_second_max, count);
  };
  const int64_t account_id = caller.account_id();
  env.store.AcceptMessages(std::move(batch), [&env, account_id, arrival, response, give_back,
                                              done = std::move(done)](
                                                 absl::StatusOr<Accepted> accepted) mutable {
    if (!accepted.ok() || accepted->is_repeat) give_back();
    if (!accepted.ok()) return done(std::move(accepted).status());
    if (!accepted->is_repeat) {
      FillIds(*accepted, response);
      env.calls.metrics().ObserveAccept(env.clock.Now() - arrival, accepted->count);
      if (accepted->count < kLargeAnswerMessages) return done(absl::OkStatus());
    }
    rpc::Executor& executor = accepted->is_repeat ? env.call_executor : env.send_executor;
    auto shared_done = std::make_shared<rpc::Done>(std::move(done));
    rpc::Executor::Task finish = [&env, account_id, accepted = *accepted, response, shared_done] {
      (*shared_done)(accepted.is_repeat ? FillFromStore(env, account_id, accepted, response)
                                        : absl::OkStatus());
    };
    if (executor.TryPost(std::move(finish))) return;
    (*shared_done)(accepted->is_repeat ? domain::errors::Overloaded() : absl::OkStatus());
  });
}

}  // namespace campaigner::services
