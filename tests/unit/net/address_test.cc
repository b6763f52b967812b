#include "server/net/address.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace campaigner::net {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

TEST(IsPublicAddressTest, KnowsWhatIsNotPublic) {
  for (const char* address : {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.7",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::7f00:1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:a9fe:a9fe",
                              "64:ff9b::127.0.0.1",
                              "64:ff9b::a00:1",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:2::1",
                              "2001:db8::1",
                              "2002:7f00:1::1",
                              "2002:a00:1::",
                              "2002:c0a8:101::1",
                              "3fff::1",
                              "4000::1",
                              "5f00::1",
                              "fc00::1",
                              "fd12:3456::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1"}) {
    EXPECT_FALSE(IsPublicAddress(address)) << address;
  }
}

TEST(IsPublicAddressTest, KnowsWhatIsPublic) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
        "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1"}) {
    EXPECT_TRUE(IsPublicAddress(address)) << address;
  }
}

TEST(IsPublicAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "example.com", "1.2.3", "1.2.3.4.5", "8.8.8.8 ", "2606:4700::g"}) {
    EXPECT_FALSE(IsPublicAddress(text)) << text;
  }
}

TEST(NetworkListTest, ContainsByPrefix) {
  ASSERT_OK_AND_ASSIGN(const NetworkList list,
                       NetworkList::Parse({"10.0.0.0/8", "192.168.4.0/22", "203.0.113.9",
                                           "2001:db8::/33", "0.0.0.0/32"}));
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.168.7.255", "203.0.113.9",
                             "2001:db8:7fff::1", "::ffff:10.1.1.1", "0.0.0.0"}) {
    EXPECT_TRUE(list.Contains(inside)) << inside;
  }
  for (const char* outside : {"11.0.0.0", "192.168.8.0", "203.0.113.8", "2001:db8:8000::1",
                              "::10.1.1.1", "0.0.0.1", "", "10"}) {
    EXPECT_FALSE(list.Contains(outside)) << outside;
  }
}

TEST(NetworkListTest, PrefixZeroIsEverythingOfItsFamily) {
  ASSERT_OK_AND_ASSIGN(const NetworkList ipv4, NetworkList::Parse({"0.0.0.0/0"}));
  EXPECT_TRUE(ipv4.Contains("8.8.8.8"));
  EXPECT_FALSE(ipv4.Contains("2606:4700::1111"));
  ASSERT_OK_AND_ASSIGN(const NetworkList ipv6, NetworkList::Parse({"::/0"}));
  EXPECT_TRUE(ipv6.Contains("2606:4700::1111"));
}

TEST(NetworkListTest, EmptyContainsNothing) {
  ASSERT_OK_AND_ASSIGN(const NetworkList list, NetworkList::Parse({}));
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(list.Contains("127.0.0.1"));
}

TEST(NetworkListTest, NamesTheEntryThatIsNone) {
  for (const char* entry : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x",
                            "10.0.0.1/8", "2001:db8::/129", "2001:db8::1/64", "example.com"}) {
    EXPECT_THAT(
        NetworkList::Parse({"127.0.0.0/8", entry}),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"" + std::string(entry) + "\"")));
  }
}

}  // namespace
}  // namespace campaigner::net
