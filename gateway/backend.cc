#include "gateway/backend.h"

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/stub_options.h>
#include <semaphore.h>

#include <chrono>
#include <future>
#include <utility>

#include "client/cpp/health.h"
#include "client/cpp/status.h"
#include "gateway/errors.h"
#include "gateway/limits.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway {
namespace {

using google::protobuf::Message;

std::chrono::system_clock::time_point CallDeadline(absl::Duration timeout) {
  return std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout);
}

// Raised once, awaited once. On the way of every message: half the system calls of std::promise,
// and no spinning as in std::binary_semaphore, which costs what the other threads could use.
class Signal {
 public:
  Signal() { sem_init(&semaphore_, 0, 0); }
  ~Signal() { sem_destroy(&semaphore_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void Raise() { sem_post(&semaphore_); }
  void Await() {
    while (sem_wait(&semaphore_) != 0) {
    }
  }

 private:
  sem_t semaphore_;
};

client::MessageStreamOptions StreamOptions() {
  client::MessageStreamOptions options;
  options.call_timeout = limits::kCallTimeout;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> Backend::Create(client::ChannelOptions channel) {
  client::ClientOptions options;
  options.channel = std::move(channel);
  ASSIGN_OR_RETURN(auto connected, client::Client::Create(std::move(options)));
  return std::unique_ptr<Backend>(new Backend(std::move(connected)));
}

Backend::Backend(std::unique_ptr<client::Client> connected)
    : client_(std::move(connected)),
      stub_(client_->channel()),
      sends_(client_->OpenMessageStream(StreamOptions())) {}

absl::StatusOr<v1::SendMessagesResponse> Backend::Send(const v1::SendMessagesRequest& request,
                                                       const v1::Credentials& credentials) {
  absl::StatusOr<v1::SendMessagesResponse> result;
  Signal answered;
  sends_->Send(request, credentials, [&](absl::StatusOr<v1::SendMessagesResponse> answer) {
    result = std::move(answer);
    answered.Raise();
  });
  answered.Await();
  if (!result.ok()) return WithoutAddresses(result.status());
  return result;
}

absl::Status Backend::Call(const std::string& method, const v1::Credentials& credentials,
                           const Message& request, Message& response) {
  grpc::ClientContext context;
  context.set_deadline(CallDeadline(limits::kCallTimeout));
  AddCredentials(credentials, context);
  std::promise<grpc::Status> answered;
  stub_.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                  [&answered](grpc::Status status) { answered.set_value(std::move(status)); });
  return WithoutAddresses(client::ToAbslStatus(answered.get_future().get()));
}

std::unique_ptr<BackendStream> Backend::OpenStream(const std::string& method,
                                                   const v1::Credentials& credentials,
                                                   BackendStream::NextRequest next_request) {
  return std::make_unique<BackendStream>(stub_, method, credentials, std::move(next_request),
                                         is_stopped_);
}

absl::Status Backend::CheckHealth(absl::Duration timeout) {
  return client::AskHealth(client_->channel(), absl::FromChrono(CallDeadline(timeout)));
}

}  // namespace campaigner::gateway
