#include "gateway/native/download.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "campaigner/v1/file.pb.h"
#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/http/header_value.h"
#include "gateway/limits.h"
#include "gateway/native/binding.h"
#include "server/base/log.h"

namespace campaigner::gateway::native {
namespace {

using Event = BackendStream::Event;

constexpr const char* kUnknownType = "application/octet-stream";

// What a response's stream owns until it is written.
struct OpenDownload {
  explicit OpenDownload(const OpenCount& downloads) : place(downloads, limits::kDownloadsMax) {}

  // The next chunk, or the end; kPulse: the server takes too long.
  Event Next() {
    chunk.Clear();
    for (absl::Duration waited; waited < limits::kDownloadStallTimeout;
         waited += absl::Seconds(1)) {
      const Event event = call->Next(chunk);
      if (event != Event::kPulse) return event;
    }
    return Event::kPulse;
  }

  Place place;
  std::unique_ptr<google::protobuf::Message> request;
  bool is_requested = false;
  v1::FileChunk chunk;
  // Destroyed first: it still reads the others.
  std::unique_ptr<BackendStream> call;
};

bool WriteChunks(OpenDownload& open, Event event, const http::Sink& sink) {
  for (; event == Event::kMessage; event = open.Next()) {
    if (!sink(open.chunk.data())) return false;
  }
  if (event == Event::kEnd && open.call->status().ok()) return true;
  base::LogWarning("download_broke_off",
                   {{"error", event == Event::kEnd ? open.call->status().ToString() : "timeout"}});
  return false;
}

// The library drops a header that has control characters, so that a download would be shown.
std::string TypeOf(const v1::FileChunk& first) {
  const std::string& type = first.content_type();
  const bool is_plain = std::all_of(type.begin(), type.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  return type.empty() || !is_plain ? kUnknownType : type;
}

}  // namespace

bool IsDownload(const HttpRpc& rpc) {
  return rpc.method->server_streaming() && !rpc.method->client_streaming() &&
         rpc.method->output_type() == v1::FileChunk::descriptor();
}

http::Response ServeDownload(Backend& backend, const HttpRpc& rpc, const http::Request& request,
                             const OpenCount& downloads) {
  auto open = std::make_shared<OpenDownload>(downloads);
  if (!open->place.is_allowed()) return NativeHttpError(503, "too many downloads at once");
  auto bound = BindRequest(rpc, request);
  if (!bound.ok()) return NativeError(bound.status());
  open->request = *std::move(bound);
  open->call = backend.OpenStream(
      rpc.FullName(), CredentialsOf(request),
      [&state = *open]() -> const google::protobuf::Message* {
        return std::exchange(state.is_requested, true) ? nullptr : state.request.get();
      });
  const Event first = open->Next();
  if (first == Event::kPulse) return NativeHttpError(504, "the server took too long");
  if (first == Event::kEnd && !open->call->status().ok()) return NativeError(open->call->status());
  http::Response response;
  response.content_type = TypeOf(open->chunk);
  response.headers = {
      {"Content-Disposition", http::AttachmentDisposition(open->chunk.file_name())},
      // So that no browser takes a file for a page of ours.
      {"X-Content-Type-Options", "nosniff"},
  };
  response.stream = [open = std::move(open), first](const http::Sink& sink) {
    return WriteChunks(*open, first, sink);
  };
  return response;
}

}  // namespace campaigner::gateway::native
