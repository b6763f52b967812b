#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace campaigner::storage::sqlite {

// Holds a file locked, with our process id in it, until destroyed. The kernel lets go when the
// process dies, however it dies; the file itself stays.
class FileLock {
 public:
  // FAILED_PRECONDITION (STORAGE_IN_USE) while another process or another FileLock holds it;
  // UNAVAILABLE when the file cannot be made.
  static absl::StatusOr<FileLock> Take(const std::string& path);

  ~FileLock();
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace campaigner::storage::sqlite
