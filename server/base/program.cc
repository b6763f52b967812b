#include "server/base/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");
ABSL_FLAG(std::string, port_file, "",
          "File into which the port that is really listened on is written.");

namespace campaigner::base {
namespace {

// Abseil tells the file of a flag without its leading slash.
std::string WithoutRoot(const std::string& path) {
  return path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

bool IsOurs(const ProgramDescription& program, const std::string& flags_file) {
  const std::string file = WithoutRoot(flags_file);
  return file == WithoutRoot(program.flags_file) || file == WithoutRoot(__FILE__);
}

// The command line is read afterwards and wins.
absl::Status ReadEnvironment(const ProgramDescription& program) {
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (!IsOurs(program, flag->Filename())) continue;
    const std::string variable = program.variable_prefix + absl::AsciiStrToUpper(name);
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", variable, error));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadFlags(const ProgramDescription& program, int argc, char** argv) {
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = [program](absl::string_view file) {
    return IsOurs(program, std::string(file));
  };
  usage.contains_helpshort_flags = usage.contains_help_flags;
  absl::SetFlagsUsageConfig(usage);
  // Abseil takes one per process, which tests are not content with.
  static std::once_flag once;
  std::call_once(once, [&program] {
    absl::SetProgramUsageMessage(
        fmt::format("{} Every flag can also be set by a variable: {}LISTEN for --listen.",
                    program.usage, program.variable_prefix));
  });
  RETURN_IF_ERROR(ReadEnvironment(program));
  const auto rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("unknown argument {}", rest[1]));
}

absl::Status ApplyLogLevel() {
  const std::string text = absl::GetFlag(FLAGS_log_level);
  const std::pair<const char*, LogLevel> kLevels[] = {{"debug", LogLevel::kDebug},
                                                      {"info", LogLevel::kInfo},
                                                      {"warning", LogLevel::kWarning},
                                                      {"error", LogLevel::kError}};
  for (const auto& [name, level] : kLevels) {
    if (text != name) continue;
    SetLogLevel(level);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("--log_level: {} is none of debug, info, warning, error", text));
}

// All threads inherit the mask, and only sigwait sees them.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int RunProgram(const ProgramDescription& program, int argc, char** argv,
               absl::FunctionRef<absl::Status(AwaitEnd)> run) {
  // Debian builds Abseil with its search for lock cycles, which takes one lock of the whole process
  // for each of gRPC's, and finds nothing of ours: we use the standard library's.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::Status status = ReadFlags(program, argc, argv);
  if (status.ok()) status = ApplyLogLevel();
  if (status.ok()) {
    const sigset_t signals = BlockEndSignals();
    status = run([&signals] {
      int signal = 0;
      sigwait(&signals, &signal);
      LogInfo("stopping", {{"signal", signal}});
    });
  }
  if (status.ok()) {
    LogInfo("stopped");
    return 0;
  }
  fmt::print(stderr, "{}: {}\n", program.name, ToStd(status.message()));
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

absl::Status AnnouncePort(int port) {
  const std::string path = absl::GetFlag(FLAGS_port_file);
  return path.empty() ? absl::OkStatus() : WritePrivateFile(path, fmt::format("{}\n", port));
}

absl::Status WritePrivateFile(const std::string& path, const std::string& content) {
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool is_written =
      fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (is_written && rename(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} cannot be written", path));
}

}  // namespace campaigner::base
