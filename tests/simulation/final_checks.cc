#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/domain/webhook.h"
#include "tests/simulation/checks.h"

namespace campaigner::simulation {
namespace {

using domain::MessageState;
using domain::WebhookState;

constexpr int32_t kPage = 1000;

// Only a route that does not repeat what it knows nothing of leaves it so.
void CheckUnknown(const domain::Message& message, const std::vector<WorldRoute>& routes,
                  History& history) {
  if (message.state != MessageState::kUnknown) return;
  const auto sent = history.messages.find(message.id);
  if (sent != history.messages.end() && routes[sent->second.route].retry_unknown) {
    history.Violated(fmt::format("{}: given up as unknown", message.id));
  }
}

void CheckMessages(const std::vector<WorldRoute>& routes, const StateWatch& watch,
                   storage::Store& store, int64_t campaign_id, int64_t account_id,
                   History& history) {
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
      CheckUnknown(message, routes, history);
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

}  // namespace

void CheckEnd(const std::vector<WorldRoute>& routes, const StateWatch& watch,
              const Receivers& receivers, storage::Store& store, int64_t account_id,
              History& history) {
  for (const auto& [id, campaign] : history.campaigns) {
    CheckMessages(routes, watch, store, id, account_id, history);
    CheckWebhooks(receivers, store, campaign, account_id, history);
  }
  CheckTurns(routes, history);
}

}  // namespace campaigner::simulation
