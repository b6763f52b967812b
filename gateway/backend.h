#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaigner/v1/message_service.pb.h"
#include "client/cpp/client.h"
#include "gateway/backend_stream.h"
#include "gateway/backend_writer.h"

namespace campaigner::gateway {

// The server behind the gateway. Thread-safe. Connects when first used and again after a break, so
// the gateway recovers by itself. Errors are the server's, with base::GetErrorDetail; UNAVAILABLE
// while it is away, DEADLINE_EXCEEDED when it did not answer in time.
class Backend {
 public:
  // INVALID_ARGUMENT when a TLS file cannot be read.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(client::ChannelOptions channel);

  // Both are called once, on a thread of gRPC or on the caller's before the call returns. They must
  // not block.
  using SendDone = absl::AnyInvocable<void(absl::StatusOr<v1::SendMessagesResponse>)>;
  using CallDone = absl::AnyInvocable<void(absl::Status)>;

  // Sends for a caller, within limits::kCallTimeout. All callers share one stream, so a thousand
  // small sends cost little more than one. UNAVAILABLE, GATEWAY_NOT_TRUSTED: the server does not
  // take callers' keys from this gateway.
  void Send(v1::SendMessagesRequest request, v1::Credentials credentials, SendDone done);

  // Any unary RPC by its full name ("/campaigner.v1.CampaignService/GetCampaign"), within
  // `timeout`. `request` is not used after the return; `response` must live until `done`.
  void Call(const std::string& method, absl::Duration timeout, const v1::Credentials& credentials,
            const google::protobuf::Message& request, google::protobuf::Message& response,
            CallDone done);

  // Opens any streaming RPC.
  std::unique_ptr<BackendStream> OpenStream(const std::string& method,
                                            const v1::Credentials& credentials,
                                            BackendStream::NextRequest next_request);

  // Opens any RPC with a stream of requests and one answer, of which `waiting_bytes_max` of
  // requests may wait. As BackendWriter::Open.
  std::shared_ptr<BackendWriter> OpenWriter(
      const std::string& method, const v1::Credentials& credentials, size_t waiting_bytes_max,
      google::protobuf::Message& response, BackendWriter::OnRoom on_room, BackendWriter::Done done);

  // Whether the server says that it serves; at most so long.
  absl::Status CheckHealth(absl::Duration timeout);

  // Ends streams within a second. Calls under way finish.
  void Stop() { *is_stopped_ = true; }

 private:
  explicit Backend(std::unique_ptr<client::Client> client);

  const std::unique_ptr<client::Client> client_;
  // Without a type: requests and responses are what reflection finds.
  BackendStream::Stub stub_;
  const std::shared_ptr<std::atomic<bool>> is_stopped_ = std::make_shared<std::atomic<bool>>(false);
  const std::unique_ptr<client::MessageStream> sends_;
};

}  // namespace campaigner::gateway
