#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/limits.h"
#include "server/services/convert/violations.h"
#include "server/services/environment.h"
#include "server/storage/account_store.h"

namespace campaigner::services {

// The page that a list request asks for: 0 means limits::kPageSizeDefault, more than
// limits::kPageSizeMax means that. Negative sizes go to `violations`. INVALID_ARGUMENT for a token
// that was not given for this request.
template <typename Request>
absl::StatusOr<storage::Page> ReadPage(const CallContext& call, const Request& request,
                                       Violations& violations) {
  violations.CheckRange("page_size", request.page_size(), 0, std::numeric_limits<int32_t>::max());
  auto after_id = call.env.page_tokens.Read(request, call.account_id(), request.page_token());
  if (!after_id.ok()) return after_id.status();
  const int32_t wanted =
      request.page_size() == 0 ? base::limits::kPageSizeDefault : request.page_size();
  return storage::Page{.after_id = *after_id, .size = std::min(wanted, base::limits::kPageSizeMax)};
}

// Where the page after `rows` goes on; 0 where these were the last. `rows` were asked for with one
// more than `page.size`, which is dropped here.
template <typename Row>
int64_t CutPage(const storage::Page& page, std::vector<Row>& rows) {
  if (rows.size() <= static_cast<size_t>(page.size)) return 0;
  rows.resize(static_cast<size_t>(page.size));
  return rows.back().id;
}

}  // namespace campaigner::services
