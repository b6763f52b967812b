#include <algorithm>
#include <string>

#include "server/domain/phone.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kNormalizer = new campaigner::domain::PhoneNormalizer();
  const auto number = kNormalizer->Normalize(campaigner::fuzz::Text(data, size), "RU");
  if (!number.ok()) return 0;
  campaigner::fuzz::Require(!number->empty() && number->size() <= 17);
  campaigner::fuzz::Require(
      std::all_of(number->begin(), number->end(), [](char c) { return c >= '0' && c <= '9'; }));
  return 0;
}
