// campaignctl where somebody looks: the program itself, on a terminal of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "server/base/text.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::StartsWith;

class Campaigns final : public v1::CampaignService::Service {
 public:
  grpc::Status WatchCampaign(grpc::ServerContext* /*context*/,
                             const v1::WatchCampaignRequest* /*request*/,
                             grpc::ServerWriter<v1::CampaignProgress>* writer) override {
    v1::CampaignProgress progress;
    progress.set_state(v1::Campaign::RUNNING);
    progress.mutable_statistics()->set_messages(1'000'000);
    progress.mutable_statistics()->set_pending_messages(750'000);
    progress.mutable_statistics()->set_delivered_messages(240'000);
    progress.mutable_outlook()->set_explanation(
        "its rate, or that of its account or route, is reached until 10:00:00 (Europe/Moscow)");
    writer->Write(progress);
    progress.mutable_statistics()->set_pending_messages(0);
    writer->Write(progress);
    return grpc::Status::OK;
  }
};

// What the program writes to a terminal of so many columns.
std::string RunOnTerminal(const std::string& target, int columns) {
  winsize size = {};
  size.ws_row = 24;
  size.ws_col = static_cast<uint16_t>(columns);
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    unsetenv("COLUMNS");
    execl(CAMPAIGNCTL_PATH, "campaignctl", "--server", target.c_str(), "campaigns", "watch", "7",
          nullptr);
    _exit(127);
  }
  std::string output;
  std::array<char, 4096> buffer = {};
  // EIO once the program has ended.
  for (ssize_t count = 0; (count = read(terminal, buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<size_t>(count));
  }
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << output;
  return output;
}

TEST(CliTerminalTest, ABarStaysOnItsLine) {
  Campaigns campaigns;
  client::TestServer server{{&campaigns}};
  for (const int columns : {80, 40, 200}) {
    const std::string output = RunOnTerminal(server.channel().target, columns);
    const std::vector<std::string> lines = absl::StrSplit(output, "\x1b[K");
    ASSERT_EQ(lines.size(), 3u) << output;
    EXPECT_THAT(lines[0], StartsWith("\r[#####---------------] RUNNING"));
    EXPECT_THAT(lines[1], StartsWith("\r[####################] RUNNING"));
    // Beside the carriage return.
    EXPECT_THAT(base::CountCodePoints(lines[0]) - 1, Le(static_cast<size_t>(columns) - 1));
    if (columns == 200) {
      EXPECT_THAT(lines[0], HasSubstr("(Europe/Moscow)"));
    }
  }
}

}  // namespace
}  // namespace campaigner::cli
