#include "server/services/statistics.h"

#include <algorithm>
#include <limits>
#include <map>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/services/campaigns.h"
#include "server/services/convert/campaign.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

// Rows of the store that one page reads: some tens of milliseconds. A page of hours may then end
// before it is full.
constexpr int32_t kRowsPerPageMax = 50'000;

struct Range {
  absl::Time begin;
  absl::Time end;
};

absl::Time FloorTo(absl::Time time, absl::Duration step) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), step);
}

// What `request` asks for, from `next_minute` on where that is not 0. The end is a full step too.
Range ReadRange(const CallContext& call, const v1::GetCampaignTimeSeriesRequest& request,
                absl::Time created, absl::Duration step, int64_t next_minute,
                Violations& violations) {
  Range range{created, call.now() + step};
  if (request.has_begin_time()) {
    range.begin = ReadTime("begin_time", request.begin_time(), violations).value_or(created);
  }
  if (request.has_end_time()) {
    range.end = ReadTime("end_time", request.end_time(), violations).value_or(range.end);
    if (range.end < range.begin) violations.Add("end_time", "must not be before begin_time");
  }
  range.begin = FloorTo(range.begin, step);
  range.end = FloorTo(range.end, step);
  if (next_minute != 0) range.begin = absl::UnixEpoch() + absl::Minutes(next_minute);
  return range;
}

// Points in the making: rows of minutes become steps.
class SeriesWriter {
 public:
  SeriesWriter(absl::Duration step, int points_max, v1::CampaignTimeSeries* response)
      : step_(step), points_max_(points_max), response_(response) {}

  // False where `row` begins a point that has no place any more.
  bool Add(const storage::SeriesRow& row) {
    const absl::Time time = FloorTo(row.minute, step_);
    if (response_->points().empty() || time != time_) {
      if (response_->points_size() >= points_max_) return false;
      time_ = time;
      TimeToProto(time, response_->add_points()->mutable_time());
    }
    v1::CampaignTimeSeries::Count* count = FindCount(domain::StateName(row.state));
    count->set_messages(count->messages() + row.messages);
    count->set_segments(count->segments() + row.segments);
    return true;
  }
  // Where the last point begins; it is taken out. For a page that could not read all of it.
  absl::Time DropLast() {
    response_->mutable_points()->RemoveLast();
    return time_;
  }

 private:
  v1::CampaignTimeSeries::Count* FindCount(const char* state) {
    auto* counts = response_->mutable_points(response_->points_size() - 1)->mutable_counts();
    for (auto& count : *counts) {
      if (count.state() == state) return &count;
    }
    counts->Add()->set_state(state);
    return &(*counts)[counts->size() - 1];
  }

  const absl::Duration step_;
  const int points_max_;
  v1::CampaignTimeSeries* response_;
  absl::Time time_;
};

int64_t MinuteOf(absl::Time time) { return absl::ToInt64Minutes(time - absl::UnixEpoch()); }

// Writes the points; the minute at which the next page begins, 0 where there is none.
int64_t WritePoints(const std::vector<storage::SeriesRow>& rows, bool is_complete,
                    SeriesWriter& writer) {
  for (const storage::SeriesRow& row : rows) {
    if (!writer.Add(row)) return MinuteOf(row.minute);
  }
  return is_complete ? 0 : MinuteOf(writer.DropLast());
}

}  // namespace

absl::Status GetCampaignStatistics(const CallContext& call,
                                   const v1::GetCampaignStatisticsRequest& request,
                                   v1::CampaignStatistics* response) {
  RETURN_IF_ERROR(FindCampaign(call, request.campaign_id()).status());
  ASSIGN_OR_RETURN(const auto counters, call.env.store.GetCampaignCounters(request.campaign_id()));
  StatisticsToProto(request.campaign_id(), counters, call.env.currency, response);
  return absl::OkStatus();
}

absl::Status GetCampaignTimeSeries(const CallContext& call,
                                   const v1::GetCampaignTimeSeriesRequest& request,
                                   v1::CampaignTimeSeries* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  Violations violations;
  if (!v1::GetCampaignTimeSeriesRequest::Step_IsValid(request.step())) {
    violations.Add("step", "is no step");
  }
  violations.CheckRange("page_size", request.page_size(), 0, std::numeric_limits<int32_t>::max());
  ASSIGN_OR_RETURN(const int64_t next_minute,
                   call.env.page_tokens.Read(request, call.account_id(), request.page_token()));
  const bool is_hours = request.step() == v1::GetCampaignTimeSeriesRequest::HOUR;
  const absl::Duration step = is_hours ? absl::Hours(1) : absl::Minutes(1);
  const Range range =
      ReadRange(call, request, campaign->create_time, step, next_minute, violations);
  RETURN_IF_ERROR(violations.ToStatus());

  const int points_max = request.page_size() == 0
                             ? limits::kSeriesPointsDefault
                             : std::min(request.page_size(), limits::kSeriesPointsMax);
  ASSIGN_OR_RETURN(const auto rows, call.env.store.GetCampaignSeries(campaign->id, range.begin,
                                                                     range.end, kRowsPerPageMax));
  SeriesWriter writer(step, points_max, response);
  const bool is_complete = rows.size() < static_cast<size_t>(kRowsPerPageMax);
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(),
                                                          WritePoints(rows, is_complete, writer)));
  return absl::OkStatus();
}

}  // namespace campaigner::services
