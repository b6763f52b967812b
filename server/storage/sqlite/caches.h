#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "server/domain/account.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/cache.h"
#include "server/storage/sqlite/effects.h"
#include "server/storage/sqlite/stop_filter.h"

namespace campaigner::storage::sqlite {

// Everything that is answered without asking SQLite. Capacities are per generation (see Cache).
struct Caches {
  Cache<int64_t, CampaignRowPtr> campaigns{4096};
  Cache<std::string, std::shared_ptr<const domain::ApiKey>> api_keys{4096};
  Cache<int64_t, std::shared_ptr<const domain::WebhookSecrets>> webhook_secrets{4096};
  // By campaign and version. A text may have 40 KB.
  Cache<std::pair<int64_t, int32_t>, std::shared_ptr<const std::string>> templates{256};
  Cache<int64_t, std::string> route_names{1024};
  Cache<std::string, int64_t> route_ids{1024};
  StopFilter stop_filter;
  // Which new messages go to which address.
  RecentAddresses recent_addresses;
  // Webhook deliveries that are PENDING.
  std::atomic<int64_t> pending_webhooks{0};
};

}  // namespace campaigner::storage::sqlite
