#include "client/cpp/message_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "client/cpp/channel.h"
#include "server/base/limits.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::client {
namespace {

using ::campaigner::testing::IsOk;
using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

using Result = absl::StatusOr<v1::SendMessagesResponse>;
using Stream = grpc::ServerReaderWriter<v1::StreamMessagesResponse, v1::StreamMessagesRequest>;

// Runs what a test wants on every stream; a gate holds streams until it is opened.
class StreamService final : public v1::MessageService::Service {
 public:
  using OnRequest = std::function<bool(const v1::StreamMessagesRequest&, Stream&)>;

  std::atomic<int> streams = 0;
  std::atomic<int> requests = 0;

  void Set(OnRequest on_request) {
    base::MutexLock lock(mutex_);
    on_request_ = std::move(on_request);
  }
  void CloseGate() {
    base::MutexLock lock(mutex_);
    is_open_ = false;
  }
  void OpenGate() {
    base::MutexLock lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }

  grpc::Status StreamMessages(grpc::ServerContext* context, Stream* stream) override {
    ++streams;
    v1::StreamMessagesRequest request;
    while (WaitForGate(context) && stream->Read(&request)) {
      ++requests;
      OnRequest on_request;
      {
        base::MutexLock lock(mutex_);
        on_request = on_request_;
      }
      if (!on_request(request, *stream)) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    }
    return grpc::Status::OK;
  }

 private:
  bool WaitForGate(grpc::ServerContext* context) {
    base::MutexLock lock(mutex_);
    while (!is_open_ && !context->IsCancelled()) {
      opened_.wait_for(lock, std::chrono::milliseconds(10));
    }
    return true;
  }

  base::Mutex mutex_;
  std::condition_variable_any opened_;
  bool is_open_ = true;
  OnRequest on_request_ = Echo;

 public:
  // Answers every call with one message whose text is the first recipient.
  static bool Echo(const v1::StreamMessagesRequest& request, Stream& stream) {
    v1::StreamMessagesResponse response;
    for (const auto& call : request.calls()) {
      auto* answer = response.add_answers();
      answer->set_call_number(call.call_number());
      auto* sent = answer->mutable_response()->add_messages();
      sent->set_text(call.request().messages(0).recipient() + call.credentials().api_key());
    }
    return stream.Write(response);
  }
};

v1::SendMessagesRequest RequestTo(const std::string& recipient) {
  v1::SendMessagesRequest request;
  request.add_messages()->set_recipient(recipient);
  return request;
}

class MessageStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<MessageStream> Open(MessageStreamOptions options = {}) {
    return std::make_unique<MessageStream>(*MakeChannel(server_->channel()), options);
  }

  static std::future<Result> Send(MessageStream& stream, v1::SendMessagesRequest request) {
    auto promise = std::make_shared<std::promise<Result>>();
    std::future<Result> answer = promise->get_future();
    stream.Send(std::move(request),
                [promise](Result result) { promise->set_value(std::move(result)); });
    return answer;
  }

  StreamService service_;
  std::unique_ptr<TestServer> server_ =
      std::make_unique<TestServer>(std::initializer_list<grpc::Service*>{&service_});
};

TEST_F(MessageStreamTest, EveryCallGetsItsOwnAnswer) {
  const auto stream = Open();
  std::vector<std::future<Result>> answers;
  for (int i = 0; i < 5000; ++i) answers.push_back(Send(*stream, RequestTo(std::to_string(i))));
  for (int i = 0; i < 5000; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto response, answers[static_cast<size_t>(i)].get());
    ASSERT_EQ(response.messages(0).text(), std::to_string(i));
  }
  EXPECT_EQ(service_.streams, 1);
}

// It is stored already: an answer that the client cannot take would break everybody's stream.
TEST_F(MessageStreamTest, TheLargestAnswerArrives) {
  const std::string text(base::limits::kGrpcResponseBytesMax - 1024, 't');
  service_.Set([&text](const v1::StreamMessagesRequest& request, Stream& stream) {
    v1::StreamMessagesResponse response;
    auto* answer = response.add_answers();
    answer->set_call_number(request.calls(0).call_number());
    answer->mutable_response()->add_messages()->set_text(text);
    return stream.Write(response);
  });
  const auto stream = Open();
  ASSERT_OK_AND_ASSIGN(const auto response, Send(*stream, RequestTo("1")).get());
  EXPECT_EQ(response.messages(0).text().size(), text.size());
}

TEST_F(MessageStreamTest, ManyThreadsShareOneStream) {
  const auto stream = Open();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string name = fmt::format("{}-{}", t, i);
        const Result result = Send(*stream, RequestTo(name)).get();
        if (result.ok() && result->messages(0).text() == name) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8 * 200);
  EXPECT_EQ(service_.streams, 1);
}

TEST_F(MessageStreamTest, CallsMergeWhileTheServerIsBusy) {
  service_.CloseGate();
  const auto stream = Open();
  std::vector<std::future<Result>> answers;
  // More bytes than a connection takes unread, so that writes have to wait.
  for (int i = 0; i < 500; ++i) answers.push_back(Send(*stream, RequestTo(std::string(2000, 'x'))));
  service_.OpenGate();
  for (auto& answer : answers) EXPECT_OK(answer.get());
  EXPECT_LT(service_.requests, 250);
}

TEST_F(MessageStreamTest, CredentialsGoWithTheCall) {
  const auto stream = Open();
  v1::Credentials credentials;
  credentials.set_api_key("-of-somebody");
  std::promise<Result> answer;
  stream->Send(RequestTo("key"), credentials,
               [&answer](Result result) { answer.set_value(std::move(result)); });
  ASSERT_OK_AND_ASSIGN(const auto response, answer.get_future().get());
  EXPECT_EQ(response.messages(0).text(), "key-of-somebody");
}

TEST_F(MessageStreamTest, ErrorsConcernTheirCallOnly) {
  service_.Set([](const v1::StreamMessagesRequest& request, Stream& stream) {
    v1::StreamMessagesResponse response;
    for (const auto& call : request.calls()) {
      auto* answer = response.add_answers();
      answer->set_call_number(call.call_number());
      if (call.request().messages(0).recipient() == "good") {
        answer->mutable_response();
      } else {
        answer->mutable_error()->set_code(5);
        answer->mutable_error()->set_message("no such campaign");
      }
    }
    return stream.Write(response);
  });
  const auto stream = Open();
  auto bad = Send(*stream, RequestTo("bad"));
  auto good = Send(*stream, RequestTo("good"));
  EXPECT_THAT(bad.get(), StatusIs(absl::StatusCode::kNotFound, "no such campaign"));
  EXPECT_OK(good.get());
}

TEST_F(MessageStreamTest, ABreakFailsTheUnansweredAndTheNextCallOpensAnew) {
  service_.Set([](const v1::StreamMessagesRequest&, Stream&) { return false; });
  const auto stream = Open();
  EXPECT_THAT(Send(*stream, RequestTo("1")).get(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("draining")));
  service_.Set(StreamService::Echo);
  // The end of the old stream may still be on its way: then this call goes down with it, at most.
  Result result = Send(*stream, RequestTo("2")).get();
  if (!result.ok()) result = Send(*stream, RequestTo("2")).get();
  EXPECT_OK(result);
  EXPECT_GE(service_.streams, 2);
}

TEST_F(MessageStreamTest, ItComesBackWithTheServer) {
  const auto stream = Open();
  EXPECT_OK(Send(*stream, RequestTo("1")).get());
  const int port = server_->port();
  server_.reset();
  EXPECT_THAT(Send(*stream, RequestTo("2")).get(), StatusIs(absl::StatusCode::kUnavailable));
  server_ = std::make_unique<TestServer>(std::initializer_list<grpc::Service*>{&service_}, port);
  const absl::Time patience = absl::Now() + absl::Seconds(30);
  Result result = Send(*stream, RequestTo("3")).get();
  while (!result.ok() && absl::Now() < patience) result = Send(*stream, RequestTo("3")).get();
  EXPECT_OK(result);
}

TEST_F(MessageStreamTest, BrokenTextIsRefusedBeforeItHurtsOthers) {
  const auto stream = Open();
  auto good = Send(*stream, RequestTo("good"));
  EXPECT_THAT(Send(*stream, RequestTo("bad\xff")).get(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  auto fields = RequestTo("1");
  (*fields.mutable_messages(0)->mutable_fields())["a"] = "\xc3";
  EXPECT_THAT(Send(*stream, fields).get(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Send(*stream, RequestTo(std::string(33 << 20, 'x'))).get(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(good.get());
  EXPECT_EQ(service_.streams, 1);
}

TEST_F(MessageStreamTest, WhatIsInFlightIsLimited) {
  service_.CloseGate();
  const auto stream = Open({.calls_in_flight_max = 3});
  std::vector<std::future<Result>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(Send(*stream, RequestTo("1")));
  EXPECT_EQ(stream->calls_in_flight(), 3u);
  EXPECT_THAT(Send(*stream, RequestTo("4")).get(), StatusIs(absl::StatusCode::kResourceExhausted));
  service_.OpenGate();
  for (auto& answer : answers) EXPECT_OK(answer.get());
}

TEST_F(MessageStreamTest, ACallWithoutAnswerEndsWithItsTime) {
  service_.Set([](const v1::StreamMessagesRequest&, Stream&) { return true; });
  const auto stream = Open({.call_timeout = absl::Milliseconds(50)});
  EXPECT_THAT(Send(*stream, RequestTo("1")).get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(MessageStreamTest, CloseAnswersEverybody) {
  service_.CloseGate();
  const auto stream = Open();
  auto answer = Send(*stream, RequestTo("1"));
  stream->Close();
  EXPECT_THAT(answer.get(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Send(*stream, RequestTo("2")).get(), StatusIs(absl::StatusCode::kUnavailable));
  stream->Close();
}

TEST_F(MessageStreamTest, TheDestructorWaitsForTheLastAnswer) {
  service_.CloseGate();
  std::atomic<int> answered = 0;
  {
    const auto stream = Open();
    for (int i = 0; i < 100; ++i) {
      stream->Send(RequestTo("1"), [&answered](const Result&) { ++answered; });
    }
  }
  EXPECT_EQ(answered, 100);
  service_.OpenGate();
}

}  // namespace
}  // namespace campaigner::client
