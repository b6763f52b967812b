#include "server/domain/address.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "server/base/text.h"
#include "server/domain/email.h"

namespace campaigner::domain {

absl::StatusOr<std::string> NormalizeAddress(std::string_view address, std::string_view region,
                                             const PhoneNormalizer& phones) {
  if (address.find('@') != std::string_view::npos) return NormalizeEmail(address);
  return phones.Normalize(address, region);
}

AddressFinder::AddressFinder(std::string address, std::string region, const PhoneNormalizer& phones)
    : address_(std::move(address)), region_(std::move(region)), phones_(phones) {
  if (address_.find('@') == std::string::npos) national_part_ = phones_.NationalPart(address_);
}

bool AddressFinder::IsIn(std::string_view text) const {
  if (address_.empty()) return false;
  if (national_part_.empty()) {
    const std::string lower = absl::AsciiStrToLower(base::ToAbsl(text));
    if (lower.find(address_) != std::string::npos) return true;
  } else {
    std::string digits;
    for (const char c : text) {
      if (absl::ascii_isdigit(static_cast<unsigned char>(c))) digits += c;
    }
    if (digits.find(national_part_) != std::string::npos) return true;
  }
  const auto normalized = NormalizeAddress(text, region_, phones_);
  return normalized.ok() && *normalized == address_;
}

}  // namespace campaigner::domain
