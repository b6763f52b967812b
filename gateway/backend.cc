#include "gateway/backend.h"

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/stub_options.h>

#include <chrono>
#include <memory>
#include <utility>

#include "client/cpp/health.h"
#include "client/cpp/status.h"
#include "gateway/errors.h"
#include "gateway/http/log_gate.h"
#include "gateway/limits.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway {
namespace {

using google::protobuf::Message;

std::chrono::system_clock::time_point CallDeadline(absl::Duration timeout) {
  return std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout);
}

// Said of a caller who has a key: the server ignored it, because it came from us.
bool IsKeyMissing(const absl::Status& status) {
  return absl::IsUnauthenticated(status) &&
         base::GetErrorDetail(status).reason == "API_KEY_MISSING";
}

absl::Status NotTrusted() {
  static http::LogGate log_gate;
  if (log_gate.TryPass()) {
    base::LogError("gateway_not_trusted",
                   {{"remedy", "name this gateway in the server's trusted_gateway_networks"}});
  }
  return base::MakeError(absl::StatusCode::kUnavailable,
                         "this gateway is not set up: the server does not trust it",
                         {.reason = "GATEWAY_NOT_TRUSTED", .retry_after = limits::kRetryAfter});
}

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

void Backend::Send(v1::SendMessagesRequest request, v1::Credentials credentials, SendDone done) {
  const bool has_key = !credentials.api_key().empty();
  sends_->Send(
      std::move(request), std::move(credentials),
      [has_key, done = std::move(done)](absl::StatusOr<v1::SendMessagesResponse> answer) mutable {
        if (answer.ok()) return done(std::move(answer));
        if (has_key && IsKeyMissing(answer.status())) return done(NotTrusted());
        done(WithoutAddresses(answer.status()));
      });
}

void Backend::Call(const std::string& method, absl::Duration timeout,
                   const v1::Credentials& credentials, const Message& request, Message& response,
                   CallDone done) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(CallDeadline(timeout));
  AddCredentials(credentials, *context);
  grpc::ClientContext* const in_use = context.get();
  auto answered = [context = std::move(context),
                   done = std::move(done)](const grpc::Status& status) mutable {
    // It holds the channel, and must not be the last to do so once the caller goes on.
    context.reset();
    done(WithoutAddresses(client::ToAbslStatus(status)));
  };
  // gRPC wants a callback that can be copied.
  stub_.UnaryCall(in_use, method, grpc::StubOptions(), &request, &response,
                  [shared = std::make_shared<decltype(answered)>(std::move(answered))](
                      const grpc::Status& status) { (*shared)(status); });
}

std::unique_ptr<BackendStream> Backend::OpenStream(const std::string& method,
                                                   const v1::Credentials& credentials,
                                                   BackendStream::NextRequest next_request) {
  return std::make_unique<BackendStream>(stub_, method, credentials, std::move(next_request),
                                         is_stopped_);
}

std::shared_ptr<BackendWriter> Backend::OpenWriter(const std::string& method,
                                                   const v1::Credentials& credentials,
                                                   size_t waiting_bytes_max, Message& response,
                                                   BackendWriter::OnRoom on_room,
                                                   BackendWriter::Done done) {
  return BackendWriter::Open(stub_, method, credentials, waiting_bytes_max, response,
                             std::move(on_room), std::move(done));
}

absl::Status Backend::CheckHealth(absl::Duration timeout) {
  return client::AskHealth(client_->channel(), absl::FromChrono(CallDeadline(timeout)));
}

}  // namespace campaigner::gateway
