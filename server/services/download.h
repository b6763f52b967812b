#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "campaigner/v1/file.pb.h"
#include "server/domain/account.h"
#include "server/services/environment.h"

namespace campaigner::services {

// A file that is made while it goes out. For one thread at a time.
class FileSource {
 public:
  virtual ~FileSource() = default;
  virtual std::string content_type() const = 0;
  // A plain name, without folders.
  virtual std::string file_name() const = 0;
  // The next piece, of about limits::kFileChunkBytes; nothing: the end. May block, but not for
  // long: an empty piece says that there is none yet, and others have their turn.
  virtual absl::StatusOr<std::optional<std::string>> Next() = 0;
};

// Checks the request and answers its file. May block.
using OpenFileSource =
    absl::AnyInvocable<absl::StatusOr<std::unique_ptr<FileSource>>(const CallContext& call)>;

// Streams a file: a piece is made when the one before has gone, so that a slow reader costs one
// piece of memory and no thread. `method`: a string literal. What `open` refers to must live until
// the call is done: the request does.
grpc::ServerWriteReactor<v1::FileChunk>* ServeDownload(const Environment& env, const char* method,
                                                       domain::Scope scope,
                                                       grpc::CallbackServerContext* context,
                                                       OpenFileSource open);

}  // namespace campaigner::services
