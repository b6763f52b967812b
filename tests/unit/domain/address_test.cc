#include "server/domain/address.h"

#include <gtest/gtest.h>

namespace campaigner::domain {
namespace {

TEST(AddressFinderTest, FindsANumberHoweverItIsWritten) {
  const PhoneNormalizer phones;
  const AddressFinder finder("77010000001", "KZ", phones);
  for (const char* text :
       {"77010000001", "+7 (701) 000-00-01", "8 701 000 00 01", "7010000001", "007 7010000001",
        "77010000001 or 77010000001", "Ann, 701/000.00.01, at night", "000077010000001000"}) {
    EXPECT_TRUE(finder.IsIn(text)) << text;
  }
  for (const char* text : {"", "77010000002", "701000000", "1000000107", "Ann"}) {
    EXPECT_FALSE(finder.IsIn(text)) << text;
  }
}

TEST(AddressFinderTest, FindsAnEmailAddressInAnyCase) {
  const PhoneNormalizer phones;
  const AddressFinder finder("anna@xn--e1afmkfd.xn--p1ai", "KZ", phones);
  EXPECT_TRUE(finder.IsIn(" Anna@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444 "));
  EXPECT_TRUE(finder.IsIn("Anna <ANNA@XN--E1AFMKFD.xn--p1ai>"));
  EXPECT_FALSE(finder.IsIn("bob@xn--e1afmkfd.xn--p1ai"));
  EXPECT_FALSE(finder.IsIn(""));
}

// Once the address is dropped from the checkpoint there is nothing to look for.
TEST(AddressFinderTest, NothingIsInNothing) {
  const PhoneNormalizer phones;
  EXPECT_FALSE(AddressFinder("", "KZ", phones).IsIn("77010000001"));
  EXPECT_FALSE(AddressFinder("", "KZ", phones).IsIn(""));
}

}  // namespace
}  // namespace campaigner::domain
