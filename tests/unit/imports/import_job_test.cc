#include "server/imports/import_job.h"

#include <sys/wait.h>

#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "server/base/limits.h"
#include "server/imports/reading/xls_process.h"
#include "tests/unit/imports/import_fixture.h"

namespace campaigner::imports {
namespace {

using domain::CampaignState;
using domain::ImportCounts;
using domain::Operation;
using domain::OperationState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// More than two steps, and not a whole number of them.
constexpr int kManyRows = static_cast<int>(base::limits::kImportStepRows) * 5 / 2;

class ImportJobTest : public ImportFixture {
 protected:
  static Format Named() {
    Format format;
    format.fields = {{.name = "name", .column = 2}};
    return format;
  }

  void SetState(CampaignState state) {
    ASSERT_OK(store_->ChangeCampaign(0, campaign_id_, clock_.Now(), [&](auto& campaign) {
      campaign.state = state;
      return absl::OkStatus();
    }));
  }

  // Whatever of the campaign is ready.
  storage::Claimed ClaimAll() {
    std::promise<absl::StatusOr<storage::Claimed>> claimed;
    store_->ClaimMessages({{campaign_id_, routes_->routes().front().id, 100}}, "me",
                          clock_.Now() + absl::Minutes(1), clock_.Now(),
                          [&](auto result) { claimed.set_value(std::move(result)); });
    return claimed.get_future().get().value();
  }

  // It was not sent after all, and is ready again.
  void GiveBack(const storage::ClaimedMessage& message) {
    std::promise<absl::Status> done;
    storage::OutcomeRecord outcome;
    outcome.message_id = message.id;
    outcome.claim_id = message.claim_id;
    outcome.after.state = domain::MessageState::kAccepted;
    outcome.counts_as_attempt = false;
    outcome.was_attempted = false;
    store_->RecordOutcomes({outcome}, clock_.Now(),
                           [&](absl::Status status) { done.set_value(std::move(status)); });
    ASSERT_OK(done.get_future().get());
  }
};

TEST_F(ImportJobTest, RowsBecomeMessages) {
  Format format = Named();
  format.external_id_column = 3;
  const int64_t id = Import("+7 900 000-00-01;Ann;x-1\n8 (900) 000 00 02;Bob;x-2\n", format);
  const Operation done = Finish(id);
  EXPECT_EQ(done.state, OperationState::kDone);
  EXPECT_EQ(done.messages, 2);
  EXPECT_EQ(done.done_units, done.total_units);
  EXPECT_EQ(Counts(id), (ImportCounts{.rows = 2, .accepted = 2}));
  storage::MessageFilter filter{.account_id = account_id_, .campaign_id = campaign_id_};
  filter.with_details = true;
  const auto page = store_->ListMessages(filter, 0, 10);
  ASSERT_OK(page);
  ASSERT_THAT(page->messages, SizeIs(2));
  EXPECT_EQ(page->messages[1].recipient, "79000000001");
  EXPECT_EQ(page->messages[1].text, "Hi Ann");
  EXPECT_EQ(page->messages[1].external_id, "x-1");
  EXPECT_EQ(metrics_.imported_rows, 2);
}

TEST_F(ImportJobTest, EveryRowIsAccountedFor) {
  const int64_t id = Import("79000000001\n89000000001\n12\n\n380441234567\n79000000002\n");
  Finish(id);
  EXPECT_EQ(Counts(id), (ImportCounts{.rows = 5, .accepted = 2, .duplicates = 1, .invalid = 2}));
  const auto rejected = store_->ListRejectedRows(id, 0, 10);
  ASSERT_OK(rejected);
  ASSERT_THAT(*rejected, SizeIs(3));
  EXPECT_EQ(rejected->at(0).row, 2);
  EXPECT_EQ(rejected->at(0).reason, kDuplicateProblem);
  EXPECT_EQ(rejected->at(0).value, "89000000001");
  EXPECT_THAT(rejected->at(1).reason, HasSubstr("column 1: "));
  EXPECT_EQ(rejected->at(2).row, 5);
  EXPECT_THAT(rejected->at(2).reason, HasSubstr("is not carried by any route"));
}

TEST_F(ImportJobTest, WhatTheCampaignHasIsNotAddedAgain) {
  Finish(Import(Rows(0, 3)));
  const int64_t id = Import(Rows(1, 4));
  Finish(id);
  EXPECT_EQ(Counts(id), (ImportCounts{.rows = 4, .accepted = 2, .duplicates = 2}));
  EXPECT_THAT(Recipients(), SizeIs(5));
}

TEST_F(ImportJobTest, AReplacingImportCancelsWhatWaits) {
  Finish(Import(Rows(0, 3)));
  const int64_t id = Import(Rows(2, 2), {}, /*replaces=*/true);
  const Operation done = Finish(id);
  EXPECT_EQ(done.state, OperationState::kDone);
  EXPECT_EQ(done.messages, 5);
  EXPECT_THAT(Recipients(), UnorderedElementsAre("79000000002", "79000000003"));
}

TEST_F(ImportJobTest, ARowWithoutAValueIsRejectedWhereTheCampaignWantsIt) {
  campaign_id_ = MakeCampaign(
      [](domain::Campaign& campaign) { campaign.missing_values = domain::MissingValues::kReject; });
  const int64_t id = Import("79000000001;Ann\n79000000002;\n", Named());
  Finish(id);
  EXPECT_THAT(Recipients(), ElementsAre("79000000001"));
  EXPECT_THAT(store_->ListRejectedRows(id, 0, 10)->at(0).reason, HasSubstr("{name}"));
}

TEST_F(ImportJobTest, ARowWhoseTextCannotBeSentIsRejected) {
  campaign_id_ = MakeCampaign([](domain::Campaign& campaign) {
    campaign.template_text.clear();
    for (int i = 0; i < 11; ++i) campaign.template_text += "{name}";
  });
  const int64_t id = Import("79000000001;Ann\n79000000002;\n79000000003;" + std::string(1000, 'a') +
                                "\n79000000004;" + std::string(909, 'a') + "\n",
                            Named());
  Finish(id);
  EXPECT_THAT(Recipients(), UnorderedElementsAre("79000000001", "79000000004"));
  const auto rejected = store_->ListRejectedRows(id, 0, 10);
  ASSERT_OK(rejected);
  ASSERT_EQ(rejected->size(), 2U);
  EXPECT_THAT(rejected->at(0).reason, HasSubstr("nothing is left of the text"));
  EXPECT_THAT(rejected->at(1).reason, HasSubstr("the text has more than 10000 characters"));
}

TEST_F(ImportJobTest, ACampaignMayGetItsTemplateLater) {
  campaign_id_ = MakeCampaign([](domain::Campaign& campaign) { campaign.template_text.clear(); });
  Finish(Import("79000000001;Ann\n", Named()));
  EXPECT_THAT(Recipients(), ElementsAre("79000000001"));
}

TEST_F(ImportJobTest, SegmentsAndCostAreThoseOfThePresentTemplate) {
  campaign_id_ = MakeCampaign(
      [](domain::Campaign& campaign) { campaign.template_text = std::string(161, 'x'); });
  Finish(Import(Rows(0, 2)));
  const auto counters = store_->GetCampaignCounters(campaign_id_);
  ASSERT_OK(counters);
  for (const auto& counter : *counters) {
    EXPECT_EQ(counter.segments, 2 * counter.messages);
    EXPECT_EQ(counter.cost_micros, 5 * counter.segments);
  }
}

// Whatever was on its way to the disk at any moment is lost: nothing is lost of the file, nothing
// comes twice.
TEST_F(ImportJobTest, GoesOnAfterACrashAtAnyMoment) {
  const std::string text = Rows(0, kManyRows) + "12\n" + Rows(kManyRows - 10, 20);
  const ImportCounts expected{
      .rows = kManyRows + 21, .accepted = kManyRows + 10, .duplicates = 10, .invalid = 1};
  for (int turns = 0;; ++turns) {
    campaign_id_ = MakeCampaign({});
    const int64_t id = Import(text);
    for (int i = 0; i < turns; ++i) Turn();
    if (Get(id).state != OperationState::kRunning) break;
    store_->Drain();
    for (int i = 0; i < 3; ++i) runner_->RunOnce();
    Restart();
    EXPECT_EQ(Finish(id).state, OperationState::kDone);
    EXPECT_EQ(Counts(id), expected) << "after " << turns << " turns";
    const std::vector<std::string> recipients = Recipients();
    EXPECT_EQ(recipients.size(), static_cast<size_t>(kManyRows + 10));
    EXPECT_EQ(std::set<std::string>(recipients.begin(), recipients.end()).size(),
              recipients.size());
    EXPECT_THAT(*store_->ListRejectedRows(id, 0, 100), SizeIs(11));
  }
}

TEST_F(ImportJobTest, ACrashWhileReplacingCostsNothing) {
  Finish(Import(Rows(0, kManyRows)));
  const int64_t id = Import(Rows(10, kManyRows), {}, /*replaces=*/true);
  Turn();
  Turn();
  ASSERT_EQ(Get(id).checkpoint, kClearFirst) << "it was to be caught in the middle";
  Restart();
  EXPECT_EQ(Finish(id).state, OperationState::kDone);
  EXPECT_THAT(Recipients(), SizeIs(kManyRows));
  EXPECT_EQ(Counts(id).accepted, kManyRows);
}

TEST_F(ImportJobTest, ACancelledImportAddsNothingMore) {
  const int64_t id = Import(Rows(0, kManyRows));
  while (Get(id).steps == 0) Turn();
  ASSERT_OK(store_->CancelOperation(0, id, clock_.Now()));
  const size_t count = Recipients().size();
  EXPECT_GT(count, 0U);
  EXPECT_LT(count, static_cast<size_t>(kManyRows));
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_THAT(Recipients(), SizeIs(count));
  EXPECT_EQ(runner_->running(), 0);
}

TEST_F(ImportJobTest, ACancelledCampaignEndsItsImport) {
  const int64_t id = Import(Rows(0, kManyRows));
  while (Get(id).steps == 0) Turn();
  ASSERT_OK(store_->ChangeCampaign(0, campaign_id_, clock_.Now(), [](domain::Campaign& campaign) {
    campaign.state = CampaignState::kCancelled;
    return absl::OkStatus();
  }));
  const Operation failed = Finish(id);
  EXPECT_EQ(failed.state, OperationState::kFailed);
  EXPECT_THAT(failed.error, HasReason("CAMPAIGN_CLOSED"));
}

TEST_F(ImportJobTest, AFileThatIsNoTextFailsWithTheReason) {
  const int64_t id =
      Import(std::string("\x7f"
                         "ELF\0\0\0\1\2\3",
                         10));
  const Operation failed = Finish(id);
  EXPECT_EQ(failed.state, OperationState::kFailed);
  EXPECT_THAT(failed.error, HasReason("UPLOAD_UNREADABLE"));
}

TEST_F(ImportJobTest, AFileThatCannotBeReadReplacesNothing) {
  Finish(Import(Rows(0, 3)));
  const int64_t id = Import("%PDF-1.4", {}, /*replaces=*/true);
  EXPECT_EQ(Finish(id).state, OperationState::kFailed);
  EXPECT_THAT(Recipients(), SizeIs(3));
}

TEST_F(ImportJobTest, AReplacingImportWaitsForWhatIsBeingSent) {
  Finish(Import(Rows(0, 3)));
  SetState(CampaignState::kRunning);
  const storage::Claimed claimed = ClaimAll();
  ASSERT_THAT(claimed.messages, SizeIs(3));
  SetState(CampaignState::kPaused);
  const int64_t id = Import(Rows(10, 2), {}, /*replaces=*/true);
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_EQ(Get(id).checkpoint, kClearFirst);
  EXPECT_EQ(runner_->RunOnce(), clock_.Now() + absl::Milliseconds(200));
  for (const storage::ClaimedMessage& message : claimed.messages) GiveBack(message);
  clock_.Advance(absl::Milliseconds(200));
  EXPECT_EQ(Finish(id).state, OperationState::kDone);
  EXPECT_THAT(Recipients(), UnorderedElementsAre("79000000010", "79000000011"));
}

TEST_F(ImportJobTest, WhatIsNeverSentEndsAReplacingImportBeforeItsRows) {
  Finish(Import(Rows(0, 1)));
  SetState(CampaignState::kRunning);
  ASSERT_THAT(ClaimAll().messages, SizeIs(1));
  SetState(CampaignState::kPaused);
  const int64_t id = Import(Rows(10, 2), {}, /*replaces=*/true);
  for (int i = 0; i < 5; ++i) Turn();
  clock_.Advance(absl::Minutes(10));
  const Operation failed = Finish(id);
  EXPECT_THAT(failed.error, HasReason("REPLACE_INCOMPLETE"));
  EXPECT_EQ(Counts(id), ImportCounts());
}

// Else one turn would go through all of it, and neither others nor a cancel would get through.
TEST_F(ImportJobTest, EmptyRowsAreReadInTurnsAndCanBeCancelled) {
  const std::string file(5 * base::limits::kImportPassedOverBytesMax, '\n');
  const int64_t id = Import(file);
  for (int i = 0; i < 4; ++i) Turn();
  const Operation running = Get(id);
  EXPECT_EQ(running.state, OperationState::kRunning);
  EXPECT_GT(running.done_units, 0);
  EXPECT_LT(running.done_units, static_cast<int64_t>(file.size() / 2));
  ASSERT_OK(store_->CancelOperation(0, id, clock_.Now()));
  // The first may come before the notice of the cancel.
  for (int i = 0; i < 2; ++i) Turn();
  EXPECT_EQ(runner_->running(), 0);
  const std::string shorter = file.substr(0, base::limits::kImportPassedOverBytesMax + 1);
  const int64_t again = Import(shorter + "79000000001\n");
  EXPECT_EQ(Finish(again).state, OperationState::kDone);
  EXPECT_EQ(Counts(again), (ImportCounts{.rows = 1, .accepted = 1}));
}

TEST_F(ImportJobTest, AnXlsFileIsConvertedWhileOthersHaveTheirTurns) {
  const std::string people = CAMPAIGNER_SOURCE_DIR "/tests/unit/imports/data/people.xls";
  std::ostringstream content;
  content << std::ifstream(people, std::ios::binary).rdbuf();
  const auto size = static_cast<int64_t>(content.str().size());
  std::vector<std::unique_ptr<XlsConversion>> others;
  for (int i = 0; i < base::limits::kImportXlsAtOnce; ++i) {
    ASSERT_OK_AND_ASSIGN(others.emplace_back(), XlsConversion::Begin(people, size, 1));
  }
  EXPECT_THAT(XlsConversion::Begin(people, size, 1), HasReason("OVERLOADED"));
  const int64_t id = Import(content.str());
  // What it meets is forgotten with the next notice: that of its making has to be through.
  ASSERT_OK(store_->InternRoute("after the notice"));
  Turn();
  EXPECT_THAT(runner_->PassingError(id), HasReason("OVERLOADED"));
  others.clear();
  clock_.Advance(absl::Seconds(1));
  Turn();
  EXPECT_EQ(Get(id).steps, 0);
  // The process is left for the job to find.
  siginfo_t ended = {};
  ASSERT_EQ(waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Finish(id).state, OperationState::kDone);
  EXPECT_GT(Counts(id).rows, 0);
}

TEST_F(ImportJobTest, AnEmptyFileIsDoneAtOnce) {
  const int64_t id = Import("");
  EXPECT_EQ(Finish(id).state, OperationState::kDone);
  EXPECT_EQ(Counts(id), ImportCounts());
}

TEST_F(ImportJobTest, ASmallImportIsNotHeldUpByALargeOne) {
  const int64_t large = Import(Rows(0, 10 * kManyRows));
  campaign_id_ = MakeCampaign({});
  const int64_t small = Import(Rows(0, 10));
  EXPECT_EQ(Finish(small).state, OperationState::kDone);
  EXPECT_EQ(Get(large).state, OperationState::kRunning);
}

TEST(AddressSetTest, KnowsWhatItWasGiven) {
  AddressSet set;
  for (const char* address : {"79000000001", "79000000002", "1", "a@example.com", "007", "7900000",
                              "123456789012345678901", ""}) {
    EXPECT_TRUE(set.Insert(address)) << address;
    EXPECT_FALSE(set.Insert(address)) << address;
  }
  EXPECT_TRUE(set.Insert("7"));
  EXPECT_TRUE(set.Insert("07"));
}

}  // namespace
}  // namespace campaigner::imports
