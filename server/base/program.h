#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

// What all programs that serve have in common: flags that the environment may set, log level,
// signals, exit code. Brings the flags --log_level and --port_file.
namespace campaigner::base {

struct ProgramDescription {
  // Begins the line that says why it failed.
  std::string name;
  std::string usage;
  // __FILE__ of the file that defines the program's flags.
  std::string flags_file;
  // The flag --listen may be set by the variable {variable_prefix}LISTEN. The command line wins.
  std::string variable_prefix;
};

// Blocks until the program is told to end, by SIGTERM or SIGINT.
using AwaitEnd = absl::FunctionRef<void()>;

// Runs `run`, which starts, calls AwaitEnd once, and stops. Answers the exit code: 0; 2 for
// INVALID_ARGUMENT, a flag or a file that the operator has to change; 1 for any other error, which
// goes to standard error. Before any thread is started.
int RunProgram(const ProgramDescription& program, int argc, char** argv,
               absl::FunctionRef<absl::Status(AwaitEnd)> run);

// The port that is really listened on goes to --port_file, if there is one.
absl::Status AnnouncePort(int port);

// For the owner's eyes only; whole or not at all: who waits for the file never reads half of it.
// UNAVAILABLE names it.
absl::Status WritePrivateFile(const std::string& path, const std::string& content);

}  // namespace campaigner::base
