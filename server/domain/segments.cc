#include "server/domain/segments.h"

#include <algorithm>
#include <array>

namespace campaigner::domain {
namespace {

// Code points below this are looked up in a table; of the others only the euro sign is in GSM-7.
constexpr char32_t kTableSize = 0x400;
constexpr char32_t kEuro = 0x20AC;
constexpr char32_t kReplacement = 0xFFFD;
constexpr int8_t kNotInGsm7 = 0;

// GSM 03.38: the default alphabet, without digits and the plain letters.
constexpr char32_t kBasic[] =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
// Its extension table: an escape, and the character.
constexpr char32_t kExtended[] = U"\f^{}\\[~]|";

// Septets by code point.
constexpr std::array<int8_t, kTableSize> MakeSeptets() {
  std::array<int8_t, kTableSize> septets{};
  for (const char32_t c : kBasic) septets[c] = 1;
  for (const char32_t c : kExtended) septets[c] = 2;
  for (char32_t c = '0'; c <= '9'; ++c) septets[c] = 1;
  for (char32_t c = 'A'; c <= 'Z'; ++c) septets[c] = 1;
  for (char32_t c = 'a'; c <= 'z'; ++c) septets[c] = 1;
  // Both literals end in a NUL, which is in neither table.
  septets[0] = kNotInGsm7;
  return septets;
}
constexpr std::array<int8_t, kTableSize> kSeptets = MakeSeptets();

int8_t Septets(char32_t c) {
  if (c < kTableSize) return kSeptets[c];
  return c == kEuro ? 2 : kNotInGsm7;
}

// Takes one character off valid UTF-8. What is cut off at the end counts as a replacement.
char32_t NextCodePoint(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = kReplacement;
  if (length == 1) {
    c = lead;
  } else if (length <= text.size()) {
    c = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) c = (c << 6) | (byte(i) & 0x3Fu);
  }
  text.remove_prefix(std::min(length, text.size()));
  return c;
}

// Fills parts one after the other.
class Parts {
 public:
  Parts(int32_t alone_max, int32_t part_max) : alone_max_(alone_max), part_max_(part_max) {}

  // A character of 1 or 2 units; it is not split.
  void Add(int32_t units) {
    units_ += units;
    used_ += units;
    if (used_ > part_max_) {
      ++parts_;
      used_ = units;
    }
  }

  SmsSize Size(SmsCoding coding) const {
    return {.coding = coding, .segments = units_ <= alone_max_ ? 1 : parts_, .units = units_};
  }

 private:
  const int32_t alone_max_;
  const int32_t part_max_;
  int32_t units_ = 0;
  int32_t parts_ = 1;
  int32_t used_ = 0;  // Units in the last part.
};

}  // namespace

SmsSize MeasureSms(std::string_view text) {
  Parts gsm7(160, 153);
  Parts ucs2(70, 67);
  bool is_gsm7 = true;
  while (!text.empty()) {
    const char32_t c = NextCodePoint(text);
    ucs2.Add(c > 0xFFFF ? 2 : 1);
    if (!is_gsm7) continue;
    const int8_t septets = Septets(c);
    is_gsm7 = septets != kNotInGsm7;
    gsm7.Add(septets);
  }
  return is_gsm7 ? gsm7.Size(SmsCoding::kGsm7) : ucs2.Size(SmsCoding::kUcs2);
}

}  // namespace campaigner::domain
