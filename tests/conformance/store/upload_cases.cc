#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Upload;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;

int64_t MakeUpload(Store& store, int64_t account_id, absl::Time now = kNow) {
  const auto id = store.BeginUpload(account_id, "list.csv", now);
  EXPECT_OK(id);
  EXPECT_OK(store.FinishUpload(
      {.id = *id, .account_id = account_id, .bytes = 7, .sha256 = std::string("\0h", 2)}, now));
  return *id;
}

TEST_P(StoreTest, AnUploadIsThereWhenItIsFinished) {
  const int64_t account_id = MakeAccount().id;
  const auto id = store_->BeginUpload(account_id, "list.csv", kNow);
  ASSERT_OK(id);
  EXPECT_THAT(store_->GetUpload(account_id, *id), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_THAT(store_->UseUpload(account_id, *id, kNow), HasReason("UPLOAD_NOT_FOUND"));
  const Upload finished{
      .id = *id, .account_id = account_id, .bytes = 7, .sha256 = std::string("\0hash", 5)};
  ASSERT_OK(store_->FinishUpload(finished, kNow + absl::Seconds(1)));
  Reopen();
  const auto read = store_->GetUpload(account_id, *id);
  ASSERT_OK(read);
  EXPECT_EQ(read->file_name, "list.csv");
  EXPECT_EQ(read->bytes, 7);
  EXPECT_EQ(read->sha256, std::string("\0hash", 5));
  EXPECT_EQ(read->create_time, kNow);
  EXPECT_EQ(read->use_time, kNow + absl::Seconds(1));
}

TEST_P(StoreTest, AnothersUploadDoesNotExist) {
  const int64_t account_id = MakeAccount().id;
  const int64_t other_id = MakeAccount("other").id;
  const int64_t id = MakeUpload(*store_, account_id);
  EXPECT_THAT(store_->GetUpload(other_id, id), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_THAT(store_->UseUpload(other_id, id, kNow), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_THAT(store_->DeleteUpload(other_id, id), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_OK(store_->DeleteUpload(account_id, id));
  EXPECT_THAT(store_->DeleteUpload(account_id, id), HasReason("UPLOAD_NOT_FOUND"));
}

TEST_P(StoreTest, UploadsAreUnusedByTheirLastUse) {
  const int64_t account_id = MakeAccount().id;
  const int64_t first = MakeUpload(*store_, account_id, kNow);
  const int64_t second = MakeUpload(*store_, account_id, kNow + absl::Seconds(1));
  EXPECT_THAT(*store_->ListUnusedUploads(kNow, 10), IsEmpty());
  EXPECT_THAT(*store_->ListUnusedUploads(kNow + absl::Seconds(5), 10), ElementsAre(first, second));
  EXPECT_THAT(*store_->ListUnusedUploads(kNow + absl::Seconds(5), 1), ElementsAre(first));
  ASSERT_OK(store_->UseUpload(account_id, first, kNow + absl::Seconds(7)));
  EXPECT_THAT(*store_->ListUnusedUploads(kNow + absl::Seconds(5), 10), ElementsAre(second));
}

TEST_P(StoreTest, UploadsThatWereArrivingAreForgotten) {
  const int64_t account_id = MakeAccount().id;
  const auto arriving = store_->BeginUpload(account_id, "half.csv", kNow);
  ASSERT_OK(arriving);
  const int64_t whole = MakeUpload(*store_, account_id);
  ASSERT_OK(store_->DropUnfinishedUploads());
  EXPECT_THAT(store_->FinishUpload({.id = *arriving, .account_id = account_id}, kNow),
              HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_OK(store_->GetUpload(account_id, whole));
}

}  // namespace
}  // namespace campaigner::storage
