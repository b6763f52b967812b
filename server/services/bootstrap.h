#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/storage/account_store.h"

namespace campaigner::services {

// On a first start: makes the operator's account, "default", and its admin key. The key's secret,
// or empty where the account has a key already. A start that died in between is completed.
// Blocks.
absl::StatusOr<std::string> Bootstrap(storage::AccountStore& store,
                                      const std::string& default_region, absl::Time now);

}  // namespace campaigner::services
