#include "gateway/receipts/receipts.h"

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <vector>

#include "gateway/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::gateway::receipts {
namespace {

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

TEST(BatcherTest, GathersWhatComesMeanwhile) {
  constexpr int kReports = 300;
  base::Mutex mutex;
  std::vector<int> sizes;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future();
  std::promise<void> reached;
  std::atomic<int> held = 0;
  Batcher batcher([&](const v1::ReportDeliveryRequest& request) {
    // The first calls wait until all others have queued up behind them.
    if (++held == limits::kReceiptCallsMax) reached.set_value();
    if (held <= limits::kReceiptCallsMax) released.wait();
    base::MutexLock lock(mutex);
    sizes.push_back(request.reports_size());
    return absl::OkStatus();
  });
  std::vector<std::future<absl::Status>> reports;
  for (int i = 0; i < limits::kReceiptCallsMax; ++i) {
    reports.push_back(std::async(std::launch::async, [&, i] { return batcher.Report(Named(i)); }));
    while (held <= i) std::this_thread::yield();
  }
  reached.get_future().wait();
  std::atomic<int> begun = 0;
  for (int i = 0; i < kReports; ++i) {
    reports.push_back(std::async(std::launch::async, [&, i] {
      ++begun;
      return batcher.Report(Named(i));
    }));
  }
  while (begun < kReports) std::this_thread::yield();
  release.set_value();
  for (auto& report : reports) EXPECT_OK(report.get());
  int sum = 0;
  for (const int size : sizes) sum += size;
  EXPECT_EQ(sum, kReports + limits::kReceiptCallsMax);
  EXPECT_LT(sizes.size(), static_cast<size_t>(kReports));
}

TEST(BatcherTest, ABadReceiptStandsAlone) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future();
  Batcher batcher([&](const v1::ReportDeliveryRequest& request) {
    released.wait();
    for (const auto& report : request.reports()) {
      if (report.reference() == "13") return absl::PermissionDeniedError("not ours");
    }
    return absl::OkStatus();
  });
  std::vector<std::future<absl::Status>> reports;
  for (int i = 0; i < 40; ++i) {
    reports.push_back(std::async(std::launch::async, [&, i] { return batcher.Report(Named(i)); }));
  }
  release.set_value();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(reports[static_cast<size_t>(i)].get().ok(), i != 13) << i;
}

TEST(BatcherTest, TellsEverybodyThatNothingCouldBeStored) {
  Batcher batcher([](const v1::ReportDeliveryRequest&) { return absl::UnavailableError("away"); });
  EXPECT_THAT(batcher.Report(Named(1)), testing::StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace campaigner::gateway::receipts
