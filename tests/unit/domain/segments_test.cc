#include "server/domain/segments.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace campaigner::domain {
namespace {

constexpr auto kGsm7 = SmsCoding::kGsm7;
constexpr auto kUcs2 = SmsCoding::kUcs2;

std::string Times(int count, const std::string& text) {
  std::string repeated;
  for (int i = 0; i < count; ++i) repeated += text;
  return repeated;
}

void ExpectSize(const std::string& text, SmsCoding coding, int32_t units, int32_t segments) {
  const SmsSize size = MeasureSms(text);
  EXPECT_EQ(size.coding, coding) << text.substr(0, 40);
  EXPECT_EQ(size.units, units) << text.substr(0, 40);
  EXPECT_EQ(size.segments, segments) << text.substr(0, 40);
}

TEST(SegmentsTest, LengthsAtTheEdges) {
  ExpectSize("", kGsm7, 0, 1);
  ExpectSize(Times(160, "a"), kGsm7, 160, 1);
  ExpectSize(Times(161, "a"), kGsm7, 161, 2);
  ExpectSize(Times(306, "a"), kGsm7, 306, 2);
  ExpectSize(Times(307, "a"), kGsm7, 307, 3);
  ExpectSize(Times(70, "ж"), kUcs2, 70, 1);
  ExpectSize(Times(71, "ж"), kUcs2, 71, 2);
  ExpectSize(Times(134, "ж"), kUcs2, 134, 2);
  ExpectSize(Times(135, "ж"), kUcs2, 135, 3);
  // One character of another alphabet makes the whole message UCS-2.
  ExpectSize(Times(70, "a") + "ж", kUcs2, 71, 2);
  ExpectSize("ж" + Times(69, "a"), kUcs2, 70, 1);
}

TEST(SegmentsTest, PairsAreNotSplit) {
  ExpectSize(Times(80, "€"), kGsm7, 160, 1);
  ExpectSize(Times(81, "€"), kGsm7, 162, 2);
  // 153 is odd: a pair does not fit behind 152 septets.
  ExpectSize(Times(76, "€") + "{" + Times(9, "a"), kGsm7, 163, 2);
  ExpectSize(Times(152, "a") + "€" + Times(151, "a"), kGsm7, 305, 2);
  ExpectSize(Times(152, "a") + "€" + Times(152, "a"), kGsm7, 306, 3);
  ExpectSize(Times(153, "€"), kGsm7, 306, 3);
  // 67 is odd too.
  ExpectSize(Times(35, "😀"), kUcs2, 70, 1);
  ExpectSize(Times(36, "😀"), kUcs2, 72, 2);
  ExpectSize(Times(66, "😀"), kUcs2, 132, 2);
  ExpectSize(Times(67, "😀"), kUcs2, 134, 3);
  ExpectSize(Times(66, "ж") + "😀" + Times(65, "ж"), kUcs2, 133, 2);
  ExpectSize(Times(66, "ж") + "😀" + Times(66, "ж"), kUcs2, 134, 3);
}

TEST(SegmentsTest, TheAlphabetIsGsm0338) {
  const std::vector<std::string> one = {
      "@", "£", "$", "¥", "è", "é", "ù", "ì", "ò", "Ç", "\n", "Ø", "ø", "\r", "Å", "å", "Δ",
      "_", "Φ", "Γ", "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ", "Æ",  "æ", "ß", "É",  " ", "!", "\"",
      "#", "¤", "%", "&", "'", "(", ")", "*", "+", ",", "-",  ".", "/", ":",  ";", "<", "=",
      ">", "?", "¡", "Ä", "Ö", "Ñ", "Ü", "§", "¿", "ä", "ö",  "ñ", "ü", "à"};
  for (const std::string& character : one) ExpectSize(character, kGsm7, 1, 1);
  for (const std::string character : {"\f", "^", "{", "}", "\\", "[", "~", "]", "|", "€"}) {
    ExpectSize(character, kGsm7, 2, 1);
  }
  for (const std::string character : {"ç", "`", "\t", "\x7F", "á", "Á", "ÿ", "Ё", "α", "—", "’"}) {
    ExpectSize(character, kUcs2, 1, 1);
  }
  ExpectSize(std::string(1, '\0'), kUcs2, 1, 1);
  // With digits and letters 128 characters, the escape included.
  EXPECT_EQ(one.size(), 128u - 1 - 10 - 26 - 26);
  int ascii = 0;
  for (char c = 0; c >= 0 && c < 127; ++c) {
    ascii += MeasureSms(std::string(1, c)).coding == kGsm7;
  }
  EXPECT_EQ(ascii, 10 + 26 + 26 + 24 + 2 + 9);  // Digits, letters, signs, line ends, pairs.
}

TEST(SegmentsTest, TextThatIsNotUtf8IsMeasuredToo) {
  for (const std::string text : {"\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xFF", "\x80"}) {
    EXPECT_EQ(MeasureSms(text).segments, 1);
    EXPECT_EQ(MeasureSms(text).coding, kUcs2);
  }
}

// The same by laying out parts one by one.
int32_t CountParts(const std::vector<int32_t>& characters, int32_t alone, int32_t part) {
  int32_t units = 0;
  for (const int32_t size : characters) units += size;
  if (units <= alone) return 1;
  int32_t parts = 0;
  for (size_t next = 0; next < characters.size(); ++parts) {
    int32_t room = part;
    while (next < characters.size() && characters[next] <= room) room -= characters[next++];
  }
  return parts;
}

TEST(SegmentsTest, AgreesWithLayingOutParts) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    const bool is_gsm7 = random() % 2 == 0;
    std::string text = is_gsm7 ? "" : "ж";
    std::vector<int32_t> characters(is_gsm7 ? 0 : 1, 1);
    const size_t size = random() % 500;
    const size_t pairs = random() % 5;
    for (size_t i = 0; i < size; ++i) {
      const bool is_pair = random() % 4 < pairs;
      text += is_gsm7 ? (is_pair ? "€" : "a") : (is_pair ? "😀" : "я");
      characters.push_back(is_pair ? 2 : 1);
    }
    ASSERT_EQ(MeasureSms(text).segments,
              is_gsm7 ? CountParts(characters, 160, 153) : CountParts(characters, 70, 67))
        << text;
  }
}

}  // namespace
}  // namespace campaigner::domain
