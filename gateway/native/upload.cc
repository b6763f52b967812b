#include "gateway/native/upload.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "campaigner/v1/file.pb.h"
#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/http/header_value.h"
#include "gateway/http/multipart.h"
#include "gateway/http/uri.h"
#include "gateway/limits.h"
#include "gateway/native/binding.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::native {
namespace {

using google::protobuf::Message;

// The part of a form that is taken.
constexpr std::string_view kFilePart = "file";

// What the end of the call needs: the answer of the server, unless the gateway has found something
// wrong before.
class Answer {
 public:
  Answer(const HttpRpc& rpc, http::Responder respond)
      : response_(google::protobuf::MessageFactory::generated_factory()
                      ->GetPrototype(rpc.method->output_type())
                      ->New()),
        respond_(std::move(respond)) {}

  Message& response() { return *response_; }
  // Answer this instead. The first one counts.
  void Refuse(http::Response refusal) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (!refusal_) refusal_ = std::move(refusal);
  }
  void Give(const absl::Status& status) EXCLUDES(mutex_) {
    http::Response answer;
    {
      base::MutexLock lock(mutex_);
      if (refusal_) {
        answer = *std::move(refusal_);
      } else if (!status.ok()) {
        answer = NativeError(status);
      } else {
        answer.body = ToJson(*response_);
      }
    }
    respond_(std::move(answer));
  }

 private:
  const std::unique_ptr<Message> response_;
  http::Responder respond_;
  base::Mutex mutex_;
  std::optional<http::Response> refusal_ GUARDED_BY(mutex_);
};

absl::Status CheckText(const std::string& field, const std::string& text) {
  if (!base::IsValidUtf8(text)) return FieldError(field, "must be UTF-8");
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return FieldError(field, "must not have control characters");
    }
  }
  return absl::OkStatus();
}

// One file on its way to the server.
class Upload final : public http::BodySink, private http::FormVisitor {
 public:
  // `first`: what is known of the file. `boundary`: of a form; nothing where the body is the file.
  Upload(v1::FileChunk first, const std::optional<std::string>& boundary,
         std::unique_ptr<Place> place, std::shared_ptr<Answer> answer)
      : place_(std::move(place)),
        answer_(std::move(answer)),
        chunk_(std::make_unique<v1::FileChunk>(std::move(first))) {
    http::FormVisitor& visitor = *this;
    if (boundary) form_.emplace(*boundary, visitor);
  }

  void Open(Backend& backend, const HttpRpc& rpc, const v1::Credentials& credentials,
            http::Resume resume) {
    writer_ = backend.OpenWriter(
        rpc.FullName(), credentials, limits::kUploadBytesInFlightMax - limits::kUploadChunkBytes,
        answer_->response(), std::move(resume),
        [answer = answer_](const absl::Status& status) { answer->Give(status); });
    if (!form_) BeginFile();
  }

  bool Take(std::string_view piece) override {
    has_room_ = true;
    if (is_refused_) return has_room_;
    if (!form_) {
      OnData(piece);
    } else if (!form_->Append(piece)) {
      Refuse(FieldError("", form_->error()));
    }
    return has_room_;
  }

  void Finish() override {
    if (is_refused_) return;
    if (form_ && !form_->is_complete()) {
      return Refuse(FieldError("", "ends before the last boundary of its form"));
    }
    if (!has_file_) return Refuse(FieldError(std::string(kFilePart), "is missing in the form"));
    // Also where it is empty: the file's name is in the first one.
    if (is_first_ || !chunk_->data().empty()) WriteChunk();
    writer_->Finish();
  }

  void Break(int status, std::string_view message) override {
    is_refused_ = true;
    answer_->Refuse(NativeHttpError(status, message));
    writer_->Cancel();
  }

 private:
  void OnPart(const http::FormPart& part) override {
    is_in_file_ = part.name == kFilePart;
    if (!is_in_file_ || is_refused_) return;
    if (has_file_) return Refuse(FieldError(std::string(kFilePart), "is given twice"));
    if (!part.file_name.empty()) {
      chunk_->set_file_name(std::string(http::BaseName(part.file_name)));
    }
    chunk_->set_content_type(part.content_type);
    BeginFile();
  }

  void OnData(std::string_view piece) override {
    if (!is_in_file_ || is_refused_) return;
    chunk_->mutable_data()->append(piece);
    if (chunk_->data().size() >= limits::kUploadChunkBytes) WriteChunk();
  }

  void BeginFile() {
    has_file_ = is_in_file_ = true;
    absl::Status status = CheckText("file_name", chunk_->file_name());
    if (status.ok() && chunk_->file_name().empty()) status = FieldError("file_name", "is missing");
    if (status.ok()) status = CheckText("content_type", chunk_->content_type());
    if (!status.ok()) Refuse(status);
  }

  void WriteChunk() {
    is_first_ = false;
    has_room_ = writer_->Write(std::exchange(chunk_, std::make_unique<v1::FileChunk>()));
  }

  // The answer follows when the call is over.
  void Refuse(const absl::Status& status) {
    is_refused_ = true;
    answer_->Refuse(NativeError(status));
    writer_->Cancel();
  }

  const std::unique_ptr<Place> place_;
  const std::shared_ptr<Answer> answer_;
  std::shared_ptr<BackendWriter> writer_;
  std::optional<http::MultipartParser> form_;
  // Gathers.
  std::unique_ptr<v1::FileChunk> chunk_;
  bool is_first_ = true;
  bool has_file_ = false;
  bool is_in_file_ = false;
  bool is_refused_ = false;
  bool has_room_ = true;
};

// What curl and forms say of bytes of which they know nothing.
bool SaysNothing(std::string_view content_type) {
  return content_type == "application/x-www-form-urlencoded";
}

struct Described {
  v1::FileChunk first;
  std::optional<std::string> boundary;
};

absl::StatusOr<Described> Describe(const http::Request& request) {
  Described described;
  const auto query = http::ParseQuery(request.query());
  if (!query) return FieldError("", "has a broken query");
  RETURN_IF_ERROR(BindParameters(*query, described.first));
  if (!described.first.data().empty()) return FieldError("data", "is the body, not a parameter");
  const std::string_view content_type = request.Header("Content-Type").value_or("");
  const auto parsed = http::ParseHeaderValue(content_type);
  if (!parsed) return FieldError("Content-Type", "is no media type");
  if (parsed->value.starts_with("multipart/")) {
    described.boundary = http::MultipartParser::BoundaryOf(*parsed);
    if (!described.boundary) {
      return FieldError("Content-Type", "is not multipart/form-data with a valid boundary");
    }
  } else if (described.first.content_type().empty() && !SaysNothing(parsed->value)) {
    described.first.set_content_type(std::string(content_type));
  }
  return described;
}

}  // namespace

bool IsUpload(const HttpRpc& rpc) {
  return rpc.method->client_streaming() && !rpc.method->server_streaming() &&
         rpc.method->input_type() == v1::FileChunk::descriptor();
}

std::unique_ptr<http::BodySink> OpenUpload(Backend& backend, const HttpRpc& rpc,
                                           const http::Request& request, http::Resume resume,
                                           http::Responder respond, const OpenCount& uploads) {
  auto place = std::make_unique<Place>(uploads, limits::kUploadsMax);
  if (!place->is_allowed()) {
    respond(NativeHttpError(503, "too many uploads at once: try again later"));
    return nullptr;
  }
  auto described = Describe(request);
  if (!described.ok()) {
    respond(NativeError(described.status()));
    return nullptr;
  }
  auto upload =
      std::make_unique<Upload>(std::move(described->first), described->boundary, std::move(place),
                               std::make_shared<Answer>(rpc, std::move(respond)));
  upload->Open(backend, rpc, CredentialsOf(request), std::move(resume));
  return upload;
}

}  // namespace campaigner::gateway::native
