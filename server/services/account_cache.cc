#include "server/services/account_cache.h"

#include "server/base/status_macros.h"

namespace campaigner::services {
namespace {

// More are rarely busy at once; then the cache starts anew.
constexpr size_t kAccountsMax = 10'000;

}  // namespace

absl::StatusOr<std::shared_ptr<const domain::Account>> AccountCache::Get(int64_t account_id) {
  int64_t changes_before = 0;
  {
    base::MutexLock lock(mutex_);
    const auto found = accounts_.find(account_id);
    if (found != accounts_.end()) return found->second;
    changes_before = changes_;
  }
  ASSIGN_OR_RETURN(domain::Account account, store_.GetAccount(account_id));
  auto shared = std::make_shared<const domain::Account>(std::move(account));
  base::MutexLock lock(mutex_);
  if (changes_ == changes_before) {
    if (accounts_.size() >= kAccountsMax) accounts_.clear();
    accounts_[account_id] = shared;
  }
  return shared;
}

bool AccountCache::Has(int64_t account_id) {
  base::MutexLock lock(mutex_);
  return accounts_.contains(account_id);
}

void AccountCache::Forget(int64_t account_id) {
  base::MutexLock lock(mutex_);
  ++changes_;
  accounts_.erase(account_id);
}

}  // namespace campaigner::services
