#include "server/base/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

ABSL_FLAG(int, places, 1, "Of the test.");

namespace campaigner::base {
namespace {

using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::HasSubstr;

class ProgramTest : public ::testing::Test {
 protected:
  struct Outcome {
    int code = 0;
    std::string errors;
  };

  static Outcome Run(std::vector<std::string> arguments,
                     absl::FunctionRef<absl::Status(AwaitEnd)> run) {
    arguments.insert(arguments.begin(), "program");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStderr();
    const int code = RunProgram({.name = "program",
                                 .usage = "Tests.",
                                 .flags_file = __FILE__,
                                 .variable_prefix = "TESTED_"},
                                static_cast<int>(argv.size()), argv.data(), run);
    return {code, ::testing::internal::GetCapturedStderr()};
  }
  static absl::Status DoNothing(AwaitEnd) { return absl::OkStatus(); }

  void TearDown() override {
    unsetenv("TESTED_PLACES");
    unsetenv("TESTED_LOG_LEVEL");
    std::signal(SIGPIPE, SIG_DFL);
  }

 private:
  const absl::FlagSaver saver_;
};

TEST_F(ProgramTest, TheCommandLineWinsOverTheEnvironment) {
  setenv("TESTED_PLACES", "2", 1);
  EXPECT_EQ(Run({}, DoNothing).code, 0);
  EXPECT_EQ(absl::GetFlag(FLAGS_places), 2);
  EXPECT_EQ(Run({"--places=3"}, DoNothing).code, 0);
  EXPECT_EQ(absl::GetFlag(FLAGS_places), 3);
}

TEST_F(ProgramTest, WhatTheOperatorHasToChangeIsNamed) {
  setenv("TESTED_PLACES", "many", 1);
  const Outcome variable = Run({}, DoNothing);
  EXPECT_EQ(variable.code, 2);
  EXPECT_THAT(variable.errors, HasSubstr("program: TESTED_PLACES: "));
  unsetenv("TESTED_PLACES");
  setenv("TESTED_LOG_LEVEL", "loud", 1);
  const Outcome level = Run({}, DoNothing);
  EXPECT_EQ(level.code, 2);
  EXPECT_THAT(level.errors, HasSubstr("--log_level: loud is none of"));
  const Outcome argument = Run({"--log_level=info", "nonsense"}, DoNothing);
  EXPECT_EQ(argument.code, 2);
  EXPECT_THAT(argument.errors, HasSubstr("unknown argument nonsense"));
}

TEST_F(ProgramTest, OtherErrorsAreNotTheOperators) {
  const Outcome run = Run({}, [](AwaitEnd) { return absl::UnavailableError("no port"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("program: no port\n"));
}

TEST_F(ProgramTest, ASignalEndsIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    bool has_ended = false;
    const Outcome run = Run({}, [&](AwaitEnd await_end) {
      // Blocked from here on: it waits for AwaitEnd.
      kill(getpid(), signal);
      await_end();
      has_ended = true;
      return absl::OkStatus();
    });
    EXPECT_EQ(run.code, 0);
    EXPECT_TRUE(has_ended);
  }
}

TEST_F(ProgramTest, FilesAreTheOwnersOnly) {
  const TempDir dir;
  const std::string path = dir.File("port");
  EXPECT_EQ(Run({"--port_file=" + path}, [](AwaitEnd) { return AnnouncePort(8080); }).code, 0);
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  EXPECT_EQ(content.str(), "8080\n");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_THAT(WritePrivateFile(dir.File("no/file"), "x"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no/file")));
}

}  // namespace
}  // namespace campaigner::base
