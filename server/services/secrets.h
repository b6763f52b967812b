#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/domain/account.h"

namespace campaigner::services {

// `size` bytes from the system's source of randomness. INTERNAL where it has none.
absl::StatusOr<std::string> RandomBytes(size_t size);

// The secret of a new API key: 40 letters and digits, 238 bits.
absl::StatusOr<std::string> MakeKeySecret();

// Puts what is kept of `secret` into `key`: its hash, and the first characters.
void SetSecret(const std::string& secret, domain::ApiKey& key);

}  // namespace campaigner::services
