#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "client/cli/session.h"

namespace campaigner::cli {

// Scripts that complete the commands and options of `app`, for each shell.
std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);
std::string FishCompletion(const CLI::App& app);

// "completion bash" and so on, for the commands added before.
void AddCompletionCommands(CLI::App& app, Action& action);

}  // namespace campaigner::cli
