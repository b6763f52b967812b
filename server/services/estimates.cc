#include "server/services/estimates.h"

#include <algorithm>
#include <map>

#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"
#include "server/services/campaigns.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

using domain::Campaign;

constexpr int32_t kPageSize = 1000;
// How long one may read: ten million messages fit.
constexpr absl::Duration kTimeMax = absl::Minutes(5);
// Messages of so many segments and more are counted together.
constexpr int kSegmentsCounted = 10;

// What goes over a route, or past any other rate.
struct Units {
  int64_t messages = 0;
  int64_t segments = 0;

  void Add(int64_t message_segments) {
    ++messages;
    segments += message_segments;
  }
  int64_t Of(domain::RateUnit unit) const {
    return unit == domain::RateUnit::kSegments ? segments : messages;
  }
};

absl::Duration TimeAt(const domain::Rate& rate, const Units& units) {
  if (rate.limit == 0) return absl::ZeroDuration();
  return rate.period * units.Of(rate.unit) / rate.limit;
}

absl::Duration TimeAt(const dispatch::RouteOptions& route, const Units& units) {
  if (route.messages_per_second_max <= 0) return absl::ZeroDuration();
  const int64_t counted = route.rate_counts_segments ? units.segments : units.messages;
  return absl::Seconds(static_cast<double>(counted) / route.messages_per_second_max);
}

// An estimate in the making.
class Estimate {
 public:
  Estimate(const CallContext& call, const Campaign& campaign, v1::CampaignEstimate* response)
      : call_(call), campaign_(campaign), response_(response) {
    for (int i = 0; i < kSegmentsCounted; ++i) response->add_messages_by_segments(0);
  }

  void Add(const domain::Message& message) {
    response_->set_messages(response_->messages() + 1);
    const bool is_incomplete = IsIncomplete(message);
    if (is_incomplete) {
      response_->set_messages_with_missing_values(response_->messages_with_missing_values() + 1);
    }
    const bool refuses_missing = campaign_.missing_values == domain::MissingValues::kReject;
    if (message.text.empty() || domain::IsTextTooLong(message.text) ||
        (is_incomplete && refuses_missing)) {
      response_->set_refused_messages(response_->refused_messages() + 1);
    } else {
      Count(message);
    }
  }

  // `account`: the campaign's.
  void Finish(const domain::Account& account) {
    response_->set_segments(all_.segments);
    response_->set_currency(call_.env.currency);
    absl::Duration duration = std::max(TimeAt(campaign_.rate, all_), TimeAt(account.rate, all_));
    for (const auto& [route_id, units] : by_route_) {
      const dispatch::Route* route = call_.env.routes.Find(route_id);
      if (route != nullptr) duration = std::max(duration, TimeAt(route->options, units));
    }
    if (duration == absl::ZeroDuration()) return;
    DurationToProto(duration, response_->mutable_duration_at_rate());
    response_->set_exceeds_sending_timeout(duration > campaign_.sending_timeout);
  }

 private:
  void Count(const domain::Message& message) {
    int32_t segments = 1;
    if (campaign_.channel == "sms") {
      const domain::SmsSize size = domain::MeasureSms(message.text);
      segments = size.segments;
      if (size.coding == domain::SmsCoding::kUcs2) {
        response_->set_unicode_messages(response_->unicode_messages() + 1);
      }
    }
    const int index = std::min(segments, kSegmentsCounted) - 1;
    response_->set_messages_by_segments(index, response_->messages_by_segments(index) + 1);
    response_->set_cost_micros(response_->cost_micros() +
                               segments * call_.env.routes.PriceMicros(message.route_id));
    all_.Add(segments);
    by_route_[message.route_id].Add(segments);
    if (message.text.size() > longest_bytes_) {
      longest_bytes_ = message.text.size();
      response_->set_longest_message_id(message.id);
    }
  }

  // Whether its text is the template's, and the template wants more than it has.
  bool IsIncomplete(const domain::Message& message) const {
    const std::string& text = campaign_.template_text;
    return !domain::ListMissing(text, message.fields).empty() &&
           message.text == domain::Render(text, message.fields, campaign_.missing_values);
  }

  const CallContext& call_;
  const Campaign& campaign_;
  v1::CampaignEstimate* const response_;
  Units all_;
  std::map<int64_t, Units> by_route_;
  size_t longest_bytes_ = 0;
};

}  // namespace

absl::Status EstimateCampaign(const CallContext& call, const v1::EstimateCampaignRequest& request,
                              v1::CampaignEstimate* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(campaign->account_id));
  const AccountPlaces::Place place(call.env.estimate_places, call.account_id());
  if (!place.is_taken()) return domain::errors::EstimateBusy();
  Estimate estimate(call, *campaign, response);
  const storage::ExportFilter filter{
      .campaign_id = campaign->id, .states = {domain::MessageState::kAccepted}, .with_text = true};
  const absl::Time end = call.now() + kTimeMax;
  int64_t after_id = 0;
  do {
    if (call.is_cancelled()) return absl::CancelledError("the caller waits no longer");
    if (call.now() > end) return domain::errors::EstimateTooLong();
    ASSIGN_OR_RETURN(const storage::MessagePage page,
                     call.env.store.ExportMessages(filter, after_id, kPageSize));
    for (const domain::Message& message : page.messages) estimate.Add(message);
    after_id = page.next_after_id;
  } while (after_id != 0);
  estimate.Finish(*account);
  return absl::OkStatus();
}

}  // namespace campaigner::services
