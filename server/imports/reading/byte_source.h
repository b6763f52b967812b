#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace campaigner::imports {

// Bytes of a known number, read from any place. For one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual int64_t size() const = 0;
  // Puts at most `bytes_max` bytes from `offset` on into `buffer`, and answers how many: fewer at
  // the end only. UNAVAILABLE where reading fails, DATA_LOSS where the file became shorter.
  virtual absl::StatusOr<size_t> Read(int64_t offset, char* buffer, size_t bytes_max) const = 0;
};

// NOT_FOUND where there is no such file, INVALID_ARGUMENT where it is none, UNAVAILABLE else.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// Of an open file, which it closes. Errors as OpenFile's.
absl::StatusOr<std::unique_ptr<ByteSource>> BytesOfFile(int descriptor);

std::unique_ptr<ByteSource> BytesInMemory(std::string bytes);

}  // namespace campaigner::imports
