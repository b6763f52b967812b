#pragma once

#include <cstdint>
#include <string_view>

namespace campaigner::domain {

enum class SmsCoding : uint8_t { kGsm7, kUcs2 };

struct SmsSize {
  SmsCoding coding = SmsCoding::kGsm7;
  int32_t segments = 1;
  // Septets or UTF-16 code units.
  int32_t units = 0;
};

// How `text` (valid UTF-8) goes out as SMS, by GSM 03.38: GSM-7 if every character is in it, else
// UCS-2; 160 septets or 70 units alone, 153 or 67 in each of several. A pair (escape or surrogate)
// is not split over two parts. An empty text is one segment.
SmsSize MeasureSms(std::string_view text);

}  // namespace campaigner::domain
