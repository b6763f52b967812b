#include "gateway/receipts/receipts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gateway/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::gateway::receipts {
namespace {

using ::testing::_;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Pair;
using testing::StatusIs;

http::Request Receipt(std::string query, std::string body = {}) {
  http::Request request;
  request.target = "/receipts/v1/p/ref?" + query;
  request.body = std::move(body);
  return request;
}

v1::DeliveryReport Report(const http::Request& request) {
  auto parsed = ParseReceipt(request);
  if (auto* refusal = std::get_if<http::Response>(&parsed)) {
    ADD_FAILURE() << refusal->body;
    return {};
  }
  return std::get<0>(parsed).value_or(v1::DeliveryReport());
}

TEST(ParseReceiptTest, ReadsKannels) {
  const struct {
    const char* type;
    v1::Message::State state;
  } cases[] = {{"1", v1::Message::DELIVERED},
               {"2", v1::Message::UNDELIVERED},
               {"8", v1::Message::SENT},
               {"16", v1::Message::REJECTED}};
  for (const auto& [type, state] : cases) {
    const auto report = Report(
        Receipt(std::string("type=") + type + "&time=2026-01-01+10:00&answer=ACK%2f%00%ff&id=77"));
    EXPECT_EQ(report.state(), state);
    EXPECT_EQ(report.provider_message_id(), "77");
    EXPECT_EQ(report.detail(), "ACK/ \xef\xbf\xbd");
  }
}

TEST(ParseReceiptTest, IgnoresWhatMeansNothing) {
  for (const char* type : {"4", "32"}) {
    const auto parsed = ParseReceipt(Receipt(std::string("type=") + type));
    ASSERT_EQ(parsed.index(), 0u);
    EXPECT_FALSE(std::get<0>(parsed));
  }
}

TEST(ParseReceiptTest, ReadsTheGenericForm) {
  const auto posted = Report(
      Receipt("", R"({"state": "REJECTED", "reason": "FORBIDDEN", "detail": "no", "eventTime":
             "2026-01-01T00:00:00Z"})"));
  EXPECT_EQ(posted.state(), v1::Message::REJECTED);
  EXPECT_EQ(posted.reason(), v1::Message::FORBIDDEN);
  EXPECT_EQ(posted.detail(), "no");
  const auto got = Report(Receipt("state=delivered&provider_message_id=5"));
  EXPECT_EQ(got.state(), v1::Message::DELIVERED);
  EXPECT_EQ(got.provider_message_id(), "5");
}

TEST(ParseReceiptTest, RefusesTheRest) {
  for (const http::Request& request :
       {Receipt(""), Receipt("type=3"), Receipt("type="), Receipt("state=%"), Receipt("state=GONE"),
        Receipt("colour=red"), Receipt("", "{"), Receipt("", R"({"state": "GONE"})")}) {
    const auto parsed = ParseReceipt(request);
    ASSERT_EQ(parsed.index(), 1u) << request.target << request.body;
    EXPECT_EQ(std::get<1>(parsed).status, 400);
  }
}

v1::DeliveryReport Named(int i) {
  v1::DeliveryReport report;
  report.set_reference(std::to_string(i));
  return report;
}

// A store whose calls end when the test says so.
class BatcherTest : public ::testing::Test {
 protected:
  struct Call {
    std::vector<int> names;
    Batcher::Done done;
  };

  // Its answer appears in answers_.
  void Report(int name) {
    batcher_.Report(Named(name),
                    [this, name](const absl::Status& status) { answers_.emplace(name, status); });
  }
  // Ends the oldest call.
  void End(absl::Status status) {
    Call call = std::move(calls_.front());
    calls_.erase(calls_.begin());
    call.done(std::move(status));
  }

  std::vector<Call> calls_;
  std::map<int, absl::Status> answers_;
  Batcher batcher_{[this](const v1::ReportDeliveryRequest& request, Batcher::Done done) {
    Call& call = calls_.emplace_back();
    for (const auto& report : request.reports())
      call.names.push_back(std::stoi(report.reference()));
    call.done = std::move(done);
  }};
};

TEST_F(BatcherTest, GathersWhatComesMeanwhile) {
  for (int i = 0; i < 300; ++i) Report(i);
  ASSERT_EQ(calls_.size(), static_cast<size_t>(limits::kReceiptCallsMax));
  EXPECT_THAT(answers_, IsEmpty());
  End(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre(Pair(0, IsOk())));
  ASSERT_EQ(calls_.size(), 1u);
  EXPECT_EQ(calls_[0].names.size(), 299u);
  End(absl::OkStatus());
  EXPECT_EQ(answers_.size(), 300u);
  EXPECT_THAT(answers_, Each(Pair(_, IsOk())));
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(BatcherTest, CallsAreBounded) {
  const int count = static_cast<int>(limits::kReceiptsPerCallMax) + 2;
  for (int i = 0; i < count; ++i) Report(i);
  End(absl::OkStatus());
  EXPECT_EQ(calls_[0].names.size(), limits::kReceiptsPerCallMax);
  End(absl::OkStatus());
  EXPECT_EQ(calls_[0].names.size(), 1u);
  End(absl::OkStatus());
  EXPECT_EQ(answers_.size(), static_cast<size_t>(count));
}

TEST_F(BatcherTest, ABadReceiptStandsAlone) {
  for (int i = 0; i < 41; ++i) Report(i);
  for (int calls = 0; !calls_.empty(); ++calls) {
    ASSERT_LT(calls, 15);
    const auto& names = calls_[0].names;
    const bool is_bad = std::find(names.begin(), names.end(), 13) != names.end();
    End(is_bad ? absl::PermissionDeniedError("not ours") : absl::OkStatus());
  }
  ASSERT_EQ(answers_.size(), 41u);
  for (const auto& [name, status] : answers_) EXPECT_EQ(status.ok(), name != 13) << name;
}

TEST_F(BatcherTest, TellsEverybodyThatNothingCouldBeStored) {
  for (int i = 0; i < 3; ++i) Report(i);
  End(absl::UnavailableError("away"));
  End(absl::UnavailableError("away"));
  EXPECT_EQ(answers_.size(), 3u);
  EXPECT_THAT(answers_, Each(Pair(_, StatusIs(absl::StatusCode::kUnavailable))));
}

}  // namespace
}  // namespace campaigner::gateway::receipts
