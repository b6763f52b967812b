#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/imports/reading/byte_source.h"

namespace campaigner::imports {

// An open file that goes with its owner.
class OwnedFile {
 public:
  explicit OwnedFile(int descriptor) : descriptor_(descriptor) {}
  ~OwnedFile();
  OwnedFile(const OwnedFile&) = delete;
  OwnedFile& operator=(const OwnedFile&) = delete;

  int descriptor() const { return descriptor_; }
  int Release();

 private:
  int descriptor_;
};

// A sheet (counted from 1) of an XLS file on its way to text, see WriteXlsAsText. It is read by
// another process (campaigner-xls, beside this program), with limits of its own: FreeXL takes
// gigabytes for a file of some kilobytes if that only says so, and dies of some that are damaged.
// It uses at most limits::kImportXlsSecondsMax of a processor, and at most limits::kImportXlsAtOnce
// run at once. The text is a nameless file beside the XLS file. For one thread at a time; whoever
// drops one ends its process.
class XlsConversion {
 public:
  // INVALID_ARGUMENT: the file is too large. UNAVAILABLE: so many run already, or it cannot be run.
  static absl::StatusOr<std::unique_ptr<XlsConversion>> Begin(const std::string& path,
                                                              int64_t file_bytes, int32_t sheet);
  ~XlsConversion();

  // Whether Take can be called; does not wait.
  bool HasEnded();
  // The text; once, waiting for the process where it has not ended. INVALID_ARGUMENT with a reason
  // that fits behind the file's name: it is damaged, behind a password, or has no such sheet.
  // UNAVAILABLE where the process could not work, as on a full disk.
  absl::StatusOr<std::unique_ptr<ByteSource>> Take();

 private:
  XlsConversion(int text, int reason) : text_(text), reason_(reason) {}
  absl::Status Run(const std::string& path, int32_t sheet);
  void WaitForProcess(int flags);

  OwnedFile text_;
  OwnedFile reason_;
  pid_t process_ = 0;  // 0: none, or it has ended.
  int end_ = 0;        // As waitpid says it.
};

}  // namespace campaigner::imports
