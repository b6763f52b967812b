#include "server/storage/sqlite/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "server/domain/errors/requests.h"
#include "server/domain/errors/storage.h"

namespace campaigner::storage::sqlite {
namespace {

absl::Status CannotOpen(const std::string& path) {
  return domain::errors::StorageUnavailable(
      fmt::format("cannot open {}: {}", path, std::strerror(errno)));
}

int64_t ReadProcessId(int descriptor) {
  char text[24] = {};
  if (pread(descriptor, text, sizeof(text) - 1, 0) <= 0) return 0;
  return std::strtoll(text, nullptr, 10);
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return CannotOpen(path);
  FileLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return CannotOpen(path);
    return domain::errors::StorageInUse(path, ReadProcessId(descriptor));
  }
  // The process id is for people: that it could not be written (a full disk) is no reason to stop.
  const std::string text = fmt::format("{}\n", getpid());
  if (ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor, text.data(), text.size(), 0);
  }
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace campaigner::storage::sqlite
