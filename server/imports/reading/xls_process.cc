#include "server/imports/reading/xls_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/operations.h"
#include "server/imports/reading/xls_text.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

constexpr size_t kReasonBytesMax = 256;

// Of this program; each holds a place until its process is gone.
std::atomic<int> running_conversions = 0;

absl::Status CannotRun(const char* what, int error) {
  return absl::UnavailableError(
      fmt::format("cannot be read: {}: {}", what, std::generic_category().message(error)));
}

// A file without a name beside `path`; in memory where the file system has no such thing.
int MakeTextFile(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const int descriptor = open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC,
                              S_IRUSR | S_IWUSR);
  return descriptor >= 0 ? descriptor : memfd_create("campaigner-xls-text", MFD_CLOEXEC);
}

std::string ReadReason(int descriptor) {
  std::string reason(kReasonBytesMax, '\0');
  const ssize_t size = pread(descriptor, reason.data(), reason.size(), 0);
  reason.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return base::Printable(reason, kReasonBytesMax);
}

}  // namespace

OwnedFile::~OwnedFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

int OwnedFile::Release() { return std::exchange(descriptor_, -1); }

absl::StatusOr<std::unique_ptr<XlsConversion>> XlsConversion::Begin(const std::string& path,
                                                                    int64_t file_bytes,
                                                                    int32_t sheet) {
  if (file_bytes > limits::kImportXlsBytesMax) {
    return absl::InvalidArgumentError(fmt::format(
        "is an XLS file of more than {} MiB: save it as CSV", limits::kImportXlsBytesMax >> 20));
  }
  const bool has_place = running_conversions.fetch_add(1) < limits::kImportXlsAtOnce;
  // From here on its destructor gives the place back.
  std::unique_ptr<XlsConversion> conversion(
      new XlsConversion(MakeTextFile(path), memfd_create("campaigner-xls-reason", MFD_CLOEXEC)));
  if (!has_place) {
    return domain::errors::TooManyConversions();
  }
  RETURN_IF_ERROR(conversion->Run(path, sheet));
  return conversion;
}

absl::Status XlsConversion::Run(const std::string& path, int32_t sheet) {
  if (text_.descriptor() < 0 || reason_.descriptor() < 0) return CannotRun("no file", errno);
  std::error_code no_self;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", no_self);
  if (no_self) return CannotRun("campaigner-xls", no_self.value());
  std::string program = self.parent_path() / "campaigner-xls";
  std::string file = path;
  std::string number = std::to_string(sheet);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, text_.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, reason_.descriptor(), STDERR_FILENO);
  char* const arguments[] = {program.data(), file.data(), number.data(), nullptr};
  // It needs nothing of ours, and must not see what secrets are there.
  char* const environment[] = {nullptr};
  const int error =
      posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return absl::OkStatus();
  process_ = 0;
  return CannotRun("campaigner-xls", error);
}

XlsConversion::~XlsConversion() {
  if (process_ != 0) {
    kill(process_, SIGKILL);
    WaitForProcess(0);
  }
  --running_conversions;
}

void XlsConversion::WaitForProcess(int flags) {
  pid_t ended = 0;
  do {
    ended = waitpid(process_, &end_, flags);
  } while (ended < 0 && errno == EINTR);
  // One that somebody else waited for counts as broken: it has left no end.
  if (ended < 0) end_ = SIGKILL;
  if (ended != 0) process_ = 0;
}

bool XlsConversion::HasEnded() {
  if (process_ != 0) WaitForProcess(WNOHANG);
  return process_ == 0;
}

absl::StatusOr<std::unique_ptr<ByteSource>> XlsConversion::Take() {
  if (process_ != 0) WaitForProcess(0);
  if (WIFEXITED(end_) && WEXITSTATUS(end_) == 0) return BytesOfFile(text_.Release());
  if (WIFEXITED(end_) && WEXITSTATUS(end_) == kXlsRefused) {
    return absl::InvalidArgumentError(ReadReason(reason_.descriptor()));
  }
  if (WIFEXITED(end_) && WEXITSTATUS(end_) == kXlsNoRoom) {
    return CannotRun("no room for its text", ENOSPC);
  }
  return absl::InvalidArgumentError("is damaged, or too large for an XLS file");
}

}  // namespace campaigner::imports
