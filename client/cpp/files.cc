#include "client/cpp/files.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <fstream>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/status/statusor.h"
#include "client/cpp/client.h"
#include "client/cpp/status.h"
#include "fmt/format.h"

// The RPCs that carry files.
namespace campaigner::client {
namespace {

constexpr size_t kChunkBytesMax = 1 << 20;

// The next piece of the file; false: there is none, or it cannot be read.
bool ReadChunk(std::istream& in, size_t bytes, v1::FileChunk& chunk) {
  std::string& data = *chunk.mutable_data();
  data.resize(bytes);
  in.read(data.data(), static_cast<std::streamsize>(bytes));
  data.resize(static_cast<size_t>(in.gcount()));
  return !data.empty();
}

// Also where the server has refused: its status says why. OK: all was written.
absl::Status WriteFile(const FileToUpload& file, std::istream& in, OnProgress on_progress,
                       grpc::ClientWriter<v1::FileChunk>& writer) {
  const size_t bytes = std::clamp<size_t>(file.chunk_bytes, 1, kChunkBytesMax);
  v1::FileChunk chunk;
  chunk.set_file_name(file.name);
  chunk.set_content_type(file.content_type);
  int64_t sent = 0;
  // One chunk goes in any case: an empty file has a name too.
  bool is_first = true;
  while (ReadChunk(in, bytes, chunk) || std::exchange(is_first, false)) {
    is_first = false;
    if (!writer.Write(chunk)) return absl::OkStatus();
    sent += static_cast<int64_t>(chunk.data().size());
    if (!on_progress(sent)) return absl::CancelledError("stopped by the caller");
    chunk.Clear();
  }
  if (in.bad()) return absl::DataLossError(fmt::format("{} cannot be read to its end", file.name));
  writer.WritesDone();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Upload> Client::UploadFile(const FileToUpload& file, std::istream& in,
                                              OnProgress on_progress) {
  grpc::ClientContext context;
  if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
  v1::Upload upload;
  const auto writer = imports_->UploadFile(&context, &upload);
  const absl::Status written = WriteFile(file, in, on_progress, *writer);
  if (!written.ok()) context.TryCancel();
  const absl::Status answer = ToAbslStatus(writer->Finish());
  if (!written.ok()) return written;
  if (!answer.ok()) return answer;
  return upload;
}

absl::StatusOr<v1::Upload> Client::UploadFile(const FileToUpload& file, const std::string& path,
                                              OnProgress on_progress) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::InvalidArgumentError(fmt::format("{} cannot be read", path));
  return UploadFile(file, in, on_progress);
}

template <typename Open>
absl::StatusOr<DownloadedFile> Client::Download(Open open, std::ostream& out,
                                                OnProgress on_progress) {
  grpc::ClientContext context;
  if (!options_.api_key.empty()) context.AddMetadata("x-api-key", options_.api_key);
  const std::unique_ptr<grpc::ClientReader<v1::FileChunk>> reader = open(context);
  DownloadedFile file;
  absl::Status kept;
  v1::FileChunk chunk;
  bool is_first = true;
  while (kept.ok() && reader->Read(&chunk)) {
    if (std::exchange(is_first, false)) {
      file.name = chunk.file_name();
      file.content_type = chunk.content_type();
    }
    file.bytes += static_cast<int64_t>(chunk.data().size());
    if (!out.write(chunk.data().data(), static_cast<std::streamsize>(chunk.data().size()))) {
      kept = absl::DataLossError("the file cannot be written");
    } else if (!on_progress(file.bytes)) {
      kept = absl::CancelledError("stopped by the caller");
    }
  }
  if (kept.ok() && !out.flush()) kept = absl::DataLossError("the file cannot be written");
  if (!kept.ok()) {
    context.TryCancel();
    while (reader->Read(&chunk)) {
    }
  }
  const absl::Status answer = ToAbslStatus(reader->Finish());
  if (!kept.ok()) return kept;
  if (!answer.ok()) return answer;
  return file;
}

absl::StatusOr<DownloadedFile> Client::ExportMessages(const v1::ExportMessagesRequest& request,
                                                      std::ostream& out, OnProgress on_progress) {
  return Download(
      [&](grpc::ClientContext& context) { return campaigns_->ExportMessages(&context, request); },
      out, on_progress);
}

absl::StatusOr<DownloadedFile> Client::DownloadRejectedRows(
    const v1::DownloadRejectedRowsRequest& request, std::ostream& out, OnProgress on_progress) {
  return Download(
      [&](grpc::ClientContext& context) {
        return imports_->DownloadRejectedRows(&context, request);
      },
      out, on_progress);
}

}  // namespace campaigner::client
