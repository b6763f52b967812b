#include <algorithm>
#include <map>

#include "server/base/limits.h"
#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

using Answer = v1::StreamMessagesResponse::Answer;

// One open stream, and the answers that came, by call number.
class Stream {
 public:
  explicit Stream(const ServerClient& client) {
    client.Prepare(context_);
    stream_ = client.messages().StreamMessages(&context_);
  }
  ~Stream() {
    if (!is_finished_) {
      context_.TryCancel();
      stream_->Finish();
    }
  }

  bool Write(const std::string& frame) {
    return stream_->Write(Parse<v1::StreamMessagesRequest>(frame));
  }
  bool Write(const v1::StreamMessagesRequest& frame) { return stream_->Write(frame); }
  void WritesDone() { stream_->WritesDone(); }

  // Reads until `count` answers have come in all, or the stream ends.
  const std::map<int64_t, Answer>& Read(size_t count) {
    v1::StreamMessagesResponse frame;
    while (answers_.size() < count && stream_->Read(&frame)) {
      largest_frame_bytes_ = std::max(largest_frame_bytes_, frame.ByteSizeLong());
      for (const Answer& answer : frame.answers()) answers_[answer.call_number()] = answer;
    }
    return answers_;
  }
  size_t largest_frame_bytes() const { return largest_frame_bytes_; }
  absl::Status Finish() {
    is_finished_ = true;
    v1::StreamMessagesResponse frame;
    while (stream_->Read(&frame)) {
    }
    return testing::FromGrpc(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamMessagesRequest, v1::StreamMessagesResponse>>
      stream_;
  std::map<int64_t, Answer> answers_;
  size_t largest_frame_bytes_ = 0;
  bool is_finished_ = false;
};

class StreamTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  static std::string CallText(int64_t number, int64_t campaign, const std::string& more = "") {
    return fmt::format(
        "calls {{ call_number: {} request {{ campaign_id: {} messages {{ recipient: "
        "'79201234567' }} }} {} }}",
        number, campaign, more);
  }
};

TEST_F(StreamTest, AnswersEveryCallForItself) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Stream stream(*admin_);
  ASSERT_TRUE(stream.Write(CallText(1, campaign) + CallText(2, 999) + CallText(3, campaign)));
  ASSERT_TRUE(stream.Write(CallText(4, campaign)));
  const auto& answers = stream.Read(4);
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_GT(answers.at(1).response().messages(0).id(), 0);
  EXPECT_EQ(answers.at(1).response().messages(0).text(), "x");
  EXPECT_EQ(answers.at(2).error().code(), static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_EQ(answers.at(2).error().details_size(), 1);
  EXPECT_TRUE(answers.at(3).has_response());
  EXPECT_TRUE(answers.at(4).has_response());
  stream.WritesDone();
  EXPECT_OK(stream.Finish());
}

TEST_F(StreamTest, AnswersWhatWasReadBeforeItEnds) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Stream stream(*admin_);
  v1::StreamMessagesRequest frame;
  for (int i = 0; i < 1'000; ++i) {
    auto* call = frame.add_calls();
    call->set_call_number(i);
    call->mutable_request()->set_campaign_id(campaign);
    call->mutable_request()->add_messages()->set_recipient("79201234567");
  }
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(stream.Write(frame));
    for (auto& call : *frame.mutable_calls()) call.set_call_number(call.call_number() + 1'000);
  }
  stream.WritesDone();
  const auto& answers = stream.Read(5'000);
  ASSERT_EQ(answers.size(), 5'000u);
  for (const auto& [number, answer] : answers) EXPECT_TRUE(answer.has_response()) << number;
  EXPECT_OK(stream.Finish());
}

// One frame of all would be more than some clients take.
TEST_F(StreamTest, LargeAnswersComeInSeveralFrames) {
  const int64_t campaign =
      admin_->StartCampaign(fmt::format("template: '{}'", std::string(1'000, 'x')));
  constexpr int kCalls = 16;
  v1::StreamMessagesRequest frame;
  for (int i = 0; i < kCalls; ++i) {
    auto* call = frame.add_calls();
    call->set_call_number(i);
    call->mutable_request()->set_campaign_id(campaign);
    for (int j = 0; j < 1'000; ++j) {
      call->mutable_request()->add_messages()->set_recipient("79201234567");
    }
  }
  Stream stream(*admin_);
  ASSERT_TRUE(stream.Write(frame));
  const auto& answers = stream.Read(kCalls);
  ASSERT_EQ(answers.size(), size_t{kCalls});
  for (const auto& [number, answer] : answers) {
    EXPECT_EQ(answer.response().messages_size(), 1'000) << answer.error().message();
  }
  EXPECT_GT(stream.largest_frame_bytes(), size_t{1} << 20);
  EXPECT_LT(stream.largest_frame_bytes(), size_t{9} << 20);
}

TEST_F(StreamTest, AGatewaySpeaksForMany) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const std::string home = NewKey("scope: SEND client_networks: '203.0.113.0/24'");
  const ServerClient gateway(server_->port(), std::multimap<std::string, std::string>());
  const auto credentials = [](const std::string& key, const std::string& address) {
    return fmt::format("credentials {{ api_key: '{}' client_address: '{}' }}", key, address);
  };
  Stream stream(gateway);
  ASSERT_TRUE(stream.Write(CallText(1, campaign, credentials(home, "203.0.113.5")) +
                           CallText(2, campaign, credentials(home, "203.0.114.5")) +
                           CallText(3, campaign, credentials("nonsense", "203.0.113.5")) +
                           CallText(4, campaign) +
                           CallText(5, campaign, credentials(admin_key_, ""))));
  const auto& answers = stream.Read(5);
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_TRUE(answers.at(1).has_response());
  EXPECT_EQ(answers.at(2).error().code(), static_cast<int>(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(answers.at(3).error().code(), static_cast<int>(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(answers.at(4).error().code(), static_cast<int>(absl::StatusCode::kUnauthenticated));
  EXPECT_TRUE(answers.at(5).has_response());
}

TEST_F(StreamTest, OthersSpeakForThemselvesOnly) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const std::string send_key = NewKey("scope: SEND");
  server_.reset();
  Start("trusted_gateway_networks: '192.0.2.0/24'");
  const ServerClient nobody(server_->port(), std::multimap<std::string, std::string>());
  Stream refused(nobody);
  EXPECT_THAT(refused.Finish(), HasReason("API_KEY_MISSING"));

  // Somebody else's credentials are not looked at.
  Stream stream(*admin_);
  ASSERT_TRUE(stream.Write(CallText(1, campaign, "credentials { api_key: 'nonsense' }")));
  EXPECT_TRUE(stream.Read(1).at(1).has_response());
}

TEST_F(StreamTest, RefusesFramesWithTooManyCalls) {
  Stream stream(*admin_);
  v1::StreamMessagesRequest frame;
  for (int i = 0; i <= base::limits::kStreamFrameCallsMax; ++i) frame.add_calls();
  ASSERT_TRUE(stream.Write(frame));
  EXPECT_THAT(stream.Finish(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(StreamTest, ADrainAnswersFirstAndThenEndsIt) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Stream stream(*admin_);
  ASSERT_TRUE(stream.Write(CallText(1, campaign)));
  ASSERT_EQ(stream.Read(1).size(), 1u);
  server_->Stop();
  EXPECT_THAT(stream.Finish(), HasReason("DRAINING"));
}

TEST_F(StreamTest, AClientThatVanishesLeavesNothingBehind) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  for (int i = 0; i < 20; ++i) {
    Stream stream(*admin_);
    stream.Write(CallText(i, campaign));
  }
  Stream stream(*admin_);
  ASSERT_TRUE(stream.Write(CallText(1, campaign)));
  EXPECT_EQ(stream.Read(1).size(), 1u);
}

}  // namespace
}  // namespace campaigner::e2e
