#include "server/imports/reading/xls_process.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

constexpr size_t kReasonBytesMax = 256;

absl::Status CannotRun(const char* what, int error) {
  return absl::UnavailableError(
      fmt::format("cannot be read: {}: {}", what, std::generic_category().message(error)));
}

// A file in memory.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(memfd_create(name, MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// How `program` ended, as waitpid says it.
absl::StatusOr<int> Run(const std::string& program, const std::string& path,
                        const std::string& sheet, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  char* const arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>(path.c_str()),
                             const_cast<char*>(sheet.c_str()), nullptr};
  // It needs nothing of ours, and must not see what secrets are there.
  char* const environment[] = {nullptr};
  pid_t process = 0;
  const int error =
      posix_spawn(&process, program.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return CannotRun("campaigner-xls", error);
  int end = 0;
  while (waitpid(process, &end, 0) < 0) {
    if (errno != EINTR) return CannotRun("campaigner-xls", errno);
  }
  return end;
}

std::string ReadReason(int descriptor) {
  std::string reason(kReasonBytesMax, '\0');
  const ssize_t size = pread(descriptor, reason.data(), reason.size(), 0);
  reason.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return base::Printable(reason, kReasonBytesMax);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> ConvertXls(const std::string& path, int64_t file_bytes,
                                                       int32_t sheet) {
  if (file_bytes > limits::kImportXlsBytesMax) {
    return absl::InvalidArgumentError(fmt::format(
        "is an XLS file of more than {} MiB: save it as CSV", limits::kImportXlsBytesMax >> 20));
  }
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return CannotRun("campaigner-xls", error.value());
  MemoryFile text("campaigner-xls-text");
  const MemoryFile reason("campaigner-xls-reason");
  if (text.descriptor() < 0 || reason.descriptor() < 0) return CannotRun("memory", errno);
  ASSIGN_OR_RETURN(const int end,
                   Run(self.parent_path() / "campaigner-xls", path, std::to_string(sheet),
                       text.descriptor(), reason.descriptor()));
  if (WIFEXITED(end) && WEXITSTATUS(end) == 0) return BytesOfFile(text.Release());
  if (WIFEXITED(end) && WEXITSTATUS(end) == 1) {
    return absl::InvalidArgumentError(ReadReason(reason.descriptor()));
  }
  return absl::InvalidArgumentError("is damaged, or too large for an XLS file");
}

}  // namespace campaigner::imports
