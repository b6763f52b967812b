#include <gmock/gmock.h>

#include <future>

#include "campaigner/v1/operation_service.grpc.pb.h"
#include "tests/unit/gateway/file_services.h"

// Files on their way from the server to an HTTP client, beside the streams that are no files.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;
using ::testing::HasSubstr;
using ::testing::Not;
using Writer = grpc::ServerWriter<v1::FileChunk>;

constexpr char kAsk[] =
    "GET /v1/operations/5/rejected-rows HTTP/1.1\r\nHost: h\r\nX-Api-Key: k\r\n\r\n";

v1::FileChunk Chunk(std::string data, std::string file_name = "", std::string type = "") {
  v1::FileChunk chunk;
  chunk.set_data(std::move(data));
  chunk.set_file_name(std::move(file_name));
  chunk.set_content_type(std::move(type));
  return chunk;
}

class DownloadTest : public testing::FileTest {};

TEST_F(DownloadTest, AFileComesAsAPlainBody) {
  imports_.download = [](Writer& writer) {
    writer.Write(Chunk("a;", "rows \xd0\xb1.csv", "text/csv; charset=utf-8"));
    writer.Write(Chunk("b\n"));
    return grpc::Status::OK;
  };
  RawConnection connection(gateway_->port());
  for (int i = 0; i < 2; ++i) {
    connection.Send(kAsk);
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "a;b\n");
    EXPECT_EQ(answer->headers.at("content-type"), "text/csv; charset=utf-8");
    EXPECT_EQ(answer->headers.at("content-disposition"),
              "attachment; filename=\"rows _.csv\"; filename*=UTF-8''rows%20%D0%B1.csv");
    EXPECT_EQ(answer->headers.at("x-content-type-options"), "nosniff");
  }
  EXPECT_EQ(imports_.operation_id, 5);
}

TEST_F(DownloadTest, StrangeFilesComeToo) {
  imports_.download = [](Writer& writer) {
    writer.Write(Chunk("", "a\r\nb", "text/csv\r\nX-Evil: 1"));
    return grpc::Status::OK;
  };
  const auto strange = Ask(kAsk);
  EXPECT_EQ(strange.status, 200);
  EXPECT_EQ(strange.body, "");
  EXPECT_EQ(strange.headers.at("content-type"), "application/octet-stream");
  EXPECT_EQ(strange.headers.count("x-evil"), 0u);
  EXPECT_THAT(strange.headers.at("content-disposition"), HasSubstr("a__b"));
  imports_.download = [](Writer&) { return grpc::Status::OK; };
  const auto nothing = Ask(kAsk);
  EXPECT_EQ(nothing.status, 200);
  EXPECT_EQ(nothing.body, "");
}

TEST_F(DownloadTest, HeadHasTheHeadersAlone) {
  imports_.download = [](Writer& writer) {
    writer.Write(Chunk("content", "a.csv", "text/csv"));
    return grpc::Status::OK;
  };
  RawConnection connection(gateway_->port());
  connection.Send(
      "HEAD /v1/operations/5/rejected-rows HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(connection.ReceiveUntil("attachment; filename=\"a.csv\""));
  EXPECT_FALSE(connection.ReceiveUntil("content\r\n"));
}

TEST_F(DownloadTest, AnErrorBeforeTheFileIsAnAnswer) {
  imports_.download = [](Writer&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no operation 5");
  };
  const auto answer = Ask(kAsk);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_THAT(answer.body, HasSubstr("no operation 5"));
  EXPECT_EQ(Ask("GET /v1/operations/x/rejected-rows HTTP/1.1\r\nHost: h\r\n\r\n").status, 400);
}

// Otherwise its client would take half of a file for all of it.
TEST_F(DownloadTest, AnErrorAmidTheFileCutsTheConnection) {
  imports_.download = [](Writer& writer) {
    writer.Write(Chunk("first half", "a.csv", "text/csv"));
    return grpc::Status(grpc::StatusCode::INTERNAL, "a secret");
  };
  RawConnection connection(gateway_->port());
  connection.Send(kAsk);
  ASSERT_TRUE(connection.ReceiveUntil("first half"));
  EXPECT_FALSE(connection.ReceiveUntil("0\r\n\r\n"));
  EXPECT_TRUE(connection.IsClosed());
}

// What the client does not take stays with the server, but for what the kernel's and gRPC's buffers
// hold.
TEST_F(DownloadTest, ASlowClientSlowsTheServer) {
  constexpr size_t kChunks = 1024;
  constexpr size_t kChunkBytes = 64 << 10;
  std::atomic<size_t> written = 0;
  std::promise<void> ended;
  imports_.download = [&](Writer& writer) {
    v1::FileChunk chunk = Chunk(std::string(kChunkBytes, 'x'), "a.csv", "text/csv");
    while (written < kChunks && writer.Write(chunk)) ++written;
    ended.set_value();
    return grpc::Status::OK;
  };
  std::future<void> end = ended.get_future();
  RawConnection connection(gateway_->port());
  connection.Send(kAsk);
  ASSERT_TRUE(connection.ReceiveUntil("a.csv"));
  EXPECT_EQ(end.wait_for(std::chrono::seconds(1)), std::future_status::timeout);
  EXPECT_LT(written, kChunks / 2);
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), kChunks * kChunkBytes);
}

TEST_F(DownloadTest, AClientThatLeavesEndsTheStream) {
  std::promise<void> ended;
  imports_.download = [&](Writer& writer) {
    while (writer.Write(Chunk(std::string(1000, 'x'), "a.csv"))) {
    }
    ended.set_value();
    return grpc::Status::OK;
  };
  {
    RawConnection connection(gateway_->port());
    connection.Send(kAsk);
    ASSERT_TRUE(connection.ReceiveUntil("xxx"));
  }
  ended.get_future().wait();
}

// Whose watch never pauses.
constexpr int64_t kBusyCampaign = 8;

class Campaigns final : public v1::CampaignService::Service {
 public:
  grpc::Status WatchCampaign(grpc::ServerContext* /*context*/,
                             const v1::WatchCampaignRequest* request,
                             grpc::ServerWriter<v1::CampaignProgress>* writer) override {
    v1::CampaignProgress progress;
    progress.set_messages_per_second(5);
    if (request->campaign_id() == kBusyCampaign) {
      while (writer->Write(progress)) {
      }
      return grpc::Status::CANCELLED;
    }
    writer->Write(progress);
    writer->Write(progress);
    return {grpc::StatusCode::UNAVAILABLE, "draining"};
  }
  grpc::Status ExportMessages(grpc::ServerContext* /*context*/,
                              const v1::ExportMessagesRequest* request,
                              grpc::ServerWriter<v1::FileChunk>* writer) override {
    writer->Write(Chunk(request->ShortDebugString(), "export.csv", "text/csv"));
    return grpc::Status::OK;
  }
};

class Operations final : public v1::OperationService::Service {
 public:
  grpc::Status WatchOperation(grpc::ServerContext* /*context*/, const v1::WatchOperationRequest*,
                              grpc::ServerWriter<v1::Operation>* writer) override {
    v1::Operation operation;
    operation.set_id(5);
    writer->Write(operation);
    return grpc::Status::OK;
  }
};

class OtherStreamsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GatewayOptions options;
    options.http.listen = "127.0.0.1:0";
    options.server = server_.channel();
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(options));
  }
  campaigner::testing::RawResponse Get(std::string_view target) {
    const auto response = campaigner::testing::RawExchange(
        gateway_->port(), campaigner::testing::RawRequest("GET", target, "", ""));
    EXPECT_TRUE(response) << target;
    return response.value_or(campaigner::testing::RawResponse());
  }

  Campaigns campaigns_;
  Operations operations_;
  client::TestServer server_{{&campaigns_, &operations_}};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(OtherStreamsTest, WatchesAreLines) {
  const auto campaign = Get("/v1/campaigns/7:watch");
  EXPECT_EQ(campaign.status, 200);
  EXPECT_EQ(campaign.headers.at("content-type"), "application/x-ndjson");
  EXPECT_EQ(campaign.headers.count("content-disposition"), 0u);
  EXPECT_EQ(std::count(campaign.body.begin(), campaign.body.end(), '\n'), 3) << campaign.body;
  EXPECT_THAT(campaign.body, HasSubstr(R"("messagesPerSecond":5)"));
  EXPECT_THAT(campaign.body, HasSubstr(R"({"error":)"));
  const auto operation = Get("/v1/operations/5:watch");
  EXPECT_EQ(operation.status, 200);
  EXPECT_THAT(operation.body, HasSubstr(R"("id":"5")"));
  EXPECT_THAT(operation.body, Not(HasSubstr("error")));
}

// However busy it is, it does not hold up the end, and learns of it.
TEST_F(OtherStreamsTest, ABusyWatchEndsWithItsGateway) {
  campaigner::testing::RawConnection watcher(gateway_->port());
  watcher.Send(campaigner::testing::RawRequest(
      "GET", fmt::format("/v1/campaigns/{}:watch", kBusyCampaign), "", ""));
  ASSERT_TRUE(watcher.ReceiveUntil("messagesPerSecond"));
  auto stopped = std::async(std::launch::async, [this] { gateway_->Stop(); });
  EXPECT_TRUE(watcher.ReceiveUntil(R"("reason":"DRAINING")"));
  EXPECT_TRUE(watcher.IsClosed());
  stopped.wait();
}

TEST_F(OtherStreamsTest, ExportsTakeTheirQuery) {
  const auto file = Get("/v1/campaigns/7/messages:export?withText=true&states=SENT");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.headers.at("content-disposition"), "attachment; filename=\"export.csv\"");
  EXPECT_EQ(file.body, "campaign_id: 7 states: SENT with_text: true");
}

}  // namespace
}  // namespace campaigner::gateway
