#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/domain/stop_list.h"
#include "server/storage/account_store.h"

namespace campaigner::storage {

// Addresses to which accounts send nothing.
class StopListStore {
 public:
  virtual ~StopListStore() = default;

  // Blocking. How many were not there before; those that were stay as they are. ids are assigned.
  virtual absl::StatusOr<int32_t> AddToStopList(
      const std::vector<domain::StopListEntry>& entries) = 0;
  // Blocking. How many were there.
  virtual absl::StatusOr<int32_t> RemoveFromStopList(int64_t account_id,
                                                     const std::vector<std::string>& addresses) = 0;
  // Blocking. Newest first; `address` empty: all.
  virtual absl::StatusOr<std::vector<domain::StopListEntry>> ListStopList(
      int64_t account_id, const std::string& address, Page page) = 0;

  // Whether the account stops this address. Cheap enough to be asked for every message: what is not
  // stopped is answered from memory (nine bytes for each entry of all accounts), only a hit blocks
  // on a read.
  virtual absl::StatusOr<bool> IsStopListed(int64_t account_id, std::string_view address) = 0;
};

}  // namespace campaigner::storage
