#include <grpcpp/generic/generic_stub.h>
#include <sys/stat.h>

#include <future>

#include "server/net/http_client.h"
#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

using ::testing::HasSubstr;

class WholeServerTest : public ServerTest {
 protected:
  ServerOptions Options() const {
    return {.listen = "127.0.0.1:0",
            .data_dir = dir_.File("data"),
            .config_text = {},
            .metrics_listen = {},
            .tls = {},
            .clock = nullptr,
            .drain_timeout = absl::Seconds(5)};
  }

  std::string Get(const std::string& url) {
    const auto client = net::MakeHttpClient({});
    std::promise<std::string> body;
    client->Send({.method = "GET",
                  .url = url,
                  .headers = {},
                  .body = {},
                  .timeout = absl::Seconds(30),
                  .purpose = "test"},
                 [&body](net::HttpResult result) { body.set_value(result.response.body); });
    std::string answer = body.get_future().get();
    client->Stop();
    return answer;
  }
};

TEST_F(WholeServerTest, OneFolderHasOneServer) {
  Start();
  const auto second = Server::Start(Options());
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another server")));
  EXPECT_OK(admin_->Call(&Campaigns::ListCampaigns, ""));  // The first is not disturbed.
}

TEST_F(WholeServerTest, OnePortHasOneServer) {
  Start();
  ServerOptions options = Options();
  options.data_dir = dir_.File("other");
  options.listen = fmt::format("127.0.0.1:{}", server_->port());
  EXPECT_THAT(Server::Start(options),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(options.listen)));
}

TEST_F(WholeServerTest, SaysWhatIsWrongWithItsOptions) {
  const auto start = [this](auto change) {
    ServerOptions options = Options();
    change(options);
    return Server::Start(options).status();
  };
  EXPECT_THAT(start([](ServerOptions& o) { o.config_text = "no_such: 1"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no_such")));
  EXPECT_THAT(start([](ServerOptions& o) { o.config_text = "default_region: 'XX'"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("default_region")));
  EXPECT_THAT(start([](ServerOptions& o) {
                o.config_text = "providers { name: 's' simulator { silent_percent: 101 } }";
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("silent_percent")));
  EXPECT_THAT(start([](ServerOptions& o) { o.tls.certificate_path = "/no/such/file"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("TLS")));
  EXPECT_THAT(start([](ServerOptions& o) { o.data_dir = "/proc/nowhere"; }),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/nowhere")));
  EXPECT_THAT(start([](ServerOptions& o) { o.metrics_listen = "256.0.0.1:1"; }),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("metrics")));
}

TEST_F(WholeServerTest, ItsFolderIsItsOwners) {
  Start();
  struct stat info {};
  ASSERT_EQ(stat(dir_.File("data").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(WholeServerTest, ExportsItsFigures) {
  Start(kQuickConfig, "127.0.0.1:0");
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  watch.Until(admin_->SendOne(campaign), v1::Message::DELIVERED);
  const std::string figures =
      Get(fmt::format("http://127.0.0.1:{}/metrics", server_->metrics_port()));
  for (const char* line :
       {"campaigner_rpc_total{code=\"OK\",method=\"SendMessages\"} 1",
        "campaigner_accept_seconds_count 1", "campaigner_accepted_messages_total 1",
        "campaigner_provider_outcomes_total{provider=\"sim\",outcome=\"accepted\"} 1",
        "campaigner_messages{state=\"SENT\"} 0", "campaigner_oldest_ready_seconds 0",
        "campaigner_unknown_outcomes_total 0", "campaigner_unknown_outcomes_recorded_total 0",
        "campaigner_webhook_lag_seconds 0", "campaigner_commit_seconds_count"}) {
    EXPECT_THAT(figures, HasSubstr(line));
  }
}

// The health service's messages are grpc's own affair: its answer is read as bytes. Field 1,
// varint: 1 SERVING, 2 NOT_SERVING.
TEST_F(WholeServerTest, HealthIsServing) {
  Start();
  grpc::GenericStub stub(admin_->channel());
  grpc::ClientContext context;
  admin_->Prepare(context);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;  // A request without a service's name: the whole server.
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                          grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(answer.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(slices[0].begin()), slices[0].size()),
            "\x08\x01");
}

TEST_F(WholeServerTest, RefusesRequestsThatAreTooLarge) {
  Start();
  EXPECT_THAT(
      Fields(admin_
                 ->Call(&Campaigns::CreateCampaign, "campaign { display_name: 'A' template: '" +
                                                        std::string(2 << 20, 'x') + "' }")
                 .status()),
      std::vector<std::string>{"request"});
  v1::SendMessagesRequest request;
  for (int i = 0; i < 40; ++i) request.add_messages()->set_text(std::string(1 << 20, 'x'));
  EXPECT_THAT(admin_->Call(&Messages::SendMessages, request).status(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(admin_->Call(&Campaigns::ListCampaigns, ""));
}

TEST_F(WholeServerTest, StopsTwiceWithoutHarm) {
  Start();
  server_->Stop();
  server_->Stop();
  EXPECT_THAT(admin_->Call(&Campaigns::ListCampaigns, "").status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace campaigner::e2e
