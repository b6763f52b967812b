#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "server/dispatch/lanes.h"
#include "server/domain/webhook.h"
#include "tests/simulation/checks.h"

namespace campaigner::simulation {
namespace {

using domain::MessageState;
using domain::WebhookState;

constexpr int32_t kPage = 1000;

void CheckMessages(const StateWatch& watch, storage::Store& store, int64_t campaign_id,
                   int64_t account_id, History& history) {
  std::map<MessageState, int64_t> counted;
  storage::MessageFilter filter;
  filter.account_id = account_id;
  filter.campaign_id = campaign_id;
  int64_t after_id = 0;
  size_t rows = 0;
  do {
    const auto page = store.ListMessages(filter, after_id, kPage);
    if (!page.ok()) return history.Violated(fmt::format("{}: no list", campaign_id));
    for (const domain::Message& message : page->messages) {
      ++rows;
      ++counted[message.state];
      if (!history.messages.contains(message.id)) {
        history.Violated(fmt::format("{}: nobody sent it", message.id));
      }
      if (!domain::IsFinal(message.state)) {
        history.Violated(fmt::format("{}: still {}", message.id, domain::StateName(message.state)));
      }
      if (watch.StateOf(message.id) != message.state) {
        history.Violated(fmt::format("{}: observers were told otherwise", message.id));
      }
    }
    after_id = page->next_after_id;
  } while (after_id != 0);
  const auto sent =
      std::count_if(history.messages.begin(), history.messages.end(),
                    [&](const auto& entry) { return entry.second.campaign_id == campaign_id; });
  if (static_cast<int64_t>(rows) != sent) {
    history.Violated(fmt::format("campaign {}: {} of {} messages", campaign_id, rows, sent));
  }
  const auto counters = store.GetCampaignCounters(campaign_id);
  if (!counters.ok()) return history.Violated(fmt::format("{}: no counters", campaign_id));
  for (const storage::CampaignCounter& counter : *counters) {
    if (counter.messages != counted[counter.state]) {
      history.Violated(fmt::format("campaign {}: {} in {}, counted as {}", campaign_id,
                                   counted[counter.state], domain::StateName(counter.state),
                                   counter.messages));
    }
    counted.erase(counter.state);
  }
  for (const auto& [state, messages] : counted) {
    if (messages > 0) {
      history.Violated(
          fmt::format("campaign {}: {} not counted", campaign_id, domain::StateName(state)));
    }
  }
}

void CheckWebhooks(const Receivers& receivers, storage::Store& store, const MadeCampaign& campaign,
                   int64_t account_id, History& history) {
  std::set<int64_t> reported;
  storage::WebhookFilter filter;
  filter.account_id = account_id;
  filter.campaign_id = campaign.id;
  int64_t after_id = 0;
  do {
    const auto page = store.ListWebhooks(filter, after_id, kPage);
    if (!page.ok()) return history.Violated(fmt::format("{}: no webhooks", campaign.id));
    for (const domain::WebhookDelivery& delivery : page->deliveries) {
      if (!reported.insert(delivery.message_id).second) {
        history.Violated(fmt::format("{}: two webhooks", delivery.message_id));
      }
      const int taken = receivers.Taken(delivery.url, delivery.payload);
      if (delivery.state == WebhookState::kPending ||
          (delivery.state == WebhookState::kDelivered) != (taken > 0)) {
        history.Violated(fmt::format("{}: webhook in state {}, taken {} times", delivery.message_id,
                                     static_cast<int>(delivery.state), taken));
      }
    }
    after_id = page->next_after_id;
  } while (after_id != 0);
  for (const auto& [id, message] : history.messages) {
    if (message.campaign_id != campaign.id) continue;
    const bool is_owed = !campaign.webhook_url.empty() && !message.external_id.empty();
    if (is_owed != reported.contains(id)) {
      history.Violated(fmt::format("{}: webhook owed {}, made {}", id, is_owed, !is_owed));
    }
  }
}

// No window of `period` holds more than `limit` of `times`.
void CheckRate(std::vector<absl::Time> times, int64_t limit, absl::Duration period,
               const std::string& whose, History& history) {
  std::sort(times.begin(), times.end());
  const auto window = static_cast<size_t>(limit);
  for (size_t i = window; i < times.size(); ++i) {
    if (times[i] - times[i - window] < period) {
      return history.Violated(
          fmt::format("{}: more than {} in {}", whose, limit, absl::FormatDuration(period)));
    }
  }
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

void CheckRates(const std::vector<WorldRoute>& routes, History& history) {
  for (const WorldRoute& route : routes) {
    if (route.messages_per_second_max > 0) {
      CheckRate(TimesOf(*route.provider, history, 0), route.messages_per_second_max,
                absl::Seconds(1), "route", history);
    }
  }
  for (const auto& [id, campaign] : history.campaigns) {
    if (campaign.rate_limit == 0) continue;
    std::vector<absl::Time> times;
    for (const WorldRoute& route : routes) {
      const std::vector<absl::Time> more = TimesOf(*route.provider, history, id);
      times.insert(times.end(), more.begin(), more.end());
    }
    CheckRate(std::move(times), campaign.rate_limit, campaign.rate_period,
              fmt::format("campaign {}", id), history);
  }
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
  for (const absl::Time crash : history.crashes) {
    if (crash >= message.accept_time && crash <= first) return std::nullopt;
  }
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

}  // namespace

void StateWatch::OnMessagesChanged(const std::vector<storage::MessageChange>& changes) {
  base::MutexLock lock(mutex_);
  for (const storage::MessageChange& change : changes) {
    const auto [entry, is_new] = states_.try_emplace(change.message_id, change.from);
    if (entry->second != change.from) {
      history_.Violated(fmt::format("{}: from {}, but it was {}", change.message_id,
                                    domain::StateName(change.from),
                                    domain::StateName(entry->second)));
    }
    if (!domain::CanBecome(change.from, change.to)) {
      history_.Violated(fmt::format("{}: {} became {}", change.message_id,
                                    domain::StateName(change.from), domain::StateName(change.to)));
    }
    entry->second = change.to;
  }
}

MessageState StateWatch::StateOf(int64_t message_id) const {
  base::MutexLock lock(mutex_);
  const auto found = states_.find(message_id);
  return found == states_.end() ? MessageState::kAccepted : found->second;
}

void CheckEnd(const std::vector<WorldRoute>& routes, const StateWatch& watch,
              const Receivers& receivers, storage::Store& store, int64_t account_id,
              History& history) {
  for (const auto& [id, campaign] : history.campaigns) {
    CheckMessages(watch, store, id, account_id, history);
    CheckWebhooks(receivers, store, campaign, account_id, history);
  }
  CheckRates(routes, history);
  CheckOrder(routes, history);
}

}  // namespace campaigner::simulation
