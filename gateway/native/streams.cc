#include "gateway/native/streams.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/limits.h"
#include "gateway/native/binding.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::gateway::native {
namespace {

using google::protobuf::Message;
using Requests = std::vector<std::unique_ptr<Message>>;

// Seconds of silence after which an empty line is sent, to learn whether anybody still listens.
constexpr int kHeartbeatPulses = 15;

// What a response's stream owns until it is written.
struct OpenStream {
  OpenStream(const OpenCount& streams, const HttpRpc& rpc, Requests r)
      : place(streams, limits::kWatchersMax),
        is_watch(!rpc.method->client_streaming()),
        requests(std::move(r)) {}

  Place place;
  // Goes on until somebody has enough.
  const bool is_watch;
  Requests requests;
  size_t next = 0;
  std::unique_ptr<Message> response;
  // Destroyed first: it still reads the others.
  std::unique_ptr<BackendStream> call;
};

std::unique_ptr<Message> NewMessageOf(const google::protobuf::Descriptor& type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

absl::Status AtLine(size_t line, const absl::Status& status) {
  base::ErrorDetail detail = base::GetErrorDetail(status);
  detail.metadata["line"] = std::to_string(line);
  return base::MakeError(status.code(),
                         fmt::format("line {}: {}", line, base::ToStd(status.message())),
                         std::move(detail));
}

// All of them before the first is sent: a mistake in the last line must not leave half of them
// sent.
absl::StatusOr<Requests> ParseLines(const HttpRpc& rpc, std::string_view body) {
  Requests requests;
  for (size_t line = 1; !body.empty(); ++line) {
    const std::string_view text = body.substr(0, body.find('\n'));
    body.remove_prefix(text.size() == body.size() ? body.size() : text.size() + 1);
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    requests.push_back(NewMessageOf(*rpc.method->input_type()));
    const absl::Status status = ParseJson(text, *requests.back());
    if (!status.ok()) return AtLine(line, status);
    RemoveCredentials(*requests.back());
  }
  return requests;
}

absl::StatusOr<Requests> ParseRequests(const HttpRpc& rpc, const http::Request& request) {
  if (rpc.method->client_streaming()) return ParseLines(rpc, request.body);
  Requests requests;
  ASSIGN_OR_RETURN(requests.emplace_back(), BindRequest(rpc, request));
  return requests;
}

absl::Status Stopping() {
  return base::MakeError(absl::StatusCode::kUnavailable, "the gateway is shutting down",
                         {.reason = "DRAINING", .retry_after = limits::kRetryAfter});
}

void WriteLines(OpenStream& open, BackendStream::Event event, const http::Sink& sink) {
  int pulses = 0;
  while (event != BackendStream::Event::kEnd) {
    bool is_heard = true;
    if (event == BackendStream::Event::kMessage) {
      is_heard = sink(ToJson(*open.response) + "\n");
      open.response->Clear();
      pulses = 0;
    } else if (++pulses % kHeartbeatPulses == 0) {
      is_heard = sink("\n");
    }
    if (!is_heard) return;
    if (open.is_watch && open.call->is_stopped()) {
      sink(NativeError(Stopping()).body + "\n");
      return;
    }
    event = open.call->Next(*open.response);
  }
  if (!open.call->status().ok()) sink(NativeError(open.call->status()).body + "\n");
}

}  // namespace

http::Response ServeStream(Backend& backend, const HttpRpc& rpc, const http::Request& request,
                           const OpenCount& streams) {
  auto requests = ParseRequests(rpc, request);
  if (!requests.ok()) return NativeError(requests.status());
  auto open = std::make_shared<OpenStream>(streams, rpc, *std::move(requests));
  if (!open->place.is_allowed()) return NativeHttpError(503, "too many streams are open");
  open->response = NewMessageOf(*rpc.method->output_type());
  open->call = backend.OpenStream(rpc.FullName(), CredentialsOf(request),
                                  [&state = *open]() -> const Message* {
                                    if (state.next == state.requests.size()) return nullptr;
                                    return state.requests[state.next++].get();
                                  });
  const BackendStream::Event first = open->call->Next(*open->response);
  if (first == BackendStream::Event::kEnd && !open->call->status().ok()) {
    return NativeError(open->call->status());
  }
  http::Response response;
  response.content_type = "application/x-ndjson";
  response.stream = [open = std::move(open), first](const http::Sink& sink) {
    WriteLines(*open, first, sink);
    return true;
  };
  return response;
}

}  // namespace campaigner::gateway::native
