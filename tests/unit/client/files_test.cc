#include "client/cpp/files.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "client/cpp/client.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::client {
namespace {

using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::ElementsAre;

bool Ignore(int64_t) { return true; }

// Keeps uploads, unless it is to refuse them; answers a download of three pieces.
class Files final : public v1::ImportService::Service {
 public:
  grpc::Status refusal;
  std::vector<std::string> pieces;
  v1::FileChunk first;
  std::string api_key;
  // A download's end comes after its pieces, or never.
  bool is_endless = false;

  grpc::Status UploadFile(grpc::ServerContext* context, grpc::ServerReader<v1::FileChunk>* reader,
                          v1::Upload* response) override {
    if (!refusal.ok()) return refusal;
    const auto key = context->client_metadata().find("x-api-key");
    if (key != context->client_metadata().end()) {
      api_key.assign(key->second.data(), key->second.size());
    }
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) {
      if (pieces.empty()) first = chunk;
      pieces.push_back(chunk.data());
    }
    response->set_id(3);
    response->set_file_name(first.file_name());
    return grpc::Status::OK;
  }

  grpc::Status DownloadRejectedRows(grpc::ServerContext* /*context*/,
                                    const v1::DownloadRejectedRowsRequest* /*request*/,
                                    grpc::ServerWriter<v1::FileChunk>* writer) override {
    v1::FileChunk chunk;
    chunk.set_file_name("rows.csv");
    chunk.set_content_type("text/csv");
    for (const char* data : {"a", "bc", "def"}) {
      chunk.set_data(data);
      writer->Write(chunk);
      chunk.Clear();
    }
    while (is_endless && writer->Write(chunk)) {
    }
    return refusal;
  }
};

class FilesTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Upload> Upload(const std::string& content, size_t chunk_bytes,
                                    OnProgress on_progress) {
    std::istringstream in(content);
    return client_->UploadFile({"a.csv", "text/csv", chunk_bytes}, in, on_progress);
  }

  Files files_;
  TestServer server_{{&files_}};
  std::unique_ptr<Client> client_ =
      *Client::Create({.channel = server_.channel(), .api_key = "key-of-the-test"});
};

TEST_F(FilesTest, AFileGoesInPieces) {
  std::vector<int64_t> progress;
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload("0123456789", 4, [&](int64_t bytes) {
                         progress.push_back(bytes);
                         return true;
                       }));
  EXPECT_EQ(upload.id(), 3);
  EXPECT_THAT(files_.pieces, ElementsAre("0123", "4567", "89"));
  EXPECT_EQ(files_.first.file_name(), "a.csv");
  EXPECT_EQ(files_.first.content_type(), "text/csv");
  EXPECT_EQ(files_.api_key, "key-of-the-test");
  EXPECT_THAT(progress, ElementsAre(4, 8, 10));
}

TEST_F(FilesTest, AnEmptyFileHasANameToo) {
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload("", 4, Ignore));
  EXPECT_EQ(upload.file_name(), "a.csv");
  EXPECT_THAT(files_.pieces, ElementsAre(""));
}

TEST_F(FilesTest, FilesOfTheDiskGo) {
  const TempDir dir;
  std::ofstream(dir.File("rows")) << "1;2\n";
  ASSERT_OK(client_->UploadFile({.name = "rows"}, dir.File("rows"), Ignore));
  EXPECT_THAT(files_.pieces, ElementsAre("1;2\n"));
  EXPECT_THAT(client_->UploadFile({.name = "rows"}, dir.File("absent"), Ignore),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(client_->UploadFile({.name = "rows"}, dir.File(""), Ignore),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(FilesTest, ARefusalEndsTheUpload) {
  files_.refusal = {grpc::StatusCode::RESOURCE_EXHAUSTED, "full"};
  EXPECT_THAT(Upload(std::string(64 << 20, 'x'), 1 << 20, Ignore),
              StatusIs(absl::StatusCode::kResourceExhausted, "full"));
}

TEST_F(FilesTest, TheCallerMayStop) {
  EXPECT_THAT(Upload("0123456789", 4, [](int64_t bytes) { return bytes < 8; }),
              StatusIs(absl::StatusCode::kCancelled));
  files_.is_endless = true;
  std::ostringstream out;
  EXPECT_THAT(client_->DownloadRejectedRows({}, out, [](int64_t bytes) { return bytes < 3; }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(out.str(), "abc");
}

TEST_F(FilesTest, ADownloadIsWritten) {
  std::ostringstream out;
  std::vector<int64_t> progress;
  ASSERT_OK_AND_ASSIGN(const auto file, client_->DownloadRejectedRows({}, out, [&](int64_t bytes) {
    progress.push_back(bytes);
    return true;
  }));
  EXPECT_EQ(out.str(), "abcdef");
  EXPECT_EQ(file.name, "rows.csv");
  EXPECT_EQ(file.content_type, "text/csv");
  EXPECT_EQ(file.bytes, 6);
  EXPECT_THAT(progress, ElementsAre(1, 3, 6));
}

TEST_F(FilesTest, ADownloadThatFailsSaysSo) {
  files_.refusal = {grpc::StatusCode::INTERNAL, "broke off"};
  std::ostringstream out;
  EXPECT_THAT(client_->DownloadRejectedRows({}, out, Ignore),
              StatusIs(absl::StatusCode::kInternal, "broke off"));
  files_.refusal = grpc::Status::OK;
  out.setstate(std::ios::badbit);
  EXPECT_THAT(client_->DownloadRejectedRows({}, out, Ignore),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace campaigner::client
