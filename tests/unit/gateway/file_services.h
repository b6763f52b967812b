#pragma once

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/import_service.grpc.pb.h"
#include "gateway/gateway.h"
#include "server/base/thread_annotations.h"
#include "tests/support/raw_http.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::gateway::testing {

// Keeps an uploaded file, as the test says.
class FakeImports final : public v1::ImportService::Service {
 public:
  using Reader = grpc::ServerReader<v1::FileChunk>;

  // Instead of keeping it.
  std::function<grpc::Status(grpc::ServerContext&, Reader&)> upload;
  // Writes a download.
  std::function<grpc::Status(grpc::ServerWriter<v1::FileChunk>&)> download;

  grpc::Status UploadFile(grpc::ServerContext* context, Reader* reader,
                          v1::Upload* response) override {
    if (upload) return upload(*context, *reader);
    std::string data;
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) {
      if (data.empty() && !chunk.file_name().empty()) first = chunk;
      largest_chunk = std::max(largest_chunk, chunk.data().size());
      data += chunk.data();
    }
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    const auto& metadata = context->client_metadata();
    const auto key = metadata.find("x-api-key");
    if (key != metadata.end()) api_key.assign(key->second.data(), key->second.size());
    response->set_id(7);
    response->set_file_name(first.file_name());
    response->set_bytes(static_cast<int64_t>(data.size()));
    kept = std::move(data);
    return grpc::Status::OK;
  }

  grpc::Status DownloadRejectedRows(grpc::ServerContext* /*context*/,
                                    const v1::DownloadRejectedRowsRequest* request,
                                    grpc::ServerWriter<v1::FileChunk>* writer) override {
    operation_id = request->operation_id();
    return download(*writer);
  }

  // Of the last upload that was kept, before its answer.
  v1::FileChunk first;
  std::string kept;
  std::string api_key;
  size_t largest_chunk = 0;
  int64_t operation_id = 0;
};

// A gateway before services of the test.
class FileTest : public ::testing::Test {
 protected:
  void Start(const http::Timeouts& timeouts) {
    GatewayOptions options;
    options.http.listen = "127.0.0.1:0";
    options.http.timeouts = timeouts;
    options.server = server_.channel();
    options.drain_timeout = absl::ZeroDuration();
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(options));
  }
  void SetUp() override { Start(http::ServerOptions().timeouts); }
  // Before the services: whoever still waits for them is cut.
  void TearDown() override { gateway_.reset(); }

  // A request with everything but its body, of which so many bytes are to follow.
  static std::string UploadHead(size_t bytes, std::string_view headers = "",
                                std::string_view query = "?file_name=a.csv") {
    return fmt::format(
        "POST /v1/uploads{} HTTP/1.1\r\nHost: h\r\nX-Api-Key: k\r\n{}Content-Length: {}\r\n\r\n",
        query, headers, bytes);
  }
  campaigner::testing::RawResponse Ask(std::string_view request) {
    const auto response = campaigner::testing::RawExchange(gateway_->port(), request);
    EXPECT_TRUE(response) << request.substr(0, 200);
    return response.value_or(campaigner::testing::RawResponse());
  }

  FakeImports imports_;
  client::TestServer server_{{&imports_}};
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace campaigner::gateway::testing
