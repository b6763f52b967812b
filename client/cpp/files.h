#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"

namespace campaigner::client {

// A file that is sent to the server.
struct FileToUpload {
  // A plain name, without folders. Never empty.
  std::string name;
  // Empty: the server looks into it.
  std::string content_type = {};
  // Bytes of one piece, 1 to 1 MiB.
  size_t chunk_bytes = 256 << 10;
};

// What came from the server.
struct DownloadedFile {
  // As the server calls it. May be empty.
  std::string name;
  std::string content_type;
  int64_t bytes = 0;
};

// Called with the bytes that were handed over so far; false: stop, with CANCELLED.
using OnProgress = absl::FunctionRef<bool(int64_t bytes)>;

}  // namespace campaigner::client
