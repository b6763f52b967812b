#include "server/services/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/requests.h"
#include "server/domain/errors/resources.h"
#include "server/rpc/status.h"
#include "server/services/campaigns.h"
#include "server/services/convert/message.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;
namespace errors = domain::errors;

constexpr char kMethod[] = "WatchMessages";

class MessageWatch final : public grpc::ServerWriteReactor<v1::MessageEvent>,
                           public LiveCall,
                           public Watcher,
                           public std::enable_shared_from_this<MessageWatch> {
 public:
  MessageWatch(const Environment& env, grpc::CallbackServerContext* context,
               const v1::WatchMessagesRequest& request)
      : env_(env),
        request_(request),
        credentials_(env.calls.authenticator().ReadCredentials(*context)) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }
  void Recheck() override;
  void Push(const storage::MessageChange& change) override;
  void Flush() override;

 private:
  // On the executor: checks, listens, and tells the present states.
  absl::Status Open();
  absl::Status CheckRequest(const CallContext& call);
  absl::Status TellPresentStates(int64_t account_id);

  void End(absl::Status status) EXCLUDES(mutex_);
  // Gives its place at the hub to others. Not for the store's thread, which holds the hub.
  void StopListening() EXCLUDES(mutex_);
  // Writes the next event, or finishes.
  void Advance() REQUIRES(mutex_);

  const Environment& env_;
  const v1::WatchMessagesRequest request_;
  const rpc::Credentials credentials_;
  WatchHub::Interest interest_;

  base::Mutex mutex_;
  std::shared_ptr<MessageWatch> self_ GUARDED_BY(mutex_);
  bool is_listening_ GUARDED_BY(mutex_) = false;
  // Nothing is written before the present states are in the queue.
  bool is_open_ GUARDED_BY(mutex_) = false;
  std::deque<v1::MessageEvent> queue_ GUARDED_BY(mutex_);
  v1::MessageEvent writing_ GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool is_advance_posted_ GUARDED_BY(mutex_) = false;
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

void MessageWatch::Begin() {
  auto self = shared_from_this();
  {
    base::MutexLock lock(mutex_);
    self_ = self;
  }
  if (!env_.live_calls.Add(self)) return End(errors::Draining());
  rpc::Executor::Task task = [self] {
    if (absl::Status status = self->Open(); !status.ok()) self->End(std::move(status));
  };
  if (!env_.call_executor.TryPost(std::move(task))) End(errors::Overloaded());
}

absl::Status MessageWatch::CheckRequest(const CallContext& call) {
  interest_.account_id = call.account_id();
  interest_.campaign_id = request_.campaign_id();
  interest_.message_ids.assign(request_.message_ids().begin(), request_.message_ids().end());
  auto& ids = interest_.message_ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty()) return FindCampaign(call, request_.campaign_id()).status();
  if (interest_.campaign_id != 0) {
    return errors::InvalidField("message_ids", "excludes campaign_id: one of the two");
  }
  if (request_.message_ids_size() > limits::kWatchMessagesMax) {
    return errors::InvalidField("message_ids",
                                fmt::format("must be at most {}", limits::kWatchMessagesMax));
  }
  for (const int64_t id : ids) {
    if (id <= 0) return errors::InvalidField("message_ids", "must be positive");
  }
  return absl::OkStatus();
}

absl::Status MessageWatch::Open() {
  ASSIGN_OR_RETURN(
      const rpc::Caller caller,
      env_.calls.authenticator().Check(credentials_, domain::Scope::kSend, env_.clock.Now()));
  RETURN_IF_ERROR(CheckRequest({.env = env_, .caller = caller, .arrival = env_.clock.Now()}));
  {
    // Listening before reading: what changes in between is told by the one or the other.
    base::MutexLock lock(mutex_);
    if (is_finished_) return absl::OkStatus();
    if (!env_.watch_hub.Add(shared_from_this(), interest_)) return errors::Overloaded();
    is_listening_ = true;
  }
  // The client learns that from now on it misses nothing.
  RETURN_IF_ERROR(TellPresentStates(caller.account_id()));
  base::MutexLock lock(mutex_);
  is_open_ = true;
  if (!is_finished_) StartSendInitialMetadata();
  Advance();
  return absl::OkStatus();
}

absl::Status MessageWatch::TellPresentStates(int64_t account_id) {
  std::vector<v1::MessageEvent> events;
  for (const int64_t id : interest_.message_ids) {
    ASSIGN_OR_RETURN(const domain::Message message, env_.store.GetMessage(account_id, id, false));
    if (request_.final_only() && !domain::IsFinal(message.state)) continue;
    MessageToEvent(message, env_.clock.Now(), &events.emplace_back());
  }
  base::MutexLock lock(mutex_);
  queue_.insert(queue_.begin(), events.begin(), events.end());
  return absl::OkStatus();
}

void MessageWatch::Push(const storage::MessageChange& change) {
  if (request_.final_only() && !domain::IsFinal(change.to)) return;
  base::MutexLock lock(mutex_);
  if (end_ || is_finished_) return;
  if (queue_.size() >= limits::kWatchQueueMax) {
    end_ = errors::WatcherTooSlow();
    queue_.clear();
    return;
  }
  ChangeToProto(change, &queue_.emplace_back());
}

void MessageWatch::Flush() {
  {
    base::MutexLock lock(mutex_);
    const bool is_left_behind = end_ && is_listening_;
    if (is_advance_posted_ || !is_open_ || (is_writing_ && !is_left_behind)) return;
    is_advance_posted_ = true;
  }
  // Not on the store's thread.
  rpc::Executor::Task task = [self = shared_from_this()] {
    bool has_ended = false;
    {
      base::MutexLock lock(self->mutex_);
      self->is_advance_posted_ = false;
      self->Advance();
      has_ended = self->end_.has_value();
    }
    // Its reader may never come back for the end.
    if (has_ended) self->StopListening();
  };
  if (env_.send_executor.TryPost(std::move(task))) return;
  base::MutexLock lock(mutex_);
  is_advance_posted_ = false;
  Advance();
}

void MessageWatch::StopListening() {
  {
    base::MutexLock lock(mutex_);
    if (!std::exchange(is_listening_, false)) return;
  }
  env_.watch_hub.Remove(shared_from_this(), interest_);
}

void MessageWatch::Advance() {
  if (is_finished_ || is_writing_) return;
  if (is_open_ && !queue_.empty()) {
    writing_ = std::move(queue_.front());
    queue_.pop_front();
    is_writing_ = true;
    grpc::WriteOptions options;
    // While more is coming, it may wait for a fuller packet.
    if (!queue_.empty()) options.set_buffer_hint();
    return StartWrite(&writing_, options);
  }
  if (!end_) return;
  is_finished_ = true;
  env_.calls.metrics().Count(kMethod, end_->code());
  if (!absl::IsCancelled(*end_)) rpc::LogFailedCall(kMethod, nullptr, *end_);
  Finish(rpc::ToGrpcStatus(*end_));
}

void MessageWatch::OnWriteDone(bool ok) {
  base::MutexLock lock(mutex_);
  is_writing_ = false;
  if (!ok) {
    queue_.clear();
    if (!end_) end_ = absl::CancelledError("the client went away");
  }
  Advance();
}

void MessageWatch::Recheck() {
  absl::Status status =
      env_.calls.authenticator().Recheck(credentials_, domain::Scope::kSend, env_.clock.Now());
  if (!status.ok()) End(std::move(status));
}

void MessageWatch::OnCancel() { End(absl::CancelledError("the client went away")); }

void MessageWatch::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_) end_ = std::move(status);
  queue_.clear();
  Advance();
}

void MessageWatch::OnDone() {
  std::shared_ptr<MessageWatch> self;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
  }
  StopListening();
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerWriteReactor<v1::MessageEvent>* ServeWatch(const Environment& env,
                                                       grpc::CallbackServerContext* context,
                                                       const v1::WatchMessagesRequest* request) {
  auto watch = std::make_shared<MessageWatch>(env, context, *request);
  watch->Begin();
  return watch.get();
}

}  // namespace campaigner::services
