#include "server/operations/erase_job.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/operations/job_test.h"

namespace campaigner::operations {
namespace {

using domain::MessageState;
using domain::OperationKind;
using domain::OperationState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using Next = Job::Turn::Next;

constexpr char kPerson[] = "77010000001";

class EraseJobTest : public JobTest {
 protected:
  domain::Operation Begin() {
    return JobTest::Begin({.kind = OperationKind::kErase, .checkpoint = kPerson});
  }
  // As after a crash too: from what is on disk.
  std::unique_ptr<Job> Make(int64_t operation_id) {
    const EraseContext context{.store = *store_,
                               .clock = clock_,
                               .phones = phones_,
                               .delete_upload = [&](int64_t, int64_t id) {
                                 deleted_uploads_.push_back(id);
                                 return store_->DeleteUpload(0, id);
                               }};
    return EraseJob::Make(context, Read(operation_id)).value();
  }
  int64_t Upload() {
    const int64_t id = *store_->BeginUpload(account_id_, "list.csv", clock_.Now());
    EXPECT_OK(store_->FinishUpload({.id = id, .account_id = account_id_}, clock_.Now()));
    return id;
  }
  int64_t Import(int64_t upload_id) {
    return store_
        ->CreateImport({.operation = {.account_id = account_id_, .campaign_id = campaign_id_},
                        .upload_id = upload_id},
                       clock_.Now())
        ->id;
  }
  // The import's last step.
  void Finish(int64_t import_id, std::vector<storage::ImportedRow> rows,
              std::vector<storage::RejectedRow> rejected) {
    auto step = std::make_shared<storage::ImportStep>();
    step->step = {.operation_id = import_id, .is_last = true};
    step->campaign_id = campaign_id_;
    step->rows = std::move(rows);
    step->rejected = std::move(rejected);
    std::promise<absl::Status> added;
    store_->AddImportStep(step, clock_.Now(),
                          [&](absl::Status status) { added.set_value(std::move(status)); });
    EXPECT_OK(added.get_future().get());
  }
  std::vector<std::string> FilesWith(const std::string& word) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.File("."))) {
      std::ostringstream bytes;
      bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      if (bytes.str().find(word) != std::string::npos) names.push_back(entry.path());
    }
    return names;
  }

  const domain::PhoneNormalizer phones_;
  std::vector<int64_t> deleted_uploads_;
};

TEST_F(EraseJobTest, NothingIsLeftInTheFiles) {
  const int64_t upload_id = Upload();
  const int64_t import_id = Import(upload_id);
  Finish(import_id, {},
         {{1, "duplicate", "+7 (701) 000-00-01"},
          {2, "stop-listed", "8 701 000 00 01"},
          {3, "too long", "77010000001 or 77010000001 at night"},
          {4, "too long", "77010000002 or 77010000003"}});
  const int64_t message_id = Send(kPerson);
  Receive(message_id, MessageState::kDelivered);
  const int64_t waiting_id = Send(kPerson);
  ASSERT_FALSE(FilesWith(kPerson).empty());
  const int64_t id = Begin().id;
  const auto job = Make(id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kNever);
  EXPECT_EQ(Read(id).state, OperationState::kDone);
  EXPECT_EQ(Read(id).messages, 2);
  for (const char* form : {kPerson, "(701) 000-00-01", "701 000 00 01"}) {
    EXPECT_THAT(FilesWith(form), IsEmpty()) << form;
  }
  EXPECT_EQ(Message(message_id).state, MessageState::kDelivered);
  EXPECT_EQ(Message(waiting_id).state, MessageState::kCancelled);
  std::vector<std::string> values;
  const auto rows = store_->ListRejectedRows(import_id, 0, 9).value();
  for (const storage::RejectedRow& row : rows) values.push_back(row.value);
  EXPECT_THAT(values, ElementsAre("", "", "", "77010000002 or 77010000003"));
  EXPECT_THAT(deleted_uploads_, ElementsAre(upload_id));
}

TEST_F(EraseJobTest, WaitsForImportsThatBeganBeforeAndErasesWhatTheyBring) {
  const int64_t upload_id = Upload();
  const int64_t import_id = Import(upload_id);
  const int64_t id = Begin().id;
  const auto job = Make(id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kLater);
  Finish(import_id, {{.route_id = route_id_, .recipient = kPerson}}, {});
  // What comes later is meant.
  clock_.Advance(absl::Seconds(1));
  const int64_t later_upload_id = Upload();
  Import(later_upload_id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kNever);
  EXPECT_EQ(Read(id).messages, 1);
  EXPECT_THAT(deleted_uploads_, ElementsAre(upload_id));
  EXPECT_THAT(
      store_->ListMessages({.account_id = account_id_, .recipient = kPerson}, 0, 9)->messages,
      IsEmpty());
}

TEST_F(EraseJobTest, GoesOnInEveryPhase) {
  Upload();
  Finish(Import(Upload()), {}, {{1, "why", kPerson}});
  Send(kPerson);
  const int64_t id = Begin().id;
  int jobs = 0;
  Job::Turn turn;
  // A crash after every phase: what is on disk says where it goes on.
  while (turn.next != Next::kNever) {
    ASSERT_LT(++jobs, 10);
    const auto job = Make(id);
    const std::string checkpoint = Read(id).checkpoint;
    do {
      turn = job->TakeTurn().value();
    } while (turn.next != Next::kNever && Read(id).checkpoint == checkpoint);
  }
  EXPECT_EQ(jobs, 6);
  EXPECT_EQ(Read(id).state, OperationState::kDone);
  EXPECT_THAT(FilesWith(kPerson), IsEmpty());
}

// Were the address dropped in a step of its own, the job made anew would find an erasure whose work
// is done.
TEST_F(EraseJobTest, WhatGaveUpIsNeverReportedAsDone) {
  const int64_t message_id = Send(kPerson);
  Claim();
  const int64_t id = Begin().id;
  auto job = Make(id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kLater);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(RunUntilItWaits(*job), HasReason("ERASE_INCOMPLETE"));
  // The failure could not be written down.
  job = Make(id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kLater);
  clock_.Advance(absl::Hours(1));
  const auto failed = RunUntilItWaits(*job);
  EXPECT_THAT(failed, HasReason("ERASE_INCOMPLETE"));
  ASSERT_OK(store_->FailOperation(id, failed.status(), clock_.Now()));
  EXPECT_EQ(Read(id).state, OperationState::kFailed);
  EXPECT_EQ(Read(id).checkpoint, "");
  EXPECT_EQ(Message(message_id).recipient, kPerson);
}

TEST_F(EraseJobTest, WhatIsBeingSentIsErasedOnceItIsSent) {
  const int64_t message_id = Send(kPerson);
  Claim();
  const auto job = Make(Begin().id);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kLater);
  Receive(message_id, MessageState::kSent);
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kNever);
  EXPECT_EQ(Message(message_id).recipient, "");
}

}  // namespace
}  // namespace campaigner::operations
