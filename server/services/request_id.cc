#include "server/services/request_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"

namespace campaigner::services {

void CheckRequestId(std::string_view request_id, Violations& violations) {
  const bool is_printable = std::all_of(request_id.begin(), request_id.end(),
                                        [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (request_id.size() > base::limits::kRequestIdBytesMax || !is_printable) {
    violations.Add("request_id", fmt::format("must be at most {} printable ASCII characters",
                                             base::limits::kRequestIdBytesMax));
  }
}

}  // namespace campaigner::services
