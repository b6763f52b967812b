#include "server/providers/kannel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/scripted_server.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/providers/submit_and_wait.h"

namespace campaigner::providers {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;
using ::campaigner::testing::StatusIs;
using domain::AttemptOutcome;
using domain::StateReason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string PercentDecoded(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

std::map<std::string, std::string> QueryOf(const std::string& target) {
  std::map<std::string, std::string> query;
  std::string_view rest = std::string_view(target).substr(target.find('?') + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    query[std::string(pair.substr(0, equals))] = PercentDecoded(pair.substr(equals + 1));
  }
  return query;
}

class KannelTest : public ::testing::Test {
 protected:
  std::unique_ptr<Provider> Make(std::string default_sender = "", std::string smsc = "",
                                 bool confirm_submission = false) {
    auto made = MakeKannelProvider("sms",
                                   {.url = server_.Url("/cgi-bin/sendsms"),
                                    .username = "tester",
                                    .password = "s3cret &pass",
                                    .default_sender = std::move(default_sender),
                                    .smsc = std::move(smsc),
                                    .confirm_submission = confirm_submission},
                                   *http_);
    EXPECT_OK(made);
    return *std::move(made);
  }
  // What Kannel was asked for `submission`.
  std::map<std::string, std::string> Asked(Provider& provider, Submission submission) {
    EXPECT_EQ(SubmitAndWait(provider, std::move(submission)).outcome, AttemptOutcome::kAccepted);
    return QueryOf(server_.requests().back().target);
  }

  ScriptedServer server_{
      [](const ScriptedRequest&) { return HttpAnswer(202, "0: Accepted for delivery"); }};
  std::unique_ptr<net::HttpClient> http_ = net::MakeHttpClient({});
};

TEST_F(KannelTest, AsksAsTheUserGuideSays) {
  const auto provider = Make("Default", "FAKE");
  const auto query = Asked(*provider, AnySubmission());
  const ScriptedRequest request = server_.requests().back();
  EXPECT_EQ(request.method, "GET");
  EXPECT_TRUE(request.target.starts_with("/cgi-bin/sendsms?"));
  EXPECT_THAT(request.body, IsEmpty());
  EXPECT_EQ(query, (std::map<std::string, std::string>{
                       {"username", "tester"},
                       {"password", "s3cret &pass"},
                       {"from", "Shop"},
                       {"to", "+79201234567"},
                       {"text", "Hello"},
                       {"coding", "0"},
                       {"charset", "UTF-8"},
                       {"validity", "60"},
                       {"smsc", "FAKE"},
                       {"dlr-mask", "19"},
                       {"dlr-url",
                        "http://127.0.0.1:8080/receipts/kannel?reference=16-0123456789abcdef"
                        "&type=%d&time=%t&answer=%A&id=%F"},
                   }));
}

TEST_F(KannelTest, ConfirmsSubmissionsWhereAsked) {
  const auto provider = Make("", "", true);
  EXPECT_EQ(Asked(*provider, AnySubmission())["dlr-mask"], "27");
  // Kannel knows nothing of our reference: what may have gone out waits for its receipt.
  EXPECT_EQ(provider->capabilities().unknown_wait, absl::Seconds(30));
  EXPECT_FALSE(provider->capabilities().deduplicates);
}

TEST_F(KannelTest, ChoosesTheCoding) {
  const auto provider = Make();
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"Hello @ \xE2\x82\xAC [ok] & + % \xC3\xA9", "0"},
      {"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82", "2"},
      {"smile \xF0\x9F\x98\x80", "2"},
      {"", "0"},
  };
  for (const auto& [text, coding] : cases) {
    Submission submission = AnySubmission();
    submission.text = text;
    auto query = Asked(*provider, submission);
    EXPECT_EQ(query["coding"], coding) << text;
    EXPECT_EQ(query["text"], text);
    EXPECT_EQ(query["charset"], "UTF-8");
  }
}

TEST_F(KannelTest, FallsBackToTheDefaultSender) {
  Submission submission = AnySubmission();
  submission.sender = "";
  EXPECT_EQ(Asked(*Make("Default"), submission)["from"], "Default");
  EXPECT_EQ(Asked(*Make(), submission).count("from"), 0u);
  EXPECT_EQ(Asked(*Make(), submission).count("smsc"), 0u);
}

TEST_F(KannelTest, RoundsValidityUpToMinutes) {
  const auto provider = Make();
  const std::vector<std::pair<absl::Duration, const char*>> cases = {
      {absl::Seconds(-5), "1"}, {absl::ZeroDuration(), "1"}, {absl::Seconds(60), "1"},
      {absl::Seconds(61), "2"}, {absl::Hours(72), "4320"},   {absl::Hours(24 * 1000), "635040"},
  };
  for (const auto& [validity, minutes] : cases) {
    Submission submission = AnySubmission();
    submission.validity = validity;
    EXPECT_EQ(Asked(*provider, submission)["validity"], minutes);
  }
  Submission submission = AnySubmission();
  submission.validity = absl::InfiniteDuration();
  EXPECT_EQ(Asked(*provider, submission).count("validity"), 0u);
}

TEST_F(KannelTest, DoublesPercentSignsOfTheReceiptAddress) {
  const auto provider = Make();
  Submission submission = AnySubmission();
  submission.receipt_url = "http://h/r%2F";
  EXPECT_EQ(Asked(*provider, submission)["dlr-url"],
            "http://h/r%%2F?type=%d&time=%t&answer=%A&id=%F");
}

TEST_F(KannelTest, UnderstandsItsAnswers) {
  struct Case {
    int status;
    const char* body;
    AttemptOutcome outcome;
    StateReason rejection = StateReason::kFailed;
  };
  const std::vector<Case> cases = {
      {202, "0: Accepted for delivery", AttemptOutcome::kAccepted},
      {202, "3: Queued for later delivery", AttemptOutcome::kAccepted},
      {202, "", AttemptOutcome::kUnknown},
      {200, "<html>welcome</html>", AttemptOutcome::kUnknown},
      {403, "Not routable. Do not try again.", AttemptOutcome::kRejected, StateReason::kNoRoute},
      {403, "Authorization failed for sendsms", AttemptOutcome::kMisconfigured},
      {400, "Missing receiver number, rejected", AttemptOutcome::kRejected,
       StateReason::kWrongRecipient},
      {400, "Empty receiver number not allowed, rejected", AttemptOutcome::kRejected,
       StateReason::kWrongRecipient},
      {400, "Number(s) has/have been denied by white- and/or black-lists.",
       AttemptOutcome::kRejected, StateReason::kForbidden},
      {400, "Coding field misformed, rejected", AttemptOutcome::kRejected, StateReason::kFailed},
      {400, "Sender missing and no global set, rejected", AttemptOutcome::kMisconfigured},
      {503, "Temporal failure, try again later.", AttemptOutcome::kPassingFailure},
      {500, "Sending failed.", AttemptOutcome::kPassingFailure},
  };
  const auto provider = Make();
  for (const Case& c : cases) {
    server_.SetHandler([&](const ScriptedRequest&) { return HttpAnswer(c.status, c.body); });
    const SubmitOutcome outcome = SubmitAndWait(*provider, AnySubmission());
    EXPECT_EQ(outcome.outcome, c.outcome) << c.status << " " << c.body;
    EXPECT_EQ(outcome.rejection, c.rejection) << c.body;
    EXPECT_EQ(outcome.provider_message_id, "");
    EXPECT_THAT(outcome.detail, HasSubstr(c.body));
  }
}

TEST_F(KannelTest, NamesTheFieldThatIsWrong) {
  const std::vector<std::pair<KannelOptions, const char*>> cases = {
      {{.url = "", .username = "u", .password = "p"}, "providers[sms].kannel.url"},
      {{.url = "ftp://h/", .username = "u", .password = "p"}, "providers[sms].kannel.url"},
      {{.url = "http://h/?a=b", .username = "u", .password = "p"}, "providers[sms].kannel.url"},
      {{.username = "", .password = "p"}, "providers[sms].kannel.username"},
      {{.username = "u", .password = ""}, "providers[sms].kannel.password"},
      {{.username = "u", .password = "p", .timeout = absl::ZeroDuration()},
       "providers[sms].kannel.timeout"},
  };
  for (const auto& [options, field] : cases) {
    EXPECT_THAT(MakeKannelProvider("sms", options, *http_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  }
}

}  // namespace
}  // namespace campaigner::providers
