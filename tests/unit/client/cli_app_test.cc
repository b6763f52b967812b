#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "campaigner/v1/account_service.grpc.pb.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "campaigner/v1/stop_list_service.grpc.pb.h"
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
using ::testing::SizeIs;

// Pages of two, the first of them empty; three things in all.
template <typename Request, typename Add, typename Response>
void AnswerPages(const Request& request, const Add& add, Response* response) {
  const std::string& token = request.page_token();
  const int first = token == "one" ? 1 : 3;
  if (!token.empty()) {
    for (int id = first; id < first + 2 && id <= 3; ++id) add(id);
  }
  if (token != "three") response->set_next_page_token(token.empty() ? "one" : "three");
}

class Accounts final : public v1::AccountService::Service {
 public:
  v1::CreateAccountRequest created;
  v1::UpdateAccountRequest updated;

  grpc::Status CreateAccount(grpc::ServerContext* /*context*/,
                             const v1::CreateAccountRequest* request,
                             v1::Account* response) override {
    created = *request;
    *response = request->account();
    return grpc::Status::OK;
  }
  grpc::Status UpdateAccount(grpc::ServerContext* /*context*/,
                             const v1::UpdateAccountRequest* request,
                             v1::Account* response) override {
    updated = *request;
    *response = request->account();
    return grpc::Status::OK;
  }
  grpc::Status ListAccounts(grpc::ServerContext* /*context*/,
                            const v1::ListAccountsRequest* request,
                            v1::ListAccountsResponse* response) override {
    AnswerPages(
        *request, [&](int id) { response->add_accounts()->set_id(id * 1111); }, response);
    return grpc::Status::OK;
  }
  grpc::Status GetApiKey(grpc::ServerContext* /*context*/, const v1::GetApiKeyRequest* request,
                         v1::ApiKey* response) override {
    response->set_id(request->api_key_id());
    response->set_scope(v1::ApiKey::SEND);
    response->add_client_networks("10.0.0.0/8");
    response->add_client_networks("203.0.113.7/32");
    response->set_messages_per_second_max(20);
    return grpc::Status::OK;
  }
};

class StopList final : public v1::StopListService::Service {
 public:
  std::vector<std::string> added;

  grpc::Status AddToStopList(grpc::ServerContext* /*context*/,
                             const v1::AddToStopListRequest* request,
                             v1::AddToStopListResponse* response) override {
    for (const auto& entry : request->entries()) {
      added.push_back(entry.address() + " " + entry.note());
    }
    response->set_added(request->entries_size());
    return grpc::Status::OK;
  }
};

class Campaigns final : public v1::CampaignService::Service {
 public:
  v1::CreateCampaignRequest created;
  v1::UpdateCampaignRequest updated;
  v1::Campaign present;

  grpc::Status GetCampaign(grpc::ServerContext* /*context*/,
                           const v1::GetCampaignRequest* /*request*/,
                           v1::Campaign* response) override {
    *response = present;
    return grpc::Status::OK;
  }
  grpc::Status CreateCampaign(grpc::ServerContext* /*context*/,
                              const v1::CreateCampaignRequest* request,
                              v1::Campaign* response) override {
    created = *request;
    *response = request->campaign();
    response->set_id(7);
    response->set_state(v1::Campaign::NEW);
    return grpc::Status::OK;
  }
  grpc::Status UpdateCampaign(grpc::ServerContext* /*context*/,
                              const v1::UpdateCampaignRequest* request,
                              v1::Campaign* response) override {
    updated = *request;
    *response = request->campaign();
    return grpc::Status::OK;
  }
  grpc::Status PauseCampaign(grpc::ServerContext* /*context*/,
                             const v1::PauseCampaignRequest* /*request*/,
                             v1::Campaign* /*response*/) override {
    return {grpc::StatusCode::FAILED_PRECONDITION, "campaign 7 is NEW"};
  }
  grpc::Status GetCampaignStatistics(grpc::ServerContext* /*context*/,
                                     const v1::GetCampaignStatisticsRequest* /*request*/,
                                     v1::CampaignStatistics* response) override {
    response->set_messages(3);
    response->set_delivered_messages(3);
    return grpc::Status::OK;
  }
};

class Messages final : public v1::MessageService::Service {
 public:
  std::vector<v1::SendMessagesRequest> sent;
  int failures = 0;

  grpc::Status StreamMessages(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<v1::StreamMessagesResponse, v1::StreamMessagesRequest>* stream)
      override {
    v1::StreamMessagesRequest request;
    while (stream->Read(&request)) {
      v1::StreamMessagesResponse response;
      for (const auto& call : request.calls()) {
        auto* answer = response.add_answers();
        answer->set_call_number(call.call_number());
        if (failures-- > 0) {
          answer->mutable_error()->set_code(grpc::StatusCode::UNAVAILABLE);
          continue;
        }
        sent.push_back(call.request());
        for (const auto& message : call.request().messages()) {
          answer->mutable_response()->add_messages()->set_text(message.text());
        }
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status WatchMessages(grpc::ServerContext* context,
                             const v1::WatchMessagesRequest* /*request*/,
                             grpc::ServerWriter<v1::MessageEvent>* writer) override {
    v1::MessageEvent event;
    event.set_message_id(11);
    event.set_state(v1::Message::DELIVERED);
    writer->Write(event);
    // Until the reader goes away.
    while (!context->IsCancelled() && writer->Write(event)) {
    }
    return grpc::Status::CANCELLED;
  }
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

class CliAppTest : public ::testing::Test {
 protected:
  Outcome Ctl(std::vector<std::string> arguments) {
    std::vector<std::string> all = {"campaignctl", "--server", server_.channel().target, "--key",
                                    "k"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<const char*> argv;
    for (const std::string& argument : all) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunCampaignctl(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
  }

  Campaigns campaigns_;
  Messages messages_;
  Accounts accounts_;
  StopList stop_list_;
  client::TestServer server_{{&campaigns_, &messages_, &accounts_, &stop_list_}};
};

TEST_F(CliAppTest, CreatesACampaignFromOptions) {
  const Outcome run =
      Ctl({"campaigns", "create", "--name", "Spring", "--template", "Dear {field_1}!", "--webhook",
           "https://shop.example/webhook", "--rate", "100", "--rate_period", "2s", "--schedule",
           "mon-fri 9-18", "--send_key", "3", "--send_key", "4"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("Campaign:  7"), HasSubstr("Spring"), HasSubstr("mon-fri 9-18"),
                    HasSubstr("Send keys: 3, 4"), HasSubstr("100 messages in 2s")));
  const v1::Campaign& campaign = campaigns_.created.campaign();
  EXPECT_EQ(campaign.template_(), "Dear {field_1}!");
  EXPECT_EQ(campaign.webhook_url(), "https://shop.example/webhook");
  EXPECT_EQ(campaign.rate_period().seconds(), 2);
  EXPECT_EQ(campaign.schedule().days_size(), 5);
  EXPECT_THAT(campaign.api_key_ids(), ElementsAre(3, 4));
  EXPECT_NE(campaigns_.created.request_id(), "");
}

TEST_F(CliAppTest, UpdatesOnlyWhatIsGiven) {
  const Outcome run = Ctl({"campaigns", "update", "7", "--order", "1", "--start", ""});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(campaigns_.updated.update_mask().paths(), ElementsAre("order", "start_time"));
  EXPECT_FALSE(campaigns_.updated.campaign().has_start_time());
  EXPECT_EQ(Ctl({"campaigns", "update", "7"}).code, 3);
}

TEST_F(CliAppTest, TimesAreThoseOfTheCampaignsZone) {
  const Outcome created = Ctl({"campaigns", "create", "--name", "x", "--zone", "Asia/Vladivostok",
                               "--start", "2026-03-01 10:00", "--finish", "2026-03-02 10:00"});
  EXPECT_EQ(created.code, 0) << created.err;
  // 2026-03-01T00:00:00Z.
  EXPECT_EQ(campaigns_.created.campaign().start_time().seconds(), 1'772'323'200);
  EXPECT_EQ(campaigns_.created.campaign().finish_time().seconds(), 1'772'409'600);
  EXPECT_THAT(created.out, HasSubstr("2026-03-01 10:00:00 +10:00"));
  campaigns_.present.set_time_zone("Asia/Vladivostok");
  EXPECT_EQ(Ctl({"campaigns", "update", "7", "--start", "2026-03-01 10:00"}).code, 0);
  EXPECT_EQ(campaigns_.updated.campaign().start_time().seconds(), 1'772'323'200);
  EXPECT_THAT(campaigns_.updated.update_mask().paths(), ElementsAre("start_time"));
  EXPECT_EQ(Ctl({"campaigns", "create", "--name", "x", "--zone", "Mars/Base"}).code, 3);
}

TEST_F(CliAppTest, TheZoneOfQuietHoursIsChangedByItself) {
  EXPECT_EQ(Ctl({"campaigns", "update", "7", "--quiet_zone", "Asia/Tokyo"}).code, 3);
  campaigns_.present.mutable_quiet_hours()->set_end_minute(540);
  campaigns_.present.set_etag("4");
  EXPECT_EQ(Ctl({"campaigns", "update", "7", "--quiet_zone", "Asia/Tokyo"}).code, 0);
  EXPECT_EQ(campaigns_.updated.campaign().quiet_hours().end_minute(), 540);
  EXPECT_EQ(campaigns_.updated.campaign().quiet_hours().fallback_time_zone(), "Asia/Tokyo");
  EXPECT_EQ(campaigns_.updated.campaign().etag(), "4");
}

TEST_F(CliAppTest, KeysOfACampaignAreTakenAway) {
  EXPECT_EQ(Ctl({"campaigns", "update", "7", "--any_key"}).code, 0);
  EXPECT_THAT(campaigns_.updated.update_mask().paths(), ElementsAre("api_key_ids"));
  EXPECT_EQ(campaigns_.updated.campaign().api_key_ids_size(), 0);
}

TEST_F(CliAppTest, AccountsHaveRates) {
  const Outcome created = Ctl({"accounts", "create", "--name", "Shop", "--rate", "100",
                               "--rate_period", "1m", "--rate_unit", "segments"});
  EXPECT_THAT(created.out, HasSubstr("100 segments in 1m"));
  EXPECT_EQ(accounts_.created.account().rate_period().seconds(), 60);
  EXPECT_EQ(Ctl({"accounts", "update", "2", "--rate", "0"}).code, 0);
  EXPECT_THAT(accounts_.updated.update_mask().paths(), ElementsAre("rate_limit"));
}

TEST_F(CliAppTest, AKeyIsShownWithWhatLimitsIt) {
  EXPECT_THAT(Ctl({"keys", "get", "3"}).out,
              AllOf(HasSubstr("10.0.0.0/8, 203.0.113.7/32"), HasSubstr("20/s")));
}

TEST_F(CliAppTest, ListsFollowTheirPages) {
  const Outcome all = Ctl({"accounts", "list"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("1111"), HasSubstr("2222"), HasSubstr("3333")));
  EXPECT_EQ(all.err, "");
  const Outcome two = Ctl({"accounts", "list", "--limit", "2"});
  EXPECT_THAT(two.out, AllOf(HasSubstr("2222"), Not(HasSubstr("3333"))));
  EXPECT_THAT(two.err, HasSubstr("--limit"));
  EXPECT_THAT(Ctl({"accounts", "list", "--json"}).out, HasSubstr("{\"id\":\"2222\"}\n{"));
}

TEST_F(CliAppTest, AStopListComesFromAFile) {
  const TempDir dir;
  std::ofstream(dir.File("stop.txt")) << "\xEF\xBB\xBF"
                                         "79201234567\r\n\n79201234568\n";
  const Outcome run =
      Ctl({"stop-list", "add", "79201234566", "--file", dir.File("stop.txt"), "--note", "asked"});
  EXPECT_EQ(run.out, "3 added\n") << run.err;
  EXPECT_THAT(stop_list_.added,
              ElementsAre("79201234566 asked", "79201234567 asked", "79201234568 asked"));
  EXPECT_EQ(Ctl({"stop-list", "add"}).code, 3);
}

TEST_F(CliAppTest, ErrorsAreJsonWhereAskedFor) {
  EXPECT_THAT(Ctl({"campaigns", "pause", "7", "--json"}).err,
              HasSubstr("{\"error\":{\"code\":\"FAILED_PRECONDITION\""));
  EXPECT_THAT(Ctl({"--version"}).out, HasSubstr("campaignctl "));
}

TEST_F(CliAppTest, ErrorsHaveTheirExitCodes) {
  const Outcome paused = Ctl({"campaigns", "pause", "7"});
  EXPECT_EQ(paused.code, 6);
  EXPECT_THAT(paused.err, HasSubstr("error: campaign 7 is NEW"));
  EXPECT_EQ(Ctl({"campaigns", "cancel", "7"}).code, 1);  // The test's service does not have it.
  EXPECT_EQ(Ctl({"campaigns", "get"}).code, 2);
  EXPECT_EQ(Ctl({"campaigns"}).code, 2);
  EXPECT_EQ(Ctl({"nonsense"}).code, 2);
  EXPECT_EQ(Ctl({"campaigns", "create", "--name", "x", "--start", "soon"}).code, 3);
  EXPECT_EQ(Ctl({"--tls_ca", "/absent.pem", "health"}).code, 3);
}

TEST_F(CliAppTest, HelpTellsTheExitCodes) {
  const Outcome run = Ctl({"--help"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("campaigns"), HasSubstr("CAMPAIGNER_KEY"),
                             HasSubstr("7  the server is away or busy")));
}

TEST_F(CliAppTest, AnswersAreJsonWhereAskedFor) {
  const Outcome run = Ctl({"campaigns", "stats", "7", "--json"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\"deliveredMessages\": \"3\""));
}

TEST_F(CliAppTest, SendsAFileInBatchesUnderOneRequestIdEach) {
  const TempDir dir;
  std::ofstream file(dir.File("list.csv"));
  for (int i = 0; i < 2500; ++i) file << "7920123" << 1000 + i << ",Hello\n";
  file.close();
  messages_.failures = 1;
  const Outcome run = Ctl({"send", "--campaign", "7", "--file", dir.File("list.csv")});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("accepted 2500 messages"));
  ASSERT_THAT(messages_.sent, SizeIs(3));
  std::set<std::string> ids;
  int count = 0;
  for (const auto& request : messages_.sent) {
    EXPECT_EQ(request.campaign_id(), 7);
    ids.insert(request.request_id());
    count += request.messages_size();
  }
  EXPECT_THAT(ids, AllOf(SizeIs(3), Not(::testing::Contains(""))));
  EXPECT_EQ(count, 2500);
}

TEST_F(CliAppTest, ABadLineEndsTheSendAndIsNamed) {
  const TempDir dir;
  std::ofstream(dir.File("list.csv")) << "79201234567,a\n79201234568,b,c\n";
  const Outcome run = Ctl({"send", "--campaign", "7", "--file", dir.File("list.csv")});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("line 2: has 3 cells"));
  EXPECT_THAT(run.out, HasSubstr("accepted 0 messages"));
}

TEST_F(CliAppTest, AWatchEndsWhenNothingIsPending) {
  const Outcome run = Ctl({"watch", "7", "--until-done", "--json"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("done: 3 messages, 3 delivered"));
}

TEST_F(CliAppTest, CompletionKnowsCommandsAndOptions) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome run = Ctl({"completion", shell});
    EXPECT_EQ(run.code, 0);
    EXPECT_THAT(run.out, AllOf(HasSubstr("campaignctl campaigns create"), HasSubstr("template"),
                               HasSubstr("rotate-secret"), HasSubstr("_campaignctl")))
        << shell;
  }
}

}  // namespace
}  // namespace campaigner::cli
