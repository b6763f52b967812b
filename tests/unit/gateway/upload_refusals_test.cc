#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/unit/gateway/file_services.h"

// Uploads that come to nothing: who sent them learns why, at once.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;
using testing::FakeImports;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class UploadRefusalsTest : public testing::FileTest {
 protected:
  // Sends what is no whole request, and expects an answer after which the connection ends.
  void ExpectRefused(const std::string& begin, int status, const std::string& why) {
    RawConnection connection(gateway_->port());
    connection.Send(begin);
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer) << begin;
    EXPECT_EQ(answer->status, status) << begin << answer->body;
    EXPECT_THAT(answer->body, HasSubstr(why)) << begin;
    EXPECT_TRUE(Json::accept(answer->body)) << answer->body;
    EXPECT_EQ(answer->headers.at("connection"), "close");
    EXPECT_TRUE(connection.IsClosed());
  }
};

TEST_F(UploadRefusalsTest, TheServersRefusalComesBeforeTheBodyEnds) {
  const struct {
    grpc::Status refusal;
    int status;
  } cases[] = {
      {{grpc::StatusCode::UNAUTHENTICATED, "no such key"}, 401},
      {{grpc::StatusCode::RESOURCE_EXHAUSTED, "uploads fill their space"}, 429},
  };
  for (const auto& [refusal, status] : cases) {
    imports_.upload = [&answer = refusal](grpc::ServerContext&, FakeImports::Reader&) {
      return answer;
    };
    ExpectRefused(UploadHead(1 << 30) + "only this", status, refusal.error_message());
  }
}

TEST_F(UploadRefusalsTest, TheServersRefusalComesAmidTheBody) {
  imports_.upload = [](grpc::ServerContext&, FakeImports::Reader& reader) {
    v1::FileChunk chunk;
    reader.Read(&chunk);
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "uploads fill their space");
  };
  ExpectRefused(UploadHead(1 << 30) + std::string(4 << 20, 'x'), 429, "uploads fill their space");
}

TEST_F(UploadRefusalsTest, AForm) {
  const std::string file =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n1\r\n";
  const std::string nameless = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n1\r\n";
  const std::string other = "--b\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\n1\r\n";
  const struct {
    std::string form;
    const char* why;
  } cases[] = {
      {"no form at all", "ends before the last boundary"},
      {file, "ends before the last boundary"},
      {other + "--b--", "file is missing in the form"},
      {"--b--", "file is missing in the form"},
      {file + file + "--b--", "file is given twice"},
      {nameless + "--b--", "file_name is missing"},
      {"--b\r\nContent-Disposition: form-data; name=file; filename=\"\xff\"\r\n\r\n--b--",
       "file_name must be UTF-8"},
      {"--b\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''%0a\r\n\r\n--b--",
       "file_name must not have control characters"},
      {"--b\r\nContent-Disposition\r\n\r\n--b--", "broken header"},
  };
  for (const auto& [form, why] : cases) {
    const auto answer = Ask(
        UploadHead(form.size(), "Content-Type: multipart/form-data; boundary=b\r\n", "") + form);
    EXPECT_EQ(answer.status, 400) << form;
    EXPECT_THAT(answer.body, HasSubstr(why)) << form;
    EXPECT_THAT(answer.body, HasSubstr("INVALID_FIELD")) << form;
  }
  EXPECT_EQ(imports_.kept, "");
  // The query may name a file that its part does not.
  const std::string form = nameless + "--b--";
  EXPECT_EQ(Ask(UploadHead(form.size(), "Content-Type: multipart/form-data; boundary=b\r\n") + form)
                .status,
            200);
}

TEST_F(UploadRefusalsTest, AMistakeInAFormIsSaidAtOnce) {
  ExpectRefused(UploadHead(1 << 30, "Content-Type: multipart/form-data; boundary=b\r\n") + "--bc",
                400, "has text behind a boundary");
}

TEST_F(UploadRefusalsTest, AHead) {
  const struct {
    const char* query;
    const char* headers;
    int status;
    const char* why;
  } cases[] = {
      {"", "", 400, "file_name is missing"},
      {"?file_name=a&colour=red", "", 400, "colour is not a field"},
      {"?file_name=a&data=aGVsbG8=", "", 400, "data is the body"},
      {"?file_name=%", "", 400, "broken query"},
      {"", "Content-Type: multipart/form-data\r\n", 400, "valid boundary"},
      {"", "Content-Type: multipart/mixed; boundary=b\r\n", 400, "not multipart/form-data"},
      {"", "Content-Type: multipart/form-data; boundary=\"\r\n", 400, "no media type"},
      {"?file_name=a", "Content-Encoding: gzip\r\n", 415, "Content-Encoding"},
  };
  for (const auto& [query, headers, status, why] : cases) {
    ExpectRefused(UploadHead(5, headers, query), status, why);
  }
}

TEST_F(UploadRefusalsTest, TooLarge) {
  ExpectRefused(UploadHead((size_t{2} << 30) + (64 << 10) + 1), 413, "larger than 2 GiB");
  const std::string chunked =
      "POST /v1/uploads?file_name=a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  ExpectRefused(chunked + "80010001\r\n", 413, "larger than 2 GiB");
  ExpectRefused(chunked + "5\r\nhello\r\n8000fffc\r\n", 413, "larger than 2 GiB");
  ExpectRefused(chunked + "nonsense\r\n", 400, "size of a chunk");
}

TEST_F(UploadRefusalsTest, ClientsThatStall) {
  http::Timeouts timeouts = http::ServerOptions().timeouts;
  timeouts.body = absl::Milliseconds(200);
  Start(timeouts);
  ExpectRefused(UploadHead(1 << 20) + "half", 408, "took too long");
}

TEST_F(UploadRefusalsTest, ServersThatStall) {
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  imports_.upload = [opened](grpc::ServerContext&, FakeImports::Reader&) {
    opened.wait();
    return grpc::Status::OK;
  };
  http::Timeouts timeouts = http::ServerOptions().timeouts;
  timeouts.body = absl::Milliseconds(500);
  Start(timeouts);
  const std::string body(64 << 20, 'x');
  RawConnection unread(gateway_->port());
  unread.Send(UploadHead(body.size()));
  unread.SendSome(body, absl::Milliseconds(100));
  const auto stuck = unread.Receive();
  RawConnection unanswered(gateway_->port());
  unanswered.Send(UploadHead(5) + "hello");
  const auto silent = unanswered.Receive();
  gate.set_value();
  ASSERT_TRUE(stuck);
  EXPECT_EQ(stuck->status, 504);
  EXPECT_THAT(stuck->body, HasSubstr("did not take the body"));
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->status, 504);
  EXPECT_THAT(silent->body, HasSubstr("did not answer"));
}

TEST_F(UploadRefusalsTest, WithoutAServer) {
  GatewayOptions options;
  options.http.listen = "127.0.0.1:0";
  // Nobody listens on port 1.
  options.server.target = "127.0.0.1:1";
  ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(options));
  ExpectRefused(UploadHead(1 << 30) + "hello", 503, "SERVER_AWAY");
}

}  // namespace
}  // namespace campaigner::gateway
