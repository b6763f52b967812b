#include <tuple>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Row = std::tuple<int64_t, MessageState, int64_t, int64_t>;

const absl::Time kMinute =
    absl::UnixEpoch() + absl::Floor(kNow - absl::UnixEpoch(), absl::Minutes(1));

// Minutes since kMinute.
std::vector<Row> Read(Store& store, int64_t campaign_id, absl::Time begin, absl::Time end,
                      int32_t limit = 1000) {
  std::vector<Row> rows;
  const std::vector<SeriesRow> series =
      store.GetCampaignSeries(campaign_id, begin, end, limit).value();
  for (const SeriesRow& row : series) {
    rows.emplace_back(absl::ToInt64Minutes(row.minute - kMinute), row.state, row.messages,
                      row.segments);
  }
  return rows;
}

TEST_P(StoreTest, TheSeriesSaysWhatCameIntoEachStateAndWhen) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 3, kMinute);
  domain::NewMessage large = NewMessage(campaign.id, route_id);
  large.segments = 4;
  AcceptOne(campaign, large, kMinute + absl::Seconds(59));
  const absl::Time later = kMinute + absl::Minutes(2);
  const Claimed claimed = Claim({{campaign.id, route_id, 2}}, "me", later);
  ASSERT_OK(Record(
      {SentOutcome(claimed.messages[0], later), RetryOutcome(claimed.messages[1], later, later)},
      later));
  ASSERT_OK(Receive({Receipt(first, MessageState::kDelivered)}, later + absl::Minutes(1)));
  Reopen();
  const std::vector<Row> all = {{0, MessageState::kAccepted, 4, 7},
                                {2, MessageState::kAccepted, 1, 1},
                                {2, MessageState::kSending, 2, 2},
                                {2, MessageState::kSent, 1, 1},
                                {3, MessageState::kDelivered, 1, 1}};
  const absl::Time end = kMinute + absl::Hours(1);
  EXPECT_EQ(Read(*store_, campaign.id, kMinute, end), all);
  EXPECT_EQ(Read(*store_, campaign.id, kMinute + absl::Minutes(3), end),
            (std::vector<Row>{all.back()}));
  EXPECT_EQ(Read(*store_, campaign.id, kMinute, kMinute + absl::Minutes(2)),
            (std::vector<Row>{all.front()}));
  // A minute is not cut in two.
  EXPECT_THAT(Read(*store_, campaign.id, kMinute, end, 2), SizeIs(4));
  EXPECT_THAT(store_->GetCampaignSeries(campaign.id + 1, kMinute, end, 10),
              HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_P(StoreTest, ARefusedSendIsNotInTheSeries) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = kNow;
  batch.messages = {NewMessage(campaign.id, MakeRoute()), NewMessage(999, 1)};
  EXPECT_THAT(Accept(batch), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(Read(*store_, campaign.id, kMinute, kMinute + absl::Hours(1)), IsEmpty());
}

TEST_P(StoreTest, TheSeriesIsPrunedWithTime) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  for (int minute = 0; minute < 30; ++minute) {
    AcceptSome(campaign, route_id, 1, kMinute + absl::Minutes(minute));
  }
  const absl::Time before = kMinute + absl::Minutes(28);
  while (store_->Prune(before, before, 10)->more) {
  }
  EXPECT_THAT(
      Read(*store_, campaign.id, kMinute, kMinute + absl::Hours(1)),
      ElementsAre(Row{28, MessageState::kAccepted, 1, 1}, Row{29, MessageState::kAccepted, 1, 1}));
}

}  // namespace
}  // namespace campaigner::storage
