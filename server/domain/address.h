#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/domain/phone.h"

namespace campaigner::domain {

// An address as messages have it, whatever the channel: what holds an "@" is an e-mail address,
// anything else a phone number of `region`. INVALID_ARGUMENT with a reason that fits behind a
// field's name.
absl::StatusOr<std::string> NormalizeAddress(std::string_view address, std::string_view region,
                                             const PhoneNormalizer& phones);

}  // namespace campaigner::domain
