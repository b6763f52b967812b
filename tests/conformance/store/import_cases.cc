#include <set>

#include "server/base/status_macros.h"
#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::ImportCounts;
using domain::MessageState;
using domain::Operation;
using domain::OperationState;
using domain::StateReason;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::SizeIs;

// An import of a campaign, with its steps as blocking calls.
class Importer {
 public:
  Importer(Store& store, const Campaign& campaign, int64_t route_id)
      : store_(store), campaign_(campaign), route_id_(route_id) {
    upload_id_ = *store.BeginUpload(campaign.account_id, "list.csv", kNow);
    EXPECT_OK(store.FinishUpload({.id = upload_id_, .account_id = campaign.account_id}, kNow));
  }

  NewImport New(bool replaces = false) const {
    return {.operation = {.account_id = campaign_.account_id,
                          .campaign_id = campaign_.id,
                          .request = "format",
                          .checkpoint = "clear",
                          .total_units = 100},
            .upload_id = upload_id_,
            .replaces = replaces};
  }

  absl::Status Begin(bool replaces = false) {
    ASSIGN_OR_RETURN(operation, store_.CreateImport(New(replaces), kNow));
    return absl::OkStatus();
  }

  // Rows with these recipients, and one that is rejected at `bad_row`, unless it is 0.
  ImportStep Step(int64_t number, const std::vector<std::string>& recipients,
                  int64_t bad_row = 0) const {
    ImportStep step;
    step.step = {.operation_id = operation.id,
                 .number = number,
                 .checkpoint = "at " + std::to_string(number + 1),
                 .done_units = 10 * (number + 1),
                 .total_units = 100,
                 .messages = static_cast<int64_t>(recipients.size())};
    step.campaign_id = campaign_.id;
    for (const std::string& recipient : recipients) {
      step.rows.push_back({.route_id = route_id_,
                           .recipient = recipient,
                           .external_id = "e" + recipient,
                           .fields = {{"name", "\"Ann\""}},
                           .segments = 2,
                           .cost_micros = 70});
    }
    if (bad_row != 0) step.rejected.push_back({bad_row, "is bad", "value"});
    step.counts.accepted = static_cast<int64_t>(recipients.size());
    step.counts.invalid = bad_row != 0 ? 1 : 0;
    step.counts.rows = step.counts.accepted + step.counts.invalid;
    return step;
  }

  absl::Status Add(ImportStep step, absl::Time now = kNow) {
    std::promise<absl::Status> promise;
    store_.AddImportStep(std::make_shared<const ImportStep>(std::move(step)), now,
                         [&](absl::Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }

  int64_t upload_id() const { return upload_id_; }

  Operation operation;

 private:
  Store& store_;
  const Campaign campaign_;
  const int64_t route_id_;
  int64_t upload_id_ = 0;
};

std::vector<std::string> Recipients(Store& store, int64_t campaign_id, int32_t rows_max) {
  std::vector<std::string> recipients;
  int64_t next = INT64_MAX;
  while (next != 0) {
    const auto after = store.ScanRecipients(
        campaign_id, next, rows_max, [&](std::string_view one) { recipients.emplace_back(one); });
    EXPECT_OK(after);
    if (!after.ok()) break;
    next = *after;
  }
  return recipients;
}

TEST_P(StoreTest, AnImportedRowIsAMessageThatIsReady) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  Importer importer(*store_, campaign, route_id);
  ASSERT_OK(importer.Begin());
  ASSERT_OK(importer.Add(importer.Step(0, {"79001", "79002"}, 3)));
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 2);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_THAT(claimed.messages, SizeIs(2));
  const ClaimedMessage& message = claimed.messages[0];
  EXPECT_EQ(message.recipient, "79001");
  EXPECT_EQ(message.template_version, 0);
  EXPECT_EQ(message.text, std::nullopt);
  EXPECT_EQ(message.fields.at("name"), "\"Ann\"");
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, AnImportedMessageHasTheTemplateOfTheMoment) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& made) { made.template_text = "old {name}"; });
  Importer importer(*store_, campaign, MakeRoute());
  ASSERT_OK(importer.Begin());
  ASSERT_OK(importer.Add(importer.Step(0, {"79001"})));
  MessageFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id};
  filter.with_details = true;
  EXPECT_EQ(store_->ListMessages(filter, 0, 1)->messages.at(0).text, "old \"Ann\"");
  ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, [](Campaign& changed) {
    changed.template_text = "new {name}";
    return absl::OkStatus();
  }));
  EXPECT_EQ(store_->ListMessages(filter, 0, 1)->messages.at(0).text, "new \"Ann\"");
  Reopen();
  EXPECT_EQ(store_->ListMessages(filter, 0, 1)->messages.at(0).text, "new \"Ann\"");
}

TEST_P(StoreTest, AStepOfAnImportIsWholeOrNothing) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  Importer importer(*store_, campaign, MakeRoute());
  ASSERT_OK(importer.Begin());
  ASSERT_OK(importer.Add(importer.Step(0, {"79001"}, 2)));
  EXPECT_THAT(importer.Add(importer.Step(0, {"79001"}, 2)), HasReason("OPERATION_STEP"));
  EXPECT_THAT(importer.Add(importer.Step(2, {"79003"}, 5)), HasReason("OPERATION_STEP"));
  ImportStep last = importer.Step(1, {"79002"}, 4);
  last.step.is_last = true;
  ASSERT_OK(importer.Add(last, kNow + absl::Seconds(1)));
  Reopen();
  EXPECT_THAT(Recipients(*store_, campaign.id, 100), ElementsAre("79002", "79001"));
  const auto details = store_->GetImport(importer.operation.id);
  ASSERT_OK(details);
  EXPECT_EQ(details->counts, (ImportCounts{.rows = 4, .accepted = 2, .invalid = 2}));
  EXPECT_EQ(details->file_name, "list.csv");
  const auto operation = store_->GetOperation(0, importer.operation.id);
  ASSERT_OK(operation);
  EXPECT_EQ(operation->state, OperationState::kDone);
  EXPECT_EQ(operation->checkpoint, "at 2");
  EXPECT_EQ(operation->messages, 2);
  const auto rejected = store_->ListRejectedRows(importer.operation.id, 0, 10);
  ASSERT_OK(rejected);
  ASSERT_THAT(*rejected, SizeIs(2));
  EXPECT_EQ(rejected->at(0).row, 2);
  EXPECT_EQ(rejected->at(1).row, 4);
  EXPECT_EQ(rejected->at(1).reason, "is bad");
  EXPECT_EQ(rejected->at(1).value, "value");
  EXPECT_THAT(*store_->ListRejectedRows(importer.operation.id, 2, 10), SizeIs(1));
  EXPECT_EQ(store_->GetUpload(0, importer.upload_id())->use_time, kNow + absl::Seconds(1));
}

TEST_P(StoreTest, AnImportEndsWithItsCampaign) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  Importer importer(*store_, campaign, MakeRoute());
  ASSERT_OK(importer.Begin());
  ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, [](Campaign& changed) {
    changed.state = CampaignState::kCancelled;
    return absl::OkStatus();
  }));
  EXPECT_THAT(importer.Add(importer.Step(0, {"79001"})), HasReason("CAMPAIGN_CLOSED"));
  ASSERT_OK(store_->DeleteCampaign(0, campaign.id));
  EXPECT_THAT(importer.Add(importer.Step(0, {"79001"})), HasReason("CAMPAIGN_NOT_FOUND"));
}

absl::Status SetState(Store& store, int64_t campaign_id, CampaignState state) {
  return store
      .ChangeCampaign(0, campaign_id, kNow,
                      [&](Campaign& campaign) {
                        campaign.state = state;
                        return absl::OkStatus();
                      })
      .status();
}

TEST_P(StoreTest, AnImportIsRefusedWhereItCannotBegin) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  Importer importer(*store_, campaign, MakeRoute());
  NewImport import = importer.New();
  import.upload_id = 999;
  EXPECT_THAT(store_->CreateImport(import, kNow), HasReason("UPLOAD_NOT_FOUND"));
  import = importer.New();
  import.operation.account_id = MakeAccount("other").id;
  EXPECT_THAT(store_->CreateImport(import, kNow), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(importer.Begin(/*replaces=*/true), HasReason("CAMPAIGN_RUNNING"));
  ASSERT_OK(importer.Begin());
  EXPECT_THAT(importer.Begin(), HasReason("IMPORT_RUNNING"));
  EXPECT_THAT(store_->DeleteUpload(0, importer.upload_id()), HasReason("UPLOAD_IN_USE"));
  EXPECT_THAT(*store_->ListUnusedUploads(kNow + absl::Hours(99), 10), SizeIs(0));
  ASSERT_OK(store_->CancelOperation(0, importer.operation.id, kNow));
  EXPECT_THAT(importer.Add(importer.Step(0, {"79001"})), HasReason("OPERATION_ENDED"));
  EXPECT_OK(importer.Begin());
}

TEST_P(StoreTest, WhatWaitsIsReplacedInSteps) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& made) { made.state = CampaignState::kPaused; });
  const int64_t route_id = MakeRoute();
  AcceptSome(campaign, route_id, 5);
  Importer importer(*store_, campaign, route_id);
  ASSERT_OK(importer.Begin(/*replaces=*/true));
  OperationStep step = importer.Step(0, {}).step;
  auto result = store_->CancelReplaced(step, 3, kNow);
  ASSERT_OK(result);
  EXPECT_EQ(result->cancelled, 3);
  EXPECT_TRUE(result->more);
  EXPECT_TRUE(store_->GetImport(importer.operation.id)->is_clearing);
  EXPECT_EQ(store_->GetOperation(0, importer.operation.id)->checkpoint, "clear");
  EXPECT_THAT(store_->CancelReplaced(step, 3, kNow), HasReason("OPERATION_STEP"));
  step.number = 1;
  result = store_->CancelReplaced(step, 3, kNow);
  ASSERT_OK(result);
  EXPECT_EQ(result->cancelled, 2);
  EXPECT_FALSE(result->more);
  const auto operation = store_->GetOperation(0, importer.operation.id);
  EXPECT_EQ(operation->checkpoint, step.checkpoint);
  EXPECT_EQ(operation->messages, 5);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kCancelled), 5);
  MessageFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id};
  EXPECT_EQ(store_->ListMessages(filter, 0, 1)->messages.at(0).reason, StateReason::kReplaced);
  // They do not stand in the way of the same recipients.
  EXPECT_THAT(Recipients(*store_, campaign.id, 100), SizeIs(0));
}

// They were claimed before the campaign was paused, and come back after the rest was cancelled.
TEST_P(StoreTest, WhatIsBeingSentIsReplacedWhenItComesBack) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  AcceptSome(campaign, route_id, 15);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_OK(SetState(*store_, campaign.id, CampaignState::kPaused));
  Importer importer(*store_, campaign, route_id);
  ASSERT_OK(importer.Begin(/*replaces=*/true));
  OperationStep step = importer.Step(0, {}).step;
  auto result = store_->CancelReplaced(step, 100, kNow);
  ASSERT_OK(result);
  EXPECT_EQ(result->cancelled, 5);
  EXPECT_EQ(result->sending, 10);
  EXPECT_EQ(store_->GetOperation(0, importer.operation.id)->checkpoint, "clear");
  for (const ClaimedMessage& message : claimed.messages) {
    ASSERT_OK(Record({RetryOutcome(message, kNow)}));
  }
  step.number = 1;
  result = store_->CancelReplaced(step, 100, kNow);
  ASSERT_OK(result);
  EXPECT_EQ(result->cancelled, 10);
  EXPECT_EQ(result->sending, 0);
  EXPECT_EQ(store_->GetOperation(0, importer.operation.id)->checkpoint, step.checkpoint);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 0);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, ACampaignDoesNotRunWhileItsListIsReplaced) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& made) { made.state = CampaignState::kPaused; });
  const int64_t route_id = MakeRoute();
  AcceptSome(campaign, route_id, 3);
  Importer importer(*store_, campaign, route_id);
  ASSERT_OK(importer.Begin(/*replaces=*/true));
  EXPECT_THAT(SetState(*store_, campaign.id, CampaignState::kRunning),
              HasReason("CAMPAIGN_CLEARING"));
  ASSERT_OK(store_->CancelReplaced(importer.Step(0, {}).step, 2, kNow));
  EXPECT_THAT(SetState(*store_, campaign.id, CampaignState::kRunning),
              HasReason("CAMPAIGN_CLEARING"));
  ASSERT_OK(store_->CancelReplaced(importer.Step(1, {}).step, 2, kNow));
  EXPECT_OK(SetState(*store_, campaign.id, CampaignState::kRunning));
  ASSERT_OK(SetState(*store_, campaign.id, CampaignState::kPaused));
  // One that is cancelled stands in nobody's way.
  ASSERT_OK(store_->CancelOperation(0, importer.operation.id, kNow));
  ASSERT_OK(importer.Begin(/*replaces=*/true));
  ASSERT_OK(store_->CancelOperation(0, importer.operation.id, kNow));
  EXPECT_OK(SetState(*store_, campaign.id, CampaignState::kRunning));
}

TEST_P(StoreTest, ImportedMessagesCostAndAreFoundByTheirAddress) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  Importer importer(*store_, campaign, MakeRoute());
  ASSERT_OK(importer.Begin());
  ASSERT_OK(importer.Add(importer.Step(0, {"79001", "79002"})));
  const auto counters = store_->GetCampaignCounters(campaign.id);
  ASSERT_OK(counters);
  ASSERT_THAT(*counters, SizeIs(1));
  EXPECT_EQ(counters->at(0).segments, 4);
  EXPECT_EQ(counters->at(0).cost_micros, 140);
  EXPECT_EQ(store_->EraseRecipient(campaign.account_id, "79002", kNow, 10)->erased, 1);
  EXPECT_THAT(Recipients(*store_, campaign.id, 100), ElementsAre("", "79001"));
}

TEST_P(StoreTest, ACampaignIsNotSentWhileAnImportRuns) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& made) { made.finish_when_sent = true; });
  const int64_t route_id = MakeRoute();
  Importer importer(*store_, campaign, route_id);
  ASSERT_OK(importer.Begin());
  ASSERT_OK(importer.Add(importer.Step(0, {"79001"})));
  ASSERT_OK(Record({SentOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0))}));
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, kNow));
  ImportStep last = importer.Step(1, {});
  last.step.is_last = true;
  ASSERT_OK(importer.Add(last));
  EXPECT_TRUE(*store_->FinishIfSent(campaign.id, kNow));
}

TEST_P(StoreTest, RecipientsAreScannedInPiecesOfAnySize) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  std::set<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    domain::NewMessage message = NewMessage(campaign.id, route_id);
    message.recipient = "7900" + std::to_string(i);
    expected.insert(message.recipient);
    AcceptOne(campaign, message);
    AcceptSome(other, route_id, i % 3);
  }
  for (const int32_t rows_max : {1, 2, 3, 5, 100}) {
    const auto recipients = Recipients(*store_, campaign.id, rows_max);
    EXPECT_THAT(recipients, SizeIs(7));
    EXPECT_EQ(std::set<std::string>(recipients.begin(), recipients.end()), expected);
  }
}

TEST_P(StoreTest, RejectedRowsArePrunedWithTheirImport) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  Importer importer(*store_, campaign, MakeRoute());
  ASSERT_OK(importer.Begin());
  for (int i = 0; i < 3; ++i) ASSERT_OK(importer.Add(importer.Step(i, {}, i + 1)));
  ASSERT_OK(store_->CancelOperation(0, importer.operation.id, kNow));
  auto step = store_->Prune(kNow + absl::Hours(1), kNow + absl::Hours(1), 2);
  ASSERT_OK(step);
  EXPECT_TRUE(step->more);
  EXPECT_THAT(*store_->ListRejectedRows(importer.operation.id, 0, 10), SizeIs(1));
  ASSERT_OK(store_->Prune(kNow + absl::Hours(1), kNow + absl::Hours(1), 2));
  ASSERT_OK(store_->Prune(kNow + absl::Hours(1), kNow + absl::Hours(1), 2));
  EXPECT_THAT(store_->GetOperation(0, importer.operation.id), HasReason("OPERATION_NOT_FOUND"));
  EXPECT_THAT(store_->GetImport(importer.operation.id), HasReason("OPERATION_NOT_FOUND"));
}

}  // namespace
}  // namespace campaigner::storage
