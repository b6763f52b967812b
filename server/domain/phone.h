#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace campaigner::domain {

class PhoneTables;

// Phone numbers as people write them, to E.164 digits without "+". By libphonenumber: a number
// counts if it is possible (country code and length), not only if it is known to be assigned. What
// is plainly international is decided by tables made from libphonenumber, a hundred times faster,
// with the same result. Making them takes some milliseconds: one normalizer serves all.
// Thread-safe.
class PhoneNormalizer {
 public:
  PhoneNormalizer();
  ~PhoneNormalizer();

  // "79201234567" for "+7 920 123-45-67", "8 (920) 123-45-67" and "79201234567" with region "RU".
  // Digits that make no number in the region are read as an international one without its "+".
  // INVALID_ARGUMENT with a reason that fits behind a field's name ("is too short for a phone
  // number").
  absl::StatusOr<std::string> Normalize(std::string_view number, std::string_view region) const;

  // What stands behind the country code of a number as Normalize answers it; all of it where it has
  // none that is known.
  std::string NationalPart(const std::string& number) const;

  // Whether `region` is an ISO 3166-1 alpha-2 code that libphonenumber knows.
  bool IsRegion(std::string_view region) const;

 private:
  const std::unique_ptr<const PhoneTables> tables_;
};

}  // namespace campaigner::domain
