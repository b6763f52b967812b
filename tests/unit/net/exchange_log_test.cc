#include "server/net/exchange_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/net/http_client.h"
#include "tests/support/scripted_server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/threads.h"
#include "tests/unit/net/send_and_wait.h"

namespace campaigner::net {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;
using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadFile(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

HttpRequest RequestWithSecrets() {
  HttpRequest request;
  request.method = "GET";
  request.url = "http://127.0.0.1:1/send/p%40ss/79201234567?password=p%40ss%20word&text=Hello+you";
  request.purpose = "provider:p@ss word";
  request.secrets = {"p@ss", "p@ss word"};
  request.personal = {"79201234567", "Hello you"};
  request.body = "body";
  return request;
}

HttpResult Answered() {
  HttpResult result;
  result.response.status = 202;
  result.response.body = "0: Accepted";
  return result;
}

TEST(ExchangeLogTest, WritesALineWithoutSecrets) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto log, ExchangeLog::Open({.path = dir.File("exchanges.log"),
                                                          .redact_personal_data = false}));
  log->Write(RequestWithSecrets(), Answered(), absl::Milliseconds(12.5));
  const std::string line = ReadFile(dir.File("exchanges.log"));
  EXPECT_THAT(line, AllOf(HasSubstr("purpose=\"provider:***\" method=\"GET\""),
                          HasSubstr("/send/***/79201234567?password=***&text=Hello+you\""),
                          HasSubstr("status=202 failure=NONE elapsed_ms=12.5 sent=4 received=11")));
  EXPECT_THAT(line,
              AllOf(Not(HasSubstr("p@ss")), Not(HasSubstr("p%40ss")), Not(HasSubstr("error"))));
}

TEST(ExchangeLogTest, HidesPersonalDataWhereTold) {
  const TempDir dir;
  const std::string path = dir.File("exchanges.log");
  ASSERT_OK_AND_ASSIGN(const auto log, ExchangeLog::Open({.path = path}));
  HttpResult failed{
      .failure = HttpFailure::kNoAnswer, .error = "79201234567 says \"no\"\n", .response = {}};
  log->Write(RequestWithSecrets(), failed, absl::ZeroDuration());
  const std::string line = ReadFile(path);
  EXPECT_THAT(line,
              AllOf(HasSubstr("/send/***/***?password=***&text=***\""),
                    HasSubstr("failure=NO_ANSWER"), HasSubstr(R"(error="*** says \"no\" ")")));
  EXPECT_THAT(line, AllOf(Not(HasSubstr("7920")), Not(HasSubstr("Hello"))));
}

TEST(ExchangeLogTest, Rotates) {
  const TempDir dir;
  const std::string path = dir.File("exchanges.log");
  ASSERT_OK_AND_ASSIGN(
      const auto log,
      ExchangeLog::Open({.path = path, .file_bytes_max = 1000, .old_files_max = 2}));
  for (int i = 0; i < 100; ++i) log->Write(RequestWithSecrets(), Answered(), absl::ZeroDuration());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++files;
    EXPECT_LE(entry.file_size(), 1000u);
  }
  EXPECT_EQ(files, 3);
}

TEST(ExchangeLogTest, SaysThatTheFileCannotBeWritten) {
  EXPECT_THAT(ExchangeLog::Open({.path = "/proc/no/such/file"}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/no/such/file")));
}

TEST(ExchangeLogTest, ClientWritesEveryExchange) {
  const TempDir dir;
  const std::string path = dir.File("exchanges.log");
  ASSERT_OK_AND_ASSIGN(std::shared_ptr<ExchangeLog> log, ExchangeLog::Open({.path = path}));
  ScriptedServer server([](const ScriptedRequest&) { return HttpAnswer(204); });
  HttpClientOptions options;
  options.exchange_log = log;
  const auto client = MakeHttpClient(options);
  SendAndWait(*client, {.url = server.Url(), .purpose = "webhook:17"});
  SendAndWait(*client,
              {.url = "http://key1234@h/", .purpose = "webhook:18", .secrets = {"key1234"}});
  client->Stop();
  SendAndWait(*client, {.url = server.Url(), .purpose = "webhook:19"});
  const std::string lines = ReadFile(path);
  EXPECT_THAT(lines, AllOf(HasSubstr("purpose=\"webhook:17\""), HasSubstr("status=204"),
                           HasSubstr("INVALID_REQUEST"), HasSubstr("OVERLOADED"),
                           Not(HasSubstr("key1234"))));
}

TEST(ExchangeLogTest, ManyThreadsWriteWholeLines) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  const TempDir dir;
  const std::string path = dir.File("exchanges.log");
  ASSERT_OK_AND_ASSIGN(const auto log,
                       ExchangeLog::Open({.path = path, .redact_personal_data = true}));
  testing::InThreads(kThreads, [&](int) {
    for (int i = 0; i < kLines; ++i) {
      log->Write(RequestWithSecrets(), Answered(), absl::Milliseconds(1));
    }
  });
  std::istringstream lines(ReadFile(path));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    ASSERT_THAT(line, HasSubstr("elapsed_ms=1.0 sent=4 received=11"));
    ASSERT_EQ(line.find("purpose="), line.rfind("purpose=")) << line;
  }
  EXPECT_EQ(count, kThreads * kLines);
}

}  // namespace
}  // namespace campaigner::net
