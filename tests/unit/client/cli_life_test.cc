// The commands that follow campaigns, on services that answer what they are told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "campaigner/v1/operation_service.grpc.pb.h"
#include "client/cli/app.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::cli {
namespace {

using ::campaigner::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Campaigns final : public v1::CampaignService::Service {
 public:
  v1::RetryMessagesRequest retried;
  v1::ExportMessagesRequest exported;
  bool export_breaks = false;
  // Watches that break before the end.
  int broken_watches = 0;

  grpc::Status GetCampaignStatistics(grpc::ServerContext* /*context*/,
                                     const v1::GetCampaignStatisticsRequest* /*request*/,
                                     v1::CampaignStatistics* response) override {
    response->set_cost_micros(7'512'300);
    response->set_currency("RUB");
    return grpc::Status::OK;
  }
  // Two pages of a point each.
  grpc::Status GetCampaignTimeSeries(grpc::ServerContext* /*context*/,
                                     const v1::GetCampaignTimeSeriesRequest* request,
                                     v1::CampaignTimeSeries* response) override {
    auto* count = response->add_points()->add_counts();
    count->set_state(request->page_token().empty() ? "ACCEPTED" : "SENT");
    count->set_messages(request->step() == v1::GetCampaignTimeSeriesRequest::HOUR ? 3600 : 60);
    if (request->page_token().empty()) response->set_next_page_token("second");
    return grpc::Status::OK;
  }
  grpc::Status WatchCampaign(grpc::ServerContext* /*context*/,
                             const v1::WatchCampaignRequest* /*request*/,
                             grpc::ServerWriter<v1::CampaignProgress>* writer) override {
    v1::CampaignProgress progress;
    progress.set_state(v1::Campaign::RUNNING);
    progress.mutable_statistics()->set_messages(200);
    progress.mutable_statistics()->set_pending_messages(150);
    progress.set_messages_per_second(10);
    progress.mutable_time_left()->set_seconds(15);
    writer->Write(progress);
    if (broken_watches-- > 0) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    progress.set_state(v1::Campaign::DONE);
    progress.mutable_statistics()->set_pending_messages(0);
    writer->Write(progress);
    return grpc::Status::OK;
  }
  grpc::Status RetryMessages(grpc::ServerContext* /*context*/,
                             const v1::RetryMessagesRequest* request,
                             v1::Operation* response) override {
    retried = *request;
    response->set_id(9);
    response->set_state(v1::Operation::RUNNING);
    return grpc::Status::OK;
  }
  grpc::Status ExportMessages(grpc::ServerContext* /*context*/,
                              const v1::ExportMessagesRequest* request,
                              grpc::ServerWriter<v1::FileChunk>* writer) override {
    exported = *request;
    for (const char* data : {"id,state\r\n", "1,SENT\r\n"}) {
      v1::FileChunk chunk;
      chunk.set_data(data);
      writer->Write(chunk);
    }
    return export_breaks ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away")
                         : grpc::Status::OK;
  }
};

class Messages final : public v1::MessageService::Service {
 public:
  v1::ListMessagesRequest listed;
  v1::EraseRecipientRequest erased;

  grpc::Status ListMessages(grpc::ServerContext* /*context*/,
                            const v1::ListMessagesRequest* request,
                            v1::ListMessagesResponse* response) override {
    listed = *request;
    v1::Message* message = response->add_messages();
    message->set_campaign_id(77);
    if (request->view() != v1::MESSAGE_VIEW_FULL) return grpc::Status::OK;
    for (const auto outcome : {v1::Attempt::THROTTLED, v1::Attempt::ACCEPTED}) {
      v1::Attempt* attempt = message->add_attempts();
      attempt->set_route("main");
      attempt->set_outcome(outcome);
      if (outcome == v1::Attempt::THROTTLED) attempt->set_detail("HTTP 429");
    }
    return grpc::Status::OK;
  }
  grpc::Status EraseRecipient(grpc::ServerContext* /*context*/,
                              const v1::EraseRecipientRequest* request,
                              v1::Operation* response) override {
    erased = *request;
    response->set_id(10);
    response->set_state(v1::Operation::RUNNING);
    return grpc::Status::OK;
  }
};

class Operations final : public v1::OperationService::Service {
 public:
  grpc::Status WatchOperation(grpc::ServerContext* /*context*/,
                              const v1::WatchOperationRequest* request,
                              grpc::ServerWriter<v1::Operation>* writer) override {
    v1::Operation operation;
    operation.set_id(request->operation_id());
    operation.set_state(v1::Operation::DONE);
    operation.set_messages(42);
    writer->Write(operation);
    return grpc::Status::OK;
  }
};

class CliLifeTest : public ::testing::Test {
 protected:
  // What went to the standard output; the exit code must be `code`.
  std::string Ctl(std::vector<std::string> words, int code = 0) {
    const std::string address = "127.0.0.1:" + std::to_string(server_.port());
    std::vector<const char*> argv = {"campaignctl", "--server", address.c_str()};
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(RunCampaignctl(static_cast<int>(argv.size()), argv.data(), out, err), code)
        << err.str();
    return out.str();
  }
  static std::string Content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Campaigns campaigns_;
  Messages messages_;
  Operations operations_;
  client::TestServer server_{{&campaigns_, &messages_, &operations_}};
};

TEST_F(CliLifeTest, StatisticsTellTheCost) {
  EXPECT_THAT(Ctl({"campaigns", "stats", "7"}), HasSubstr("7.5123 RUB"));
}

TEST_F(CliLifeTest, ASeriesIsReadToItsEnd) {
  EXPECT_THAT(Ctl({"campaigns", "series", "7"}),
              AllOf(HasSubstr("ACCEPTED  60"), HasSubstr("SENT      60")));
  EXPECT_THAT(Ctl({"campaigns", "series", "7", "--hours"}), HasSubstr("3600"));
}

TEST_F(CliLifeTest, ProgressIsALineForEachChangeWhereNobodyLooks) {
  const std::string lines = Ctl({"campaigns", "watch", "7"});
  EXPECT_THAT(lines, AllOf(HasSubstr("RUNNING  25 %  50 of 200 final"), HasSubstr("10/s  15s left"),
                           HasSubstr("DONE 100 %"), Not(HasSubstr("\r"))));
  EXPECT_THAT(Ctl({"campaigns", "watch", "7", "--json"}), HasSubstr("\"state\":\"DONE\""));
}

TEST_F(CliLifeTest, AWatchOutlivesTheServer) {
  campaigns_.broken_watches = 1;
  EXPECT_THAT(Ctl({"campaigns", "watch", "7"}), HasSubstr("DONE 100 %"));
}

TEST_F(CliLifeTest, ARetryIsFollowedToItsEnd) {
  EXPECT_THAT(Ctl({"campaigns", "retry", "7", "--state", "expired", "--reason", "STATUS_TIMEOUT"}),
              AllOf(HasSubstr("Operation: 9"), HasSubstr("DONE"), HasSubstr("42")));
  EXPECT_EQ(campaigns_.retried.campaign_id(), 7);
  EXPECT_THAT(campaigns_.retried.states(), ElementsAre(v1::Message::EXPIRED));
  EXPECT_THAT(campaigns_.retried.reasons(), ElementsAre(v1::Message::STATUS_TIMEOUT));
  EXPECT_FALSE(campaigns_.retried.request_id().empty());
  EXPECT_THAT(Ctl({"campaigns", "retry", "7", "--no_wait"}),
              AllOf(HasSubstr("Operation: 9"), HasSubstr("RUNNING")));
  Ctl({"campaigns", "retry", "7", "--state", "DELIVERED"}, 2);
}

TEST_F(CliLifeTest, AnExportIsAWholeFileOrNone) {
  const TempDir dir;
  const std::string path = dir.File("messages.csv");
  Ctl({"campaigns", "export", "7", path, "--text"});
  EXPECT_EQ(Content(path), "id,state\r\n1,SENT\r\n");
  EXPECT_TRUE(campaigns_.exported.with_text());
  EXPECT_FALSE(campaigns_.exported.with_fields());
  campaigns_.export_breaks = true;
  const std::string broken = dir.File("broken.csv");
  Ctl({"campaigns", "export", "7", broken}, 7);
  EXPECT_FALSE(std::filesystem::exists(broken));
  EXPECT_FALSE(std::filesystem::exists(broken + ".part"));
  campaigns_.export_breaks = false;
  EXPECT_EQ(Ctl({"campaigns", "export", "7", "-"}), "id,state\r\n1,SENT\r\n");
}

TEST_F(CliLifeTest, PeopleAreFoundAndErased) {
  EXPECT_THAT(Ctl({"messages", "find", "+7 920 123-45-67"}), HasSubstr("77"));
  EXPECT_EQ(messages_.listed.campaign_id(), 0);
  EXPECT_EQ(messages_.listed.recipient(), "+7 920 123-45-67");
  EXPECT_THAT(Ctl({"recipients", "erase", "79201234567"}),
              AllOf(HasSubstr("Operation: 10"), HasSubstr("DONE")));
  EXPECT_EQ(messages_.erased.recipient(), "79201234567");
}

TEST_F(CliLifeTest, MessagesAreListedByReasonWithTheirAttempts) {
  EXPECT_THAT(Ctl({"messages", "list", "--campaign", "7", "--reason", "forbidden", "--attempts"}),
              HasSubstr("main THROTTLED HTTP 429; main ACCEPTED"));
  EXPECT_THAT(messages_.listed.reasons(), ElementsAre(v1::Message::FORBIDDEN));
  EXPECT_EQ(messages_.listed.view(), v1::MESSAGE_VIEW_FULL);
}

TEST_F(CliLifeTest, CompletionKnowsTheCommands) {
  EXPECT_THAT(Ctl({"completion", "bash"}),
              AllOf(HasSubstr("campaignctl campaigns export"), HasSubstr("erase")));
}

}  // namespace
}  // namespace campaigner::cli
