#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/limits.h"
#include "tests/unit/gateway/file_services.h"

// Files on their way from an HTTP client to the server.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;
using testing::FakeImports;
using Json = nlohmann::json;

constexpr size_t kMiB = 1 << 20;

// Bytes that are nowhere the same, so that nothing is lost, doubled or exchanged unseen.
std::string Bytes(size_t size) {
  std::string bytes;
  bytes.reserve(size + 20);
  for (size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i) + "\r\n";
  bytes.resize(size);
  return bytes;
}

class UploadTest : public testing::FileTest {};

TEST_F(UploadTest, ALargeBodyArrivesWhole) {
  const std::string body = Bytes(64 * kMiB);
  RawConnection connection(gateway_->port());
  connection.Send(UploadHead(body.size(), "Content-Type: text/csv\r\n") + body);
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(Json::parse(answer->body)["id"], "7");
  EXPECT_EQ(Json::parse(answer->body)["bytes"], std::to_string(body.size()));
  EXPECT_TRUE(imports_.kept == body);
  EXPECT_EQ(imports_.first.file_name(), "a.csv");
  EXPECT_EQ(imports_.first.content_type(), "text/csv");
  EXPECT_EQ(imports_.api_key, "k");
  EXPECT_LE(imports_.largest_chunk, 2 * limits::kUploadChunkBytes);
  // The connection serves on.
  connection.Send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(connection.Receive()->status, 200);
}

TEST_F(UploadTest, AFormsFileArrives) {
  const std::string file = Bytes(kMiB);
  const std::string form =
      "--xx\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nignored\r\n"
      "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a b.csv\"\r\n"
      "Content-Type: text/csv\r\n\r\n" +
      file +
      "\r\n--xx\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\nignored\r\n--xx--\r\n";
  const auto answer =
      Ask(UploadHead(form.size(), "Content-Type: multipart/form-data; boundary=xx\r\n", "") + form);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(imports_.kept == file);
  EXPECT_EQ(imports_.first.file_name(), "a b.csv");
  EXPECT_EQ(imports_.first.content_type(), "text/csv");
}

TEST_F(UploadTest, ChunkedBodiesArrive) {
  const auto answer =
      Ask("POST /v1/uploads?fileName=%d0%b1.csv HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
          "chunked\r\n\r\n"
          "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\n");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(imports_.kept, "hello world");
  EXPECT_EQ(imports_.first.file_name(), "\xd0\xb1.csv");
}

TEST_F(UploadTest, AnEmptyFileIsAFile) {
  ASSERT_EQ(Ask(UploadHead(0)).status, 200);
  EXPECT_EQ(imports_.first.file_name(), "a.csv");
  EXPECT_EQ(imports_.kept, "");
}

TEST_F(UploadTest, WhoAsksIsToldToGoOn) {
  RawConnection connection(gateway_->port());
  connection.Send(UploadHead(5, "Expect: 100-continue\r\n"));
  const auto told = connection.Receive();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 100);
  connection.Send("hello");
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(imports_.kept, "hello");
}

// What the server does not take stays with the client, but for what the kernel's and gRPC's buffers
// hold.
TEST_F(UploadTest, ASlowServerSlowsTheClient) {
  std::promise<void> gate;
  std::atomic<size_t> taken = 0;
  imports_.upload = [&](grpc::ServerContext&, FakeImports::Reader& reader) {
    gate.get_future().wait();
    v1::FileChunk chunk;
    while (reader.Read(&chunk)) taken += chunk.data().size();
    return grpc::Status::OK;
  };
  const std::string body = Bytes(64 * kMiB);
  RawConnection connection(gateway_->port());
  connection.Send(UploadHead(body.size()));
  const size_t sent = connection.SendSome(body, absl::Seconds(1));
  EXPECT_LT(sent, 24 * kMiB);
  gate.set_value();
  ASSERT_TRUE(connection.Send(std::string_view(body).substr(sent)));
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(taken, body.size());
}

// Uploads that stand still take no threads: others are served, and more of them begin.
TEST_F(UploadTest, ManyAtOnceAreBounded) {
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  imports_.upload = [opened](grpc::ServerContext&, FakeImports::Reader& reader) {
    opened.wait();
    v1::FileChunk chunk;
    while (reader.Read(&chunk)) {
    }
    return grpc::Status::OK;
  };
  std::vector<std::unique_ptr<RawConnection>> uploads;
  for (int i = 0; i < limits::kUploadsMax; ++i) {
    uploads.push_back(std::make_unique<RawConnection>(gateway_->port()));
    uploads.back()->Send(UploadHead(5, "Expect: 100-continue\r\n"));
    ASSERT_EQ(uploads.back()->Receive()->status, 100);
    uploads.back()->Send("hello");
  }
  const auto refused = Ask(UploadHead(5));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.count("retry-after"), 1u);
  EXPECT_EQ(Ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  gate.set_value();
  for (const auto& upload : uploads) EXPECT_EQ(upload->Receive()->status, 200);
  EXPECT_EQ(Ask(UploadHead(5) + "hello").status, 200);
}

TEST_F(UploadTest, AClientThatLeavesCancelsTheCall) {
  std::promise<bool> is_cancelled;
  imports_.upload = [&](grpc::ServerContext& context, FakeImports::Reader& reader) {
    v1::FileChunk chunk;
    while (reader.Read(&chunk)) {
    }
    is_cancelled.set_value(context.IsCancelled());
    return grpc::Status::OK;
  };
  {
    RawConnection connection(gateway_->port());
    connection.Send(UploadHead(2 * kMiB) + Bytes(kMiB));
  }
  EXPECT_TRUE(is_cancelled.get_future().get());
}

TEST_F(UploadTest, AGatewayThatStopsCancelsTheCall) {
  std::promise<void> begun;
  std::promise<bool> is_cancelled;
  imports_.upload = [&](grpc::ServerContext& context, FakeImports::Reader& reader) {
    begun.set_value();
    v1::FileChunk chunk;
    while (reader.Read(&chunk)) {
    }
    is_cancelled.set_value(context.IsCancelled());
    return grpc::Status::OK;
  };
  RawConnection connection(gateway_->port());
  connection.Send(UploadHead(2 * kMiB) + Bytes(kMiB));
  begun.get_future().wait();
  gateway_->Stop();
  EXPECT_TRUE(is_cancelled.get_future().get());
}

}  // namespace
}  // namespace campaigner::gateway
