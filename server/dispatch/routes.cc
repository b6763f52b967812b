#include "server/dispatch/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"

namespace campaigner::dispatch {
namespace {

absl::Status Check(const RouteOptions& options, std::set<std::string>& names) {
  const std::string at = fmt::format("routes[{}]", options.name);
  if (options.name.empty()) return domain::errors::InvalidField("routes.name", "is required");
  if (!names.insert(options.name).second) {
    return domain::errors::InvalidField(at + ".name", "is used by another route");
  }
  if (options.provider == nullptr) {
    return domain::errors::InvalidField(at + ".provider", "must name a provider");
  }
  if (options.channel.empty()) return domain::errors::InvalidField(at + ".channel", "is required");
  if (options.concurrency_max < 0) {
    return domain::errors::InvalidField(at + ".concurrency_max", "must not be negative");
  }
  // Written so that a NaN fails too.
  if (!(options.messages_per_second_max >= 0 && options.messages_per_second_max <= 1e6)) {
    return domain::errors::InvalidField(at + ".messages_per_second_max",
                                        "must be from 0 to 1000000");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RouteTable> RouteTable::Make(std::vector<RouteOptions> options,
                                            storage::CampaignStore& store) {
  RouteTable table;
  std::set<std::string> names;
  for (RouteOptions& one : options) {
    RETURN_IF_ERROR(Check(one, names));
    Route route;
    ASSIGN_OR_RETURN(route.id, store.InternRoute(one.name));
    route.concurrency_max = one.concurrency_max > 0
                                ? one.concurrency_max
                                : std::max(one.provider->capabilities().concurrency_default, 1);
    route.options = std::move(one);
    table.AddProvider(route);
    RETURN_IF_ERROR(table.AddPrefixes(route));
    table.by_id_[route.id] = table.routes_.size();
    table.routes_.push_back(std::move(route));
  }
  return table;
}

void RouteTable::AddProvider(Route& route) {
  const auto known = std::find_if(
      providers_.begin(), providers_.end(),
      [&](const ProviderEntry& entry) { return entry.provider == route.options.provider; });
  route.provider_index = static_cast<size_t>(known - providers_.begin());
  if (known == providers_.end()) {
    providers_.push_back({route.options.provider_name, route.options.provider});
  }
}

absl::Status RouteTable::AddPrefixes(const Route& route) {
  Channel& channel = channels_[route.options.channel];
  std::vector<std::string> prefixes = route.options.prefixes;
  if (prefixes.empty()) prefixes.emplace_back();
  for (const std::string& prefix : prefixes) {
    if (!channel.by_prefix.emplace(prefix, route.id).second) {
      return domain::errors::InvalidField(
          fmt::format("routes[{}].prefixes", route.options.name),
          fmt::format("\"{}\" is carried by another route of the channel", prefix));
    }
    channel.lengths.push_back(prefix.size());
  }
  std::sort(channel.lengths.rbegin(), channel.lengths.rend());
  channel.lengths.erase(std::unique(channel.lengths.begin(), channel.lengths.end()),
                        channel.lengths.end());
  return absl::OkStatus();
}

std::optional<int64_t> RouteTable::Pick(std::string_view channel,
                                        std::string_view recipient) const {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return std::nullopt;
  for (size_t length : found->second.lengths) {
    if (length > recipient.size()) continue;
    const auto route = found->second.by_prefix.find(recipient.substr(0, length));
    if (route != found->second.by_prefix.end()) return route->second;
  }
  return std::nullopt;
}

storage::RoutePicker RouteTable::Picker() const {
  return [this](std::string_view channel,
                std::string_view recipient) -> std::optional<storage::PickedRoute> {
    const std::optional<int64_t> id = Pick(channel, recipient);
    if (!id.has_value()) return std::nullopt;
    return storage::PickedRoute{*id, PriceMicros(*id)};
  };
}

const Route* RouteTable::Find(int64_t route_id) const {
  const auto found = by_id_.find(route_id);
  return found == by_id_.end() ? nullptr : &routes_[found->second];
}

int64_t RouteTable::PriceMicros(int64_t route_id) const {
  const Route* route = Find(route_id);
  return route == nullptr ? 0 : route->options.price_micros;
}

}  // namespace campaigner::dispatch
