#include "server/imports/uploads.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "tests/support/full_disk.h"
#include "tests/unit/imports/import_fixture.h"

namespace campaigner::imports {
namespace {

using testing::HasReason;
using testing::StatusIs;

class UploadsTest : public ImportFixture {
 protected:
  size_t FilesInFolder() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(dir_.File("uploads"))) {
      ++count;
    }
    return count;
  }

  std::string Content(int64_t upload_id) const {
    std::ostringstream content;
    content << std::ifstream(uploads_->PathOf(upload_id), std::ios::binary).rdbuf();
    return content.str();
  }
};

TEST_F(UploadsTest, KeepsWhatComesInPieces) {
  auto file = uploads_->Begin(account_id_, "list.csv");
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append("ab"));
  ASSERT_OK((*file)->Append(""));
  ASSERT_OK((*file)->Append("c"));
  const auto upload = (*file)->Finish();
  ASSERT_OK(upload);
  file->reset();
  EXPECT_EQ(upload->bytes, 3);
  EXPECT_EQ(base::ToHex(upload->sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Content(upload->id), "abc");
  EXPECT_EQ(store_->GetUpload(account_id_, upload->id)->bytes, 3);
  EXPECT_EQ(uploads_->bytes(), 3);
}

TEST_F(UploadsTest, WhatIsNotFinishedIsThrownAway) {
  {
    const auto file = uploads_->Begin(account_id_, "list.csv");
    ASSERT_OK(file);
    ASSERT_OK((*file)->Append("abc"));
    EXPECT_EQ(uploads_->bytes(), 3);
    EXPECT_EQ(FilesInFolder(), 1U);
  }
  EXPECT_EQ(uploads_->bytes(), 0);
  EXPECT_EQ(uploads_->files(), 0);
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(UploadsTest, WhatIsDiscardedLaterGoesWithTheNextRound) {
  auto file = uploads_->Begin(account_id_, "list.csv");
  ASSERT_OK(file);
  uploads_->DiscardLater(*std::move(file));
  EXPECT_EQ(FilesInFolder(), 1U);
  ASSERT_OK(uploads_->RemoveUnused(clock_.Now()));
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(UploadsTest, HasRoomForSoMuch) {
  limits_ = {.file_bytes_max = 5, .bytes_max = 8, .files_max = 3, .arriving_max = 2};
  Restart();
  const auto first = uploads_->Keep(account_id_, "a", "12345");
  ASSERT_OK(first);
  EXPECT_THAT(uploads_->Keep(account_id_, "b", "123456"), HasReason("UPLOAD_TOO_LARGE"));
  EXPECT_THAT(uploads_->Keep(account_id_, "b", "1234"), HasReason("UPLOADS_FULL"));
  ASSERT_OK(uploads_->Keep(account_id_, "b", "123"));
  ASSERT_OK(uploads_->Keep(account_id_, "c", ""));
  EXPECT_THAT(uploads_->Keep(account_id_, "d", ""), HasReason("UPLOADS_FULL"));
  ASSERT_OK(uploads_->Delete(account_id_, first->id));
  const auto one = uploads_->Begin(account_id_, "e");
  ASSERT_OK(one);
  EXPECT_THAT(uploads_->Begin(account_id_, "f"), HasReason("UPLOADS_FULL"));
  EXPECT_EQ(uploads_->files(), 3);
}

TEST_F(UploadsTest, SoManyArriveAtOnce) {
  limits_ = {.arriving_max = 1};
  Restart();
  auto one = uploads_->Begin(account_id_, "a");
  ASSERT_OK(one);
  EXPECT_THAT(uploads_->Begin(account_id_, "b"), HasReason("OVERLOADED"));
  one->reset();
  EXPECT_OK(uploads_->Begin(account_id_, "b"));
}

TEST_F(UploadsTest, AnAccountFillsItsShareOnly) {
  limits_ = {.bytes_of_account_max = 5, .files_of_account_max = 2, .arriving_of_account_max = 1};
  Restart();
  domain::Account account;
  account.display_name = "Other";
  account.time_zone = "UTC";
  const int64_t other_id = store_->CreateAccount(account, "", clock_.Now())->id;
  ASSERT_OK(uploads_->Keep(account_id_, "a", "123"));
  EXPECT_THAT(uploads_->Keep(account_id_, "b", "123"), HasReason("UPLOADS_FULL"));
  EXPECT_OK(uploads_->Keep(other_id, "b", "123"));
  {
    const auto arriving = uploads_->Begin(account_id_, "b");
    ASSERT_OK(arriving);
    EXPECT_THAT(uploads_->Begin(account_id_, "c"), HasReason("OVERLOADED"));
    EXPECT_OK(uploads_->Begin(other_id, "c"));
  }
  // What is there at the start counts for whose it is.
  Restart();
  EXPECT_THAT(uploads_->Keep(account_id_, "b", "123"), HasReason("UPLOADS_FULL"));
  ASSERT_OK(uploads_->Keep(account_id_, "b", "12"));
  EXPECT_THAT(uploads_->Begin(account_id_, "c"), HasReason("UPLOADS_FULL"));
  EXPECT_EQ(uploads_->files(), 3);
  EXPECT_EQ(uploads_->bytes(), 8);
}

TEST_F(UploadsTest, AFullDiskLeavesNothing) {
  auto file = uploads_->Begin(account_id_, "list.csv");
  ASSERT_OK(file);
  {
    const testing::FullDisk full(1000);
    EXPECT_THAT((*file)->Append(std::string(10'000, 'x')),
                StatusIs(absl::StatusCode::kUnavailable));
  }
  file->reset();
  EXPECT_EQ(FilesInFolder(), 0U);
  EXPECT_EQ(uploads_->bytes(), 0);
  EXPECT_OK(uploads_->Keep(account_id_, "list.csv", std::string(10'000, 'x')));
}

TEST_F(UploadsTest, AreDeletedADayAfterTheirLastUse) {
  const auto upload = uploads_->Keep(account_id_, "list.csv", "abc");
  ASSERT_OK(upload);
  clock_.Advance(base::limits::kUploadKept - absl::Seconds(1));
  ASSERT_OK(store_->UseUpload(account_id_, upload->id, clock_.Now()));
  clock_.Advance(base::limits::kUploadKept);
  ASSERT_OK(uploads_->RemoveUnused(clock_.Now()));
  EXPECT_EQ(FilesInFolder(), 1U);
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(uploads_->RemoveUnused(clock_.Now()));
  EXPECT_EQ(FilesInFolder(), 0U);
  EXPECT_THAT(store_->GetUpload(account_id_, upload->id), HasReason("UPLOAD_NOT_FOUND"));
}

TEST_F(UploadsTest, WhatAnImportReadsStays) {
  const int64_t operation_id = Import("79000000001\n");
  const int64_t upload_id = store_->GetImport(operation_id)->upload_id;
  EXPECT_THAT(uploads_->Delete(account_id_, upload_id), HasReason("UPLOAD_IN_USE"));
  clock_.Advance(10 * base::limits::kUploadKept);
  ASSERT_OK(uploads_->RemoveUnused(clock_.Now()));
  EXPECT_EQ(FilesInFolder(), 1U);
  Finish(operation_id);
  EXPECT_OK(uploads_->Delete(account_id_, upload_id));
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(UploadsTest, AStartRemovesWhatTheLastServerLeftHalfDone) {
  const auto whole = uploads_->Keep(account_id_, "list.csv", "abc");
  ASSERT_OK(whole);
  // A server that was killed: a row without an end, and a file without a row.
  ASSERT_OK(store_->BeginUpload(account_id_, "half.csv", clock_.Now()));
  std::ofstream(uploads_->PathOf(whole->id + 1)) << "half";
  std::ofstream(uploads_->PathOf(999)) << "orphan";
  Restart();
  EXPECT_EQ(FilesInFolder(), 1U);
  EXPECT_EQ(uploads_->bytes(), 3);
  EXPECT_EQ(uploads_->files(), 1);
  EXPECT_EQ(Content(whole->id), "abc");
}

TEST_F(UploadsTest, AnothersCannotBeDeleted) {
  const auto upload = uploads_->Keep(account_id_, "list.csv", "abc");
  ASSERT_OK(upload);
  EXPECT_THAT(uploads_->Delete(account_id_ + 1, upload->id), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_EQ(FilesInFolder(), 1U);
}

}  // namespace
}  // namespace campaigner::imports
