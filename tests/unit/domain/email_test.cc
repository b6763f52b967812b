#include "server/domain/email.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace campaigner::domain {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(EmailTest, AddressesBecomeOneForm) {
  const struct {
    std::string written;
    std::string stored;
  } cases[] = {
      {"anna@example.com", "anna@example.com"},
      {" Anna.Petrova@Example.COM\r\n", "anna.petrova@example.com"},
      {"a@b.co", "a@b.co"},
      {"anna+news@mail.example.com", "anna+news@mail.example.com"},
      {"!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
      {"anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"},
      {"anna@ПРИМЕР.РФ", "anna@xn--e1afmkfd.xn--p1ai"},
      {"anna@XN--E1AFMKFD.xn--p1ai", "anna@xn--e1afmkfd.xn--p1ai"},
      {"anna@straße.de", "anna@xn--strae-oqa.de"},
      // The ideographic full stop is a dot to UTS #46.
      {"anna@пример。рф", "anna@xn--e1afmkfd.xn--p1ai"},
      {"anna@1c.ru", "anna@1c.ru"},
      {std::string(64, 'a') + "@example.com", std::string(64, 'a') + "@example.com"},
      {"a@" + std::string(63, 'b') + ".com", "a@" + std::string(63, 'b') + ".com"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(NormalizeEmail(c.written), IsOkAndHolds(c.stored)) << c.written;
    EXPECT_THAT(NormalizeEmail(c.stored), IsOkAndHolds(c.stored)) << c.stored;
  }
}

TEST(EmailTest, WhatIsNoAddressIsRefused) {
  std::string long_domain = "a@";
  for (int i = 0; i < 50; ++i) long_domain += "label.";
  long_domain += "com";
  std::string long_address = std::string(64, 'a') + "@";
  for (int i = 0; i < 32; ++i) long_address += "label.";
  long_address += "com";
  const struct {
    std::string written;
    const char* why;
  } cases[] = {
      {"", "is not an e-mail address: it has no @"},
      {"79201234567", "is not an e-mail address: it has no @"},
      {"@example.com", "has no name before the @"},
      {"anna@", "has no domain behind the @"},
      {"anna@localhost", "has no full domain behind the @"},
      {"anna petrova@example.com",
       "has a character before the @ that an e-mail address cannot have"},
      {"anna@home@example.com", "has a character before the @ that an e-mail address cannot have"},
      {"\"anna\"@example.com", "has a character before the @ that an e-mail address cannot have"},
      {"анна@example.com", "has a character before the @ that an e-mail address cannot have"},
      {"Anna <anna@example.com>",
       "has a character before the @ that an e-mail address cannot have"},
      {"<anna@example.com>", "has a character before the @ that an e-mail address cannot have"},
      {"anna@example.com>", "has no valid domain behind the @"},
      {".anna@example.com", "has a dot in a wrong place before the @"},
      {"anna.@example.com", "has a dot in a wrong place before the @"},
      {"an..na@example.com", "has a dot in a wrong place before the @"},
      {"anna@.example.com", "has a dot in a wrong place behind the @"},
      {"anna@example.com.", "has a dot in a wrong place behind the @"},
      {"anna@example..com", "has a dot in a wrong place behind the @"},
      {"anna@-example.com", "has no valid domain behind the @"},
      {"anna@example-.com", "has no valid domain behind the @"},
      {"anna@exa_mple.com", "has no valid domain behind the @"},
      {"anna@exam ple.com", "has no valid domain behind the @"},
      {"anna@[127.0.0.1]", "has no valid domain behind the @"},
      {"anna@127.0.0.1", "has no valid domain behind the @"},
      {"anna@xn--a.com", "has no valid domain behind the @"},
      {"anna@пример .рф", "has no valid domain behind the @"},
      {"a@" + std::string(64, 'b') + ".com", "has no valid domain behind the @"},
      {std::string(65, 'a') + "@example.com", "has more than 64 characters before the @"},
      {"anna@example.com\xFF", "is not valid UTF-8"},
      {std::string("an\0na@example.com", 17),
       "has a character before the @ that an e-mail address cannot have"},
      {long_domain, "has a domain that is too long"},
      {long_address, "is too long for an e-mail address"},
      {std::string(5'000'000, 'a') + "@example.com", "is too long for an e-mail address"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(NormalizeEmail(c.written), StatusIs(kInvalid, c.why)) << c.written.substr(0, 80);
  }
}

}  // namespace
}  // namespace campaigner::domain
