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

// Looks for an address in what people wrote. Thread-safe.
class AddressFinder {
 public:
  // `address`: as NormalizeAddress answers it. `phones` must outlive it.
  AddressFinder(std::string address, std::string region, const PhoneNormalizer& phones);

  // Whether `text` is the address in any form, or holds it: an e-mail address in upper or lower
  // case; a phone number's digits, with or without the country code, whatever stands between them.
  bool IsIn(std::string_view text) const;

 private:
  const std::string address_;
  const std::string region_;
  const PhoneNormalizer& phones_;
  // Of a phone number; empty: it is none.
  std::string national_part_;
};

}  // namespace campaigner::domain
