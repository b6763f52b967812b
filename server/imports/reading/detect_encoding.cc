#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "server/base/text.h"
#include "server/imports/reading/decoder.h"
#include "server/imports/reading/detect.h"

namespace campaigner::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF"sv;
constexpr std::string_view kUtf16LittleMark = "\xFF\xFE"sv;
constexpr std::string_view kUtf16BigMark = "\xFE\xFF"sv;

// Zeros among the first and among the second bytes of pairs.
struct Zeros {
  size_t first = 0;
  size_t second = 0;
};

Zeros CountZeros(std::string_view sample) {
  Zeros zeros;
  for (size_t i = 0; i < sample.size(); ++i) {
    if (sample[i] == '\0') ++(i % 2 == 0 ? zeros.first : zeros.second);
  }
  return zeros;
}

// Digits, separators and line ends have a zero byte, Russian letters have none.
bool HasUtf16Zeros(std::string_view sample) {
  const Zeros zeros = CountZeros(sample);
  const size_t more = std::max(zeros.first, zeros.second);
  const size_t fewer = std::min(zeros.first, zeros.second);
  return more > 0 && more >= sample.size() / 16 && fewer <= more / 16;
}

// Whether `sample` is the start of one character.
bool IsCutOff(std::string_view sample) {
  const auto lead = static_cast<uint8_t>(sample[0]);
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  return sample.size() < size && std::all_of(sample.begin() + 1, sample.end(), [](char c) {
           return (static_cast<uint8_t>(c) & 0xC0) == 0x80;
         });
}

// Valid characters of several bytes that are needed for each byte that is none.
constexpr size_t kValidPerInvalid = 4;

bool LooksLikeUtf8(std::string_view sample) {
  size_t valid = 0;
  size_t invalid = 0;
  while (!sample.empty()) {
    if (static_cast<uint8_t>(sample[0]) < 0x80) {
      sample.remove_prefix(1);
      continue;
    }
    size_t size = 2;
    while (size <= 4 && size <= sample.size() && !base::IsValidUtf8(sample.substr(0, size))) ++size;
    if (size <= 4 && size <= sample.size()) {
      ++valid;
      sample.remove_prefix(size);
      continue;
    }
    if (valid > 0 && IsCutOff(sample)) break;
    ++invalid;
    sample.remove_prefix(1);
  }
  return invalid * kValidPerInvalid <= valid;
}

// Per mille of the letters of Russian texts, from "а" on (the National Corpus of Russian).
constexpr std::array<double, 32> kLetterFrequencies = {
    80.1, 15.9, 45.4, 17.0, 29.8, 84.5, 9.4, 16.5, 73.5, 12.1, 34.9, 44.0, 32.1, 67.0, 109.7, 28.1,
    47.3, 54.7, 62.6, 26.2, 2.6,  9.7,  4.8, 14.4, 7.3,  3.6,  0.4,  19.0, 17.4, 3.2,  6.4,   20.1};
constexpr double kIoFrequency = 0.4;
// A mark that typographers use, and anything else that no letter is.
constexpr double kMarkFrequency = 0.3;
constexpr double kOtherFrequency = 0.01;
// Of a capital at a word's start, among capitals, and behind a small letter.
constexpr double kCapitalFirst = 0.7;
constexpr double kCapitalOnly = 0.8;
constexpr double kCapitalInside = 0.005;

constexpr char32_t kIoSmall = 0x451;
constexpr char32_t kIoCapital = 0x401;

enum class Letter : uint8_t { kNone, kSmall, kCapital };

struct Judged {
  Letter letter = Letter::kNone;
  double frequency = kOtherFrequency;
};

Judged Judge(char32_t c) {
  if (c >= 0x430 && c <= 0x44F) return {Letter::kSmall, kLetterFrequencies[c - 0x430]};
  if (c >= 0x410 && c <= 0x42F) return {Letter::kCapital, kLetterFrequencies[c - 0x410]};
  if (c == kIoSmall) return {Letter::kSmall, kIoFrequency};
  if (c == kIoCapital) return {Letter::kCapital, kIoFrequency};
  // No-break space, quotation marks, dashes, the numero sign.
  constexpr std::u32string_view kMarks = U"\u00A0\u00AB\u00BB\u2013\u2014\u201C\u201D\u201E\u2116";
  return {Letter::kNone, kMarks.find(c) != kMarks.npos ? kMarkFrequency : kOtherFrequency};
}

// Of a character of two or three bytes in valid UTF-8 at the start of `text`.
char32_t FirstCharacter(std::string_view text) {
  const auto bits = [&](size_t i) { return static_cast<uint8_t>(text[i]) & 0x3FU; };
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0xE0) return (lead & 0x1FU) << 6 | bits(1);
  return (lead & 0x0FU) << 12 | bits(1) << 6 | bits(2);
}

// The logarithm of how likely `sample` is as Russian in `encoding`: by its letters, and by where
// its capitals are, which tells KOI8-R from Windows-1251: each has the other's small letters.
double LikelihoodOf(std::string_view sample, Encoding encoding) {
  const Decoder decoder(encoding, false);
  std::string text(sample.size() * Decoder::kGrowth, '\0');
  text.resize(decoder.Decode(sample, true, text.data()).bytes_out);
  double likelihood = 0;
  Letter previous = Letter::kNone;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x80) {
      previous = Letter::kNone;
      continue;
    }
    if ((byte & 0xC0) == 0x80) continue;
    const Judged judged = text[i] == Decoder::kInvalidByte
                              ? Judged{}
                              : Judge(FirstCharacter(std::string_view(text).substr(i)));
    double frequency = judged.frequency;
    if (judged.letter == Letter::kCapital) {
      frequency *= previous == Letter::kSmall     ? kCapitalInside
                   : previous == Letter::kCapital ? kCapitalOnly
                                                  : kCapitalFirst;
    }
    likelihood += std::log(frequency);
    previous = judged.letter;
  }
  return likelihood;
}

}  // namespace

Encoding DetectEncoding(std::string_view sample) {
  if (sample.starts_with(kUtf8Mark)) return Encoding::kUtf8;
  if (sample.starts_with(kUtf16LittleMark) || sample.starts_with(kUtf16BigMark)) {
    return Encoding::kUtf16;
  }
  if (HasUtf16Zeros(sample)) return Encoding::kUtf16;
  if (LooksLikeUtf8(sample)) return Encoding::kUtf8;
  Encoding likeliest = Encoding::kWindows1251;
  double best = LikelihoodOf(sample, likeliest);
  for (const Encoding encoding : {Encoding::kKoi8R, Encoding::kCp866}) {
    const double likelihood = LikelihoodOf(sample, encoding);
    if (likelihood > best) {
      best = likelihood;
      likeliest = encoding;
    }
  }
  return likeliest;
}

bool IsBigEndianUtf16(std::string_view sample) {
  if (sample.starts_with(kUtf16BigMark)) return true;
  if (sample.starts_with(kUtf16LittleMark)) return false;
  const Zeros zeros = CountZeros(sample);
  return zeros.first > zeros.second;
}

size_t ByteOrderMarkSize(std::string_view sample, Encoding encoding) {
  if (encoding == Encoding::kUtf8 && sample.starts_with(kUtf8Mark)) return kUtf8Mark.size();
  const bool has_utf16_mark =
      sample.starts_with(kUtf16LittleMark) || sample.starts_with(kUtf16BigMark);
  return encoding == Encoding::kUtf16 && has_utf16_mark ? kUtf16LittleMark.size() : 0;
}

}  // namespace campaigner::imports
