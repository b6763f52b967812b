#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace campaigner::domain {

// An address to which its account sends nothing.
struct StopListEntry {
  int64_t id = 0;
  int64_t account_id = 0;
  // As messages have it: E.164 digits for phone channels.
  std::string address;
  std::string note;
  absl::Time create_time;
};

}  // namespace campaigner::domain
