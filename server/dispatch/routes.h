#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "server/providers/provider.h"
#include "server/storage/campaign_store.h"
#include "server/storage/route_picker.h"

namespace campaigner::dispatch {

// See RouteConfig; the provider is resolved.
struct RouteOptions {
  std::string name;
  std::string channel = "sms";
  // Leading digits that it carries; empty: all recipients of the channel.
  std::vector<std::string> prefixes;
  std::string provider_name;
  // Not owned.
  providers::Provider* provider = nullptr;
  // Messages with the provider at once; 0: what the provider says.
  int concurrency_max = 0;
  // 0: no limit.
  double messages_per_second_max = 0;
  // It counts segments.
  bool rate_counts_segments = false;
  // What becomes of an unknown outcome: sent again, or UNKNOWN for good.
  bool retry_unknown = true;
  // Millionths for each segment, or message of another channel than SMS.
  int64_t price_micros = 0;
};

struct Route {
  // The stable number of the name; see CampaignStore::InternRoute.
  int64_t id = 0;
  RouteOptions options;
  // options.concurrency_max, resolved.
  int concurrency_max = 1;
  // Position of its provider among RouteTable::providers().
  size_t provider_index = 0;
};

// Which route carries what. Immutable, so thread-safe.
class RouteTable {
 public:
  struct ProviderEntry {
    std::string name;
    providers::Provider* provider = nullptr;
  };

  // Numbers the routes in `store` (blocks). INVALID_ARGUMENT names the field: a name that is empty
  // or taken, no provider, a prefix that two routes of a channel claim, a negative limit.
  static absl::StatusOr<RouteTable> Make(std::vector<RouteOptions> options,
                                         storage::CampaignStore& store);

  // The route whose prefix is the longest that `recipient` starts with; nullopt: nobody carries it.
  // Cheap: called for every message that is accepted.
  std::optional<int64_t> Pick(std::string_view channel, std::string_view recipient) const;

  // The same for the store, with the price. The table must outlive it.
  storage::RoutePicker Picker() const;

  // Null for a route that the configuration does not name (any more).
  const Route* Find(int64_t route_id) const;

  // Of a segment, in millionths; 0 for a route that the configuration does not name.
  int64_t PriceMicros(int64_t route_id) const;

  // In the order of the configuration.
  const std::vector<Route>& routes() const { return routes_; }
  const std::vector<ProviderEntry>& providers() const { return providers_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Channel {
    std::unordered_map<std::string, int64_t, TextHash, std::equal_to<>> by_prefix;
    // Lengths that occur, the longest first.
    std::vector<size_t> lengths;
  };

  absl::Status AddPrefixes(const Route& route);
  void AddProvider(Route& route);

  std::vector<Route> routes_;
  std::vector<ProviderEntry> providers_;
  std::unordered_map<int64_t, size_t> by_id_;
  std::map<std::string, Channel, std::less<>> channels_;
};

}  // namespace campaigner::dispatch
