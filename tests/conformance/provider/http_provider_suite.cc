#include "tests/conformance/provider/http_provider_suite.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <sstream>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/providers/escape.h"
#include "tests/support/status_matchers.h"
#include "tests/support/threads.h"

namespace campaigner::providers {
namespace {

using domain::AttemptOutcome;
using testing::HttpAnswer;
using testing::RefusingPort;
using testing::ScriptedAnswer;
using testing::ScriptedRequest;
using Then = ScriptedAnswer::Then;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Duration kShort = absl::Milliseconds(200);

Submission Message() {
  return {.message_id = 42,
          .attempt_number = 1,
          .recipient = "79201234567",
          .sender = "Shop",
          .text = "Hello & \"goodbye\" \xD0\xBF\xD1\x80\xD0\xB8\n",
          .reference = "16-0123456789abcdef",
          .receipt_url = "http://127.0.0.1:8080/receipts/16-0123456789abcdef",
          .validity = absl::Hours(1)};
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(tolower(c));
  return text;
}

// Every way in which the secret could have got out.
std::vector<std::string> SecretForms() {
  const std::string encoded = PercentEncode(kConformanceSecret);
  std::string with_plus = encoded;
  for (size_t at; (at = with_plus.find("%20")) != std::string::npos;) with_plus.replace(at, 3, "+");
  return {kConformanceSecret,
          encoded,
          Lower(encoded),
          with_plus,
          JsonEscape(kConformanceSecret),
          XmlEscape(kConformanceSecret)};
}

void ExpectNoSecret(const std::string& text) {
  for (const std::string& form : SecretForms()) EXPECT_THAT(text, Not(HasSubstr(form)));
}

}  // namespace

HttpProviderSuite::HttpProviderSuite()
    : server_([](const ScriptedRequest&) { return HttpAnswer(500); }) {
  net::HttpClientOptions options;
  auto log = net::ExchangeLog::Open({.path = dir_.File("exchanges.log")});
  EXPECT_OK(log);
  options.exchange_log = *std::move(log);
  http_ = net::MakeHttpClient(std::move(options));
}

SubmitOutcome HttpProviderSuite::Submit(ScriptedAnswer answer, absl::Duration timeout) {
  server_.SetHandler([answer = std::move(answer)](const ScriptedRequest&) { return answer; });
  return SubmitTo(server_.Url("/send"), timeout);
}

SubmitOutcome HttpProviderSuite::SubmitTo(const std::string& url, absl::Duration timeout) {
  const std::unique_ptr<Provider> provider = GetParam().make(url, timeout, *http_);
  // A second call would throw.
  auto promise = std::make_shared<std::promise<std::vector<SubmitOutcome>>>();
  provider->Submit({Message()}, [promise](std::vector<SubmitOutcome> outcomes) {
    promise->set_value(std::move(outcomes));
  });
  const std::vector<SubmitOutcome> outcomes = promise->get_future().get();
  EXPECT_EQ(outcomes.size(), 1u);
  const SubmitOutcome& outcome = outcomes.at(0);
  EXPECT_LE(outcome.detail.size(), base::limits::kProviderDetailBytesMax);
  EXPECT_EQ(base::Printable(outcome.detail, outcome.detail.size()), outcome.detail);
  EXPECT_NE(outcome.detail, "");
  ExpectNoSecret(outcome.detail);
  ExpectNoSecret(outcome.provider_message_id);
  ExpectNoSecret(ExchangeLines());
  return outcome;
}

std::string HttpProviderSuite::ExchangeLines() const {
  std::ostringstream lines;
  lines << std::ifstream(dir_.File("exchanges.log")).rdbuf();
  return lines.str();
}

TEST_P(HttpProviderSuite, Accepted) {
  const SubmitOutcome outcome =
      Submit(HttpAnswer(GetParam().accepted_status, GetParam().accepted_body));
  EXPECT_EQ(outcome.outcome, AttemptOutcome::kAccepted);
  ASSERT_EQ(server_.requests().size(), 1u);
  EXPECT_THAT(ExchangeLines(), HasSubstr("failure=NONE"));
}

TEST_P(HttpProviderSuite, RefusedPassesBy) {
  const RefusingPort nobody;
  EXPECT_EQ(SubmitTo(nobody.Url()).outcome, AttemptOutcome::kPassingFailure);
}

TEST_P(HttpProviderSuite, NoAnswerIsUnknown) {
  EXPECT_EQ(Submit({"", Then::kHang}, kShort).outcome, AttemptOutcome::kUnknown);
  EXPECT_EQ(Submit({"", Then::kReset}).outcome, AttemptOutcome::kUnknown);
  EXPECT_EQ(Submit({"", Then::kClose}).outcome, AttemptOutcome::kUnknown);
  EXPECT_EQ(server_.requests().size(), 3u) << "sent again unasked";
}

TEST_P(HttpProviderSuite, SlowDripIsCutAtTheTimeout) {
  ScriptedAnswer slow = HttpAnswer(200, std::string(60'000, 'x'));
  slow.is_dripped = true;
  EXPECT_EQ(Submit(slow, kShort).outcome, AttemptOutcome::kUnknown);
}

TEST_P(HttpProviderSuite, ThrottledSaysWhenToComeBack) {
  const SubmitOutcome outcome = Submit(HttpAnswer(429, "slow down", {{"Retry-After", "7"}}));
  EXPECT_EQ(outcome.outcome, AttemptOutcome::kThrottled);
  EXPECT_EQ(outcome.retry_after, absl::Seconds(7));
  EXPECT_EQ(Submit(HttpAnswer(429)).outcome, AttemptOutcome::kThrottled);
}

TEST_P(HttpProviderSuite, ServerErrorsPassBy) {
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_EQ(Submit(HttpAnswer(status, "oops")).outcome, AttemptOutcome::kPassingFailure)
        << status;
  }
}

TEST_P(HttpProviderSuite, RefusalIsForGood) {
  for (const int status : {400, 422}) {
    EXPECT_EQ(Submit(HttpAnswer(status, "no")).outcome, AttemptOutcome::kRejected) << status;
  }
}

TEST_P(HttpProviderSuite, WrongAddressOrCredentialsAreTheOperatorsToMend) {
  for (const int status : {401, 403, 404, 405}) {
    EXPECT_EQ(Submit(HttpAnswer(status, "no")).outcome, AttemptOutcome::kMisconfigured) << status;
  }
}

TEST_P(HttpProviderSuite, RedirectsAreNotFollowed) {
  for (const int status : {301, 302, 307, 308}) {
    EXPECT_EQ(Submit(HttpAnswer(status, "", {{"Location", server_.Url("/elsewhere")}})).outcome,
              AttemptOutcome::kMisconfigured);
  }
  EXPECT_EQ(server_.requests().size(), 4u);
  for (const ScriptedRequest& request : server_.requests()) {
    EXPECT_TRUE(request.target.starts_with("/send")) << request.target;
  }
}

TEST_P(HttpProviderSuite, WhatIsNotHttpIsUnknown) {
  EXPECT_EQ(Submit({"\x15\x03\x01 nonsense \xFF\r\n\r\n", Then::kClose}).outcome,
            AttemptOutcome::kUnknown);
  EXPECT_EQ(Submit({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut", Then::kClose}).outcome,
            AttemptOutcome::kUnknown);
}

TEST_P(HttpProviderSuite, EmptyAndNonsensicalSuccess) {
  EXPECT_EQ(Submit(HttpAnswer(200)).outcome, GetParam().on_empty);
  EXPECT_EQ(Submit(HttpAnswer(200, "<html>{\"[ \t")).outcome, GetParam().on_nonsense);
}

TEST_P(HttpProviderSuite, HugeAnswersGoByTheirStatus) {
  const std::string huge(base::limits::kResponseBodyBytesMax * 4, 'x');
  EXPECT_EQ(Submit(HttpAnswer(200, huge)).outcome, AttemptOutcome::kUnknown);
  EXPECT_EQ(Submit(HttpAnswer(500, huge)).outcome, AttemptOutcome::kPassingFailure);
  const std::string long_value(base::limits::kResponseHeaderBytesMax, 'x');
  EXPECT_EQ(Submit(HttpAnswer(200, "", {{"X-Long", long_value}})).outcome,
            AttemptOutcome::kUnknown);
}

TEST_P(HttpProviderSuite, InvalidUtf8DoesNotGetOn) {
  // Submit checks the detail.
  EXPECT_EQ(Submit(HttpAnswer(503, "bad \xFF\xC0\x80 \xED\xA0\x80 bytes\x01\x7F")).outcome,
            AttemptOutcome::kPassingFailure);
  EXPECT_EQ(
      Submit(HttpAnswer(GetParam().accepted_status, GetParam().accepted_body + "\xFF")).outcome,
      AttemptOutcome::kAccepted);
}

TEST_P(HttpProviderSuite, SecretsThatAreEchoedStayHidden) {
  for (const std::string& form : SecretForms()) {
    const SubmitOutcome outcome = Submit(HttpAnswer(400, "bad key " + form));
    EXPECT_THAT(outcome.detail, HasSubstr("bad key ***"));
  }
  server_.SetHandler([](const ScriptedRequest& request) {
    std::string echo = request.target + "\n" + request.body;
    for (const auto& [name, value] : request.headers) echo += "\n" + value;
    return HttpAnswer(500, echo);
  });
  EXPECT_EQ(SubmitTo(server_.Url("/send")).outcome, AttemptOutcome::kPassingFailure);
}

TEST_P(HttpProviderSuite, NothingGoesOutOfAStoppedClient) {
  http_->Stop();
  EXPECT_EQ(SubmitTo(server_.Url()).outcome, AttemptOutcome::kPassingFailure);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_P(HttpProviderSuite, StopBreaksOffWhatIsUnderWayAsUnknown) {
  server_.SetHandler([](const ScriptedRequest&) { return ScriptedAnswer{"", Then::kHang}; });
  std::unique_ptr<Provider> provider =
      GetParam().make(server_.Url("/send"), absl::Seconds(60), *http_);
  std::promise<AttemptOutcome> promise;
  provider->Submit({Message()}, [&](const std::vector<SubmitOutcome>& outcomes) {
    promise.set_value(outcomes.at(0).outcome);
  });
  ASSERT_TRUE(server_.WaitForRequests(1));
  provider->Stop();
  provider.reset();  // The answer to come does not need it.
  http_->Stop();
  EXPECT_EQ(promise.get_future().get(), AttemptOutcome::kUnknown);
}

TEST_P(HttpProviderSuite, ManyThreadsSubmitAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 50;
  server_.SetHandler([](const ScriptedRequest&) {
    return HttpAnswer(GetParam().accepted_status, GetParam().accepted_body);
  });
  const auto provider = GetParam().make(server_.Url("/send"), absl::Seconds(15), *http_);
  std::atomic<int> accepted = 0;
  std::latch answered(kThreads * kMessages);
  testing::InThreads(kThreads, [&](int) {
    for (int i = 0; i < kMessages; ++i) {
      provider->Submit({Message()}, [&](const std::vector<SubmitOutcome>& outcomes) {
        accepted += outcomes.at(0).outcome == AttemptOutcome::kAccepted;
        answered.count_down();
      });
    }
  });
  answered.wait();
  EXPECT_EQ(accepted, kThreads * kMessages);
  EXPECT_EQ(server_.requests().size(), size_t{kThreads * kMessages});
}

}  // namespace campaigner::providers
