#include "server/domain/address.h"

#include "server/domain/email.h"

namespace campaigner::domain {

absl::StatusOr<std::string> NormalizeAddress(std::string_view address, std::string_view region,
                                             const PhoneNormalizer& phones) {
  if (address.find('@') != std::string_view::npos) return NormalizeEmail(address);
  return phones.Normalize(address, region);
}

}  // namespace campaigner::domain
