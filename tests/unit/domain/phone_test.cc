#include "server/domain/phone.h"

#include <gtest/gtest.h>
#include <phonenumbers/phonenumberutil.h>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/domain/phone_tables.h"
#include "tests/support/status_matchers.h"

namespace campaigner::domain {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

const PhoneNormalizer& Normalizer() {
  static const PhoneNormalizer* const normalizer = new PhoneNormalizer;
  return *normalizer;
}

// What libphonenumber alone says.
std::optional<std::string> Ask(const std::string& number, const std::string& region) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber parsed;
  if (util.Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR) return std::nullopt;
  if (util.IsPossibleNumberWithReason(parsed) != PhoneNumberUtil::IS_POSSIBLE) return std::nullopt;
  std::string e164;
  util.Format(parsed, PhoneNumberUtil::E164, &e164);
  return e164.substr(1);
}

std::optional<std::string> Expected(const std::string& number, const std::string& region) {
  const auto in_region = Ask(number, region);
  return in_region || number[0] == '+' ? in_region : Ask("+" + number, region);
}

std::optional<std::string> Actual(const std::string& number, const std::string& region) {
  const auto normalized = Normalizer().Normalize(number, region);
  return normalized.ok() ? std::optional(*normalized) : std::nullopt;
}

TEST(PhoneTest, ReadsNumbersAsPeopleWriteThem) {
  const struct {
    const char* number;
    const char* region;
    const char* e164;
  } cases[] = {
      {"+7 920 123-45-67", "RU", "79201234567"},
      {"8 (920) 123-45-67", "RU", "79201234567"},
      {"79201234567", "RU", "79201234567"},
      {"9201234567", "RU", "79201234567"},
      {"+7 (800) 100-20-30", "RU", "78001002030"},
      {"78001002030", "RU", "78001002030"},
      {"  +7.920.123.45.67  ", "RU", "79201234567"},
      {"+7\u00A0920\u2013123\u201345\u201167", "RU", "79201234567"},
      {"810 380 50 123 45 67", "RU", "380501234567"},
      // International without "+": what the region cannot read.
      {"380501234567", "RU", "380501234567"},
      {"4915112345678", "RU", "4915112345678"},
      {"79201234567", "US", "79201234567"},
      // The region comes first: German numbers have up to 15 digits.
      {"79201234567", "DE", "4979201234567"},
      {"79201234567", "", "79201234567"},
      // The national prefix goes, inside "+49 (0)" too.
      {"030 123456", "DE", "4930123456"},
      {"+49 (0)30 123456", "DE", "4930123456"},
      {"00 49 30 123456", "DE", "4930123456"},
      {"030/123456", "DE", "4930123456"},
      {"(212) 555-1234", "US", "12125551234"},
      {"12125551234", "US", "12125551234"},
      {"011 44 20 7123 4567", "US", "442071234567"},
      // Finland dials abroad with 996, among others: this is an Estonian number, not one of
      // Kyrgyzstan.
      {"9963725123456", "FI", "3725123456"},
      {"0501234567", "UA", "380501234567"},
      {"+54 11 15 1234-5678", "AR", "5491112345678"},
      // Italian numbers keep their zero.
      {"+39 06 6982", "IT", "39066982"},
      {"+800 1234 5678", "RU", "80012345678"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Normalizer().Normalize(c.number, c.region), IsOkAndHolds(std::string(c.e164)))
        << c.number << " in " << c.region;
  }
}

TEST(PhoneTest, SaysWhatIsWrong) {
  const struct {
    std::string number;
    const char* region;
    const char* reason;
  } cases[] = {
      {"", "RU", "is not a phone number"},
      {"   ", "RU", "is not a phone number"},
      {"+", "RU", "is not a phone number"},
      {"++79201234567", "RU", "is not a phone number"},
      {"7920+1234567", "RU", "is not a phone number"},
      {"call me", "RU", "is not a phone number"},
      {"1-800-FLOWERS", "US", "is not a phone number"},
      {"79201234567 ext. 5", "RU", "is not a phone number"},
      {"79201234567;88005553535", "RU", "is not a phone number"},
      {"\u0667\u0669\u0662\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "RU",
       "is not a phone number"},
      {std::string("7920123\0"
                   "4567",
                   12),
       "RU", "is not a phone number"},
      {"79201234\xFF"
       "567",
       "RU", "is not a phone number"},
      {"+7 920 123", "RU", "is too short for a phone number"},
      {"112", "RU", "is too short for a phone number"},
      {"1234567", "US", "is too short for a phone number"},
      {"+1 212 555 12345", "US", "is too long for a phone number"},
      {"12345678901234567890", "RU", "is too long for a phone number"},
      {std::string(100'000, '7'), "RU", "is too long for a phone number"},
      {"+999 1234567", "RU", "starts with an unknown country code"},
      {"+0 1234567", "RU", "starts with an unknown country code"},
      {"0123", "ZZ", "starts with an unknown country code"},
      {"+7 920 123 45 678", "RU", "has the wrong length for a phone number of its country"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Normalizer().Normalize(c.number, c.region), StatusIs(kInvalid, c.reason))
        << c.number.substr(0, 40) << " in " << c.region;
  }
  const std::string spaces(100'000, ' ');
  EXPECT_THAT(Normalizer().Normalize(spaces, "RU"), StatusIs(kInvalid, "is not a phone number"));
  EXPECT_THAT(Normalizer().Normalize("+7" + spaces + "9201234567", "RU"),
              IsOkAndHolds(std::string("79201234567")));
}

TEST(PhoneTest, KnowsRegions) {
  for (const char* region : {"RU", "US", "KZ", "AC", "ZW"}) {
    EXPECT_TRUE(Normalizer().IsRegion(region)) << region;
  }
  for (const char* region : {"", "R", "RUS", "ru", "ZZ", "001", "R\0", "\xFF\xFF", "R["}) {
    EXPECT_FALSE(Normalizer().IsRegion(region)) << region;
  }
}

TEST(PhoneTest, TablesDecideOrdinaryNumbers) {
  const PhoneTables tables;
  const struct {
    const char* digits;
    const char* region;
  } cases[] = {{"79201234567", "RU"},   {"380501234567", "UA"},  {"375291234567", "BY"},
               {"77011234567", "KZ"},   {"12125551234", "US"},   {"447911123456", "GB"},
               {"8613812345678", "CN"}, {"5511987654321", "BR"}, {"33612345678", "FR"},
               {"380501234567", "RU"}};
  for (const auto& c : cases) {
    EXPECT_TRUE(tables.IsPlain(c.digits, true, c.region)) << "+" << c.digits;
    EXPECT_TRUE(tables.IsPlain(c.digits, false, c.region)) << c.digits << " in " << c.region;
  }
  EXPECT_FALSE(tables.IsPlain("89201234567", false, "RU"));
  EXPECT_FALSE(tables.IsPlain("9201234567", false, "RU"));
  EXPECT_FALSE(tables.IsPlain("49030123456", true, "DE"));
  EXPECT_FALSE(tables.IsPlain("", true, "RU"));
  EXPECT_FALSE(tables.IsPlain("79", false, "RU"));
}

// Numbers of every kind: any region's code, national prefixes and digits where they hurt most.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint32_t seed) : random_(seed) {
    const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
    std::set<std::string> regions;
    util.GetSupportedRegions(&regions);
    regions_.assign(regions.begin(), regions.end());
    std::set<int> codes;
    util.GetSupportedCallingCodes(&codes);
    codes_.assign(codes.begin(), codes.end());
  }

  std::string Region() { return Pick(regions_); }

  std::string Number(const std::string& region) {
    const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
    std::string number = Below(2) == 0 ? "+" : "";
    switch (Below(4)) {
      case 0: number += std::to_string(Pick(codes_)); break;
      case 1:
      case 2: number += std::to_string(util.GetCountryCodeForRegion(region)); break;
      default: break;
    }
    if (Below(4) == 0) {
      std::string prefix;
      util.GetNddPrefixForRegion(region, true, &prefix);
      number += prefix;
    }
    const size_t size = Below(20) == 0 ? Below(20) : 6 + Below(7);
    // Few different digits meet prefix rules ("0", "1", "9", "15", "00") more often.
    const std::string_view digits = Below(2) == 0 ? "0123456789" : "01589";
    for (size_t i = 0; i < size; ++i) number += digits[Below(digits.size())];
    return number;
  }

 private:
  size_t Below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

  std::mt19937 random_;
  std::vector<std::string> regions_;
  std::vector<int> codes_;
};

TEST(PhoneTest, AnswersWhatLibphonenumberAnswers) {
  constexpr uint32_t kSeed = 20261122;
  constexpr int kNumbers = 60'000;
  RandomNumbers random(kSeed);
  const PhoneTables tables;
  int plain = 0;
  for (int i = 0; i < kNumbers; ++i) {
    const std::string region = random.Region();
    const std::string number = random.Number(region);
    if (number.empty()) continue;
    const bool has_plus = number[0] == '+';
    plain += tables.IsPlain(number.substr(has_plus ? 1 : 0), has_plus, region);
    ASSERT_EQ(Actual(number, region), Expected(number, region))
        << number << " in " << region << ", number " << i;
  }
  // The comparison means something only if the tables decided a good part.
  EXPECT_GT(plain, kNumbers / 10);
}

// Prefix rules of every region, met on purpose: each start of three digits behind its own code.
TEST(PhoneTest, AnswersTheSameForEveryStartOfANumber) {
  std::mt19937 random(7);
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  for (const char* region :
       {"RU", "KZ", "US", "AG", "AR", "BR", "MX", "CN", "DE", "IT", "SM", "AU", "CR",
        "CO", "HU", "LT", "BY", "JP", "KR", "UY", "NA", "LI", "TR", "CL", "FI"}) {
    const std::string code = std::to_string(util.GetCountryCodeForRegion(region));
    for (int start = 0; start < 1000; start += 3) {
      std::string number = std::to_string(1000 + start).substr(1);
      const size_t size = 5 + random() % 8;
      while (number.size() < size) number += static_cast<char>('0' + random() % 10);
      const std::string international = code + number;
      for (const std::string& written : {international, '+' + international, number}) {
        ASSERT_EQ(Actual(written, region), Expected(written, region))
            << written << " in " << region;
      }
    }
  }
}

TEST(PhoneTest, IsThreadSafe) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        const std::string national = std::to_string(9'200'000'000 + int64_t{t} * 1000 + i);
        EXPECT_THAT(Normalizer().Normalize("+7" + national, "RU"), IsOkAndHolds("7" + national));
        EXPECT_THAT(Normalizer().Normalize("8" + national, "RU"), IsOkAndHolds("7" + national));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace campaigner::domain
