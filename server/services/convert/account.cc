#include "server/services/convert/account.h"

#include <fmt/format.h>

#include <limits>

#include "absl/time/time.h"
#include "server/base/limits.h"
#include "server/net/http_client.h"
#include "server/services/convert/time.h"
#include "server/services/convert/zone.h"

namespace campaigner::services {

namespace limits = base::limits;

void AccountToProto(const domain::Account& account, v1::Account* proto) {
  proto->set_id(account.id);
  proto->set_display_name(account.display_name);
  proto->set_default_region(account.default_region);
  proto->set_time_zone(account.time_zone);
  proto->set_operator_(account.is_operator);
  TimeToProto(account.create_time, proto->mutable_create_time());
  proto->set_rate_limit(account.rate.limit);
  if (account.rate.limit > 0) {
    DurationToProto(account.rate.period, proto->mutable_rate_period());
    proto->set_rate_counts_segments(account.rate.unit == domain::RateUnit::kSegments);
  }
}

domain::Account AccountFromProto(const v1::Account& proto, std::string_view default_region,
                                 const domain::PhoneNormalizer& phones, Violations& violations) {
  domain::Account account;
  account.display_name = proto.display_name();
  violations.CheckRequired("account.display_name", account.display_name,
                           limits::kDisplayNameCharsMax);
  account.default_region =
      proto.default_region().empty() ? std::string(default_region) : proto.default_region();
  if (!phones.IsRegion(account.default_region)) {
    violations.Add("account.default_region", "is not an ISO 3166-1 alpha-2 region, such as \"RU\"");
  }
  account.time_zone = proto.time_zone().empty() ? "UTC" : proto.time_zone();
  CheckTimeZone("account.time_zone", account.time_zone, violations);
  account.rate.limit = proto.rate_limit();
  violations.CheckRange("account.rate_limit", account.rate.limit, 0,
                        std::numeric_limits<int32_t>::max());
  account.rate.period =
      ReadDuration("account.rate_period", proto.has_rate_period(), proto.rate_period(),
                   absl::Seconds(1), limits::kTimeoutMax, violations);
  if (proto.rate_counts_segments()) account.rate.unit = domain::RateUnit::kSegments;
  if (account.rate.limit == 0) {
    constexpr std::string_view kReason = "must not be set where rate_limit is 0 or absent";
    if (proto.has_rate_period()) violations.Add("account.rate_period", kReason);
    if (proto.rate_counts_segments()) violations.Add("account.rate_counts_segments", kReason);
  }
  return account;
}

void ApiKeyToProto(const domain::ApiKey& key, v1::ApiKey* proto) {
  proto->set_id(key.id);
  proto->set_account_id(key.account_id);
  proto->set_display_name(key.display_name);
  proto->set_scope(static_cast<v1::ApiKey::Scope>(key.scope));
  for (const std::string& network : key.client_networks) proto->add_client_networks(network);
  proto->set_messages_per_second_max(key.messages_per_second_max);
  if (key.expire_time) TimeToProto(*key.expire_time, proto->mutable_expire_time());
  proto->set_prefix(key.prefix);
  TimeToProto(key.create_time, proto->mutable_create_time());
  if (key.revoke_time) TimeToProto(*key.revoke_time, proto->mutable_revoke_time());
}

domain::ApiKey ApiKeyFromProto(const v1::ApiKey& proto, Violations& violations) {
  domain::ApiKey key;
  key.display_name = proto.display_name();
  violations.CheckText("api_key.display_name", key.display_name, limits::kDisplayNameCharsMax);
  if (proto.scope() < v1::ApiKey::SEND || proto.scope() > v1::ApiKey::ADMIN) {
    violations.Add("api_key.scope", "must be SEND, MANAGE or ADMIN");
  } else {
    key.scope = static_cast<domain::Scope>(proto.scope());
  }
  key.client_networks.assign(proto.client_networks().begin(), proto.client_networks().end());
  if (key.client_networks.size() > limits::kClientNetworksMax) {
    violations.Add("api_key.client_networks",
                   fmt::format("must be at most {}", limits::kClientNetworksMax));
  } else {
    for (size_t i = 0; i < key.client_networks.size(); ++i) {
      if (!net::NetworkList::Parse({key.client_networks[i]}).ok()) {
        violations.Add(fmt::format("api_key.client_networks[{}]", i),
                       "is no network in CIDR form, such as \"203.0.113.0/24\"");
      }
    }
  }
  key.messages_per_second_max = proto.messages_per_second_max();
  violations.CheckRange("api_key.messages_per_second_max", key.messages_per_second_max, 0,
                        std::numeric_limits<int32_t>::max());
  if (proto.has_expire_time()) {
    key.expire_time = ReadTime("api_key.expire_time", proto.expire_time(), violations);
  }
  return key;
}

}  // namespace campaigner::services
