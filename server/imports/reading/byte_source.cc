#include "server/imports/reading/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace campaigner::imports {
namespace {

absl::Status ReadFailed(int error) {
  return absl::UnavailableError(
      fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

class FileBytes : public ByteSource {
 public:
  FileBytes(int descriptor, int64_t size) : descriptor_(descriptor), size_(size) {}
  ~FileBytes() override { close(descriptor_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  int64_t size() const override { return size_; }

  absl::StatusOr<size_t> Read(int64_t offset, char* buffer, size_t bytes_max) const override {
    const size_t wanted =
        std::min(bytes_max, static_cast<size_t>(std::max<int64_t>(0, size_ - offset)));
    size_t done = 0;
    while (done < wanted) {
      const ssize_t got =
          pread(descriptor_, buffer + done, wanted - done, offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ReadFailed(errno);
      if (got == 0) return absl::DataLossError("became shorter while it was read");
      done += static_cast<size_t>(got);
    }
    return done;
  }

 private:
  const int descriptor_;
  const int64_t size_;
};

class MemoryBytes : public ByteSource {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}

  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }

  absl::StatusOr<size_t> Read(int64_t offset, char* buffer, size_t bytes_max) const override {
    const size_t from = std::min(static_cast<size_t>(offset), bytes_.size());
    return bytes_.copy(buffer, bytes_max, from);
  }

 private:
  const std::string bytes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  // Not to wait where it is a pipe.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    if (errno == ENOENT) return absl::NotFoundError("does not exist");
    return ReadFailed(errno);
  }
  return BytesOfFile(descriptor);
}

absl::StatusOr<std::unique_ptr<ByteSource>> BytesOfFile(int descriptor) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) {
    const int error = errno;
    close(descriptor);
    return ReadFailed(error);
  }
  if (!S_ISREG(status.st_mode)) {
    close(descriptor);
    return absl::InvalidArgumentError("is not a file");
  }
  return std::make_unique<FileBytes>(descriptor, status.st_size);
}

std::unique_ptr<ByteSource> BytesInMemory(std::string bytes) {
  return std::make_unique<MemoryBytes>(std::move(bytes));
}

}  // namespace campaigner::imports
