#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "server/dispatch/lanes.h"
#include "server/domain/segments.h"
#include "tests/simulation/checks.h"

// How fast and in which order messages went.
namespace campaigner::simulation {
namespace {

// When messages went, and how many segments each had.
using Gone = std::vector<std::pair<absl::Time, int64_t>>;

// No window of a period holds more than the limit, or it holds a single message.
void CheckRate(Gone gone, const domain::Rate& rate, const std::string& whose, History& history) {
  if (rate.limit == 0) return;
  std::sort(gone.begin(), gone.end());
  const auto units_of = [&](size_t i) {
    return rate.unit == domain::RateUnit::kSegments ? gone[i].second : 1;
  };
  int64_t units = 0;
  size_t first = 0;
  for (size_t last = 0; last < gone.size(); ++last) {
    units += units_of(last);
    for (; gone[first].first + rate.period <= gone[last].first; ++first) units -= units_of(first);
    if (units > rate.limit && first < last) {
      return history.Violated(fmt::format("{}: {} in {} instead of {} at {}", whose, units,
                                          absl::FormatDuration(rate.period), rate.limit,
                                          absl::FormatTime(gone[last].first)));
    }
  }
}

// What went after `begin` and before `end`: windows over a change of the rate have no one limit.
Gone Within(const Gone& gone, absl::Time begin, absl::Time end) {
  Gone within;
  std::copy_if(gone.begin(), gone.end(), std::back_inserter(within),
               [&](const auto& one) { return one.first > begin && one.first < end; });
  return within;
}

std::vector<absl::Time> TimesOf(const FaultyProvider& provider, const History& history,
                                int64_t campaign_id) {
  std::vector<absl::Time> times;
  for (const auto& [id, handings] : provider.handings()) {
    const auto message = history.messages.find(id);
    if (message == history.messages.end()) continue;
    if (campaign_id != 0 && message->second.campaign_id != campaign_id) continue;
    for (const Handing& handing : handings) times.push_back(handing.time);
  }
  return times;
}

// campaign_id 0: of all.
void AddGone(const FaultyProvider& provider, const History& history, int64_t campaign_id,
             Gone& gone) {
  for (const auto& [id, handings] : provider.handings()) {
    const auto message = history.messages.find(id);
    if (message == history.messages.end()) continue;
    if (campaign_id != 0 && message->second.campaign_id != campaign_id) continue;
    for (const Handing& handing : handings) {
      gone.emplace_back(handing.time, domain::MeasureSms(handing.text).segments);
    }
  }
}

void CheckRates(const std::vector<WorldRoute>& routes, History& history) {
  for (const WorldRoute& route : routes) {
    if (route.messages_per_second_max > 0) {
      const domain::Rate rate{
          static_cast<int32_t>(route.messages_per_second_max), absl::Seconds(1),
          route.rate_counts_segments ? domain::RateUnit::kSegments : domain::RateUnit::kMessages};
      Gone gone;
      AddGone(*route.provider, history, 0, gone);
      CheckRate(std::move(gone), rate, "route", history);
    }
  }
  const auto all = [&](int64_t campaign_id) {
    Gone gone;
    for (const WorldRoute& route : routes) AddGone(*route.provider, history, campaign_id, gone);
    return gone;
  };
  for (const auto& [id, campaign] : history.campaigns) {
    const Gone gone = all(id);
    for (size_t i = 0; i < campaign.rates.size(); ++i) {
      const absl::Time end =
          i + 1 < campaign.rates.size() ? campaign.rates[i + 1].first : absl::InfiniteFuture();
      CheckRate(Within(gone, campaign.rates[i].first, end), campaign.rates[i].second,
                fmt::format("campaign {}", id), history);
    }
  }
  CheckRate(all(0), history.account_rate, "account", history);
}

int64_t OrderKey(const MadeCampaign& campaign) {
  return campaign.order > 0 ? campaign.order : std::numeric_limits<int64_t>::max();
}

// When a message was first handed over, if nothing but its turn decided about that.
std::optional<std::pair<absl::Time, absl::Time>> WaitForItsTurn(const SentMessage& message,
                                                                const WorldRoute& route,
                                                                const History& history) {
  const auto handed = route.provider->handings().find(message.id);
  if (handed == route.provider->handings().end()) return std::nullopt;
  const absl::Time first = handed->second.front().time;
  if (!history.campaigns.at(message.campaign_id).is_plain || message.schedule_time.has_value()) {
    return std::nullopt;
  }
  if (history.HasCrashed(message.accept_time, first)) return std::nullopt;
  return std::pair(message.accept_time, first);
}

// While a message waits for its turn, no more of the less important go before it than were already
// on their way when it came: as many as have a place, and a turn.
void CheckOrder(const std::vector<WorldRoute>& routes, History& history) {
  for (const WorldRoute& route : routes) {
    // Times of handings, by order.
    std::map<int64_t, std::vector<absl::Time>> by_order;
    for (const auto& [id, campaign] : history.campaigns) {
      if (!campaign.is_plain) continue;
      std::vector<absl::Time>& times = by_order[OrderKey(campaign)];
      const std::vector<absl::Time> more = TimesOf(*route.provider, history, id);
      times.insert(times.end(), more.begin(), more.end());
    }
    for (auto& [order, times] : by_order) std::sort(times.begin(), times.end());
    for (const auto& [id, message] : history.messages) {
      const auto wait = WaitForItsTurn(message, route, history);
      if (!wait.has_value()) continue;
      const int64_t order = OrderKey(history.campaigns.at(message.campaign_id));
      int64_t overtook = 0;
      for (auto lower = by_order.upper_bound(order); lower != by_order.end(); ++lower) {
        const std::vector<absl::Time>& times = lower->second;
        overtook += std::lower_bound(times.begin(), times.end(), wait->second) -
                    std::upper_bound(times.begin(), times.end(), wait->first);
      }
      if (overtook > route.concurrency_max + dispatch::RouteRun::kTurn) {
        history.Violated(fmt::format("{}: {} less important went before it", id, overtook));
      }
    }
  }
}

// Inside a campaign the oldest goes first.
void CheckOldestFirst(const std::vector<WorldRoute>& routes, History& history) {
  for (const WorldRoute& route : routes) {
    // Of each campaign: when those that waited were first handed over, oldest first.
    std::map<int64_t, std::vector<int64_t>> sequences;
    for (const auto& [id, message] : history.messages) {
      if (!WaitForItsTurn(message, route, history).has_value()) continue;
      std::vector<int64_t>& before = sequences[message.campaign_id];
      const int64_t own = route.provider->handings().at(id).front().sequence;
      const auto overtaken =
          std::count_if(before.begin(), before.end(), [own](int64_t other) { return other > own; });
      if (overtaken > 0) {
        history.Violated(fmt::format("{}: went before {} older ones", id, overtaken));
      }
      before.push_back(own);
    }
  }
}

}  // namespace

void CheckTurns(const std::vector<WorldRoute>& routes, History& history) {
  CheckRates(routes, history);
  CheckOrder(routes, history);
  CheckOldestFirst(routes, history);
}

}  // namespace campaigner::simulation
