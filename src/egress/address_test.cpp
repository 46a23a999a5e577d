#include "egress/address.hpp"

#include <gmock/gmock.h>

namespace butler::egress::address_test {
namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

TEST(SpecialUse, PublicAddressesHaveNone) {
  for (const char* const text : {"1.1.1.1",
                                 "8.8.8.8",
                                 "9.255.255.255",
                                 "11.0.0.0",
                                 "100.63.255.255",
                                 "100.128.0.0",
                                 "126.255.255.255",
                                 "128.0.0.0",
                                 "169.253.255.255",
                                 "169.255.0.0",
                                 "172.15.255.255",
                                 "172.32.0.0",
                                 "192.0.1.0",
                                 "192.167.0.0",
                                 "192.169.0.0",
                                 "198.17.255.255",
                                 "198.20.0.0",
                                 "223.255.255.255",
                                 "2606:4700:4700::1111",
                                 "2a00:1450:4001::200e",
                                 "2001:200::1",
                                 "2001:4860:4860::8888",
                                 "2003::1",
                                 "3ffe::1"}) {
    EXPECT_EQ(special_use(address(text)), std::nullopt) << text;
  }
}

TEST(SpecialUse, AllOthersHaveOne) {
  for (const char* const text : {"0.0.0.0",
                                 "0.1.2.3",
                                 "10.0.0.1",
                                 "10.255.255.255",
                                 "100.64.0.1",
                                 "100.127.255.255",
                                 "127.0.0.1",
                                 "127.255.255.254",
                                 "169.254.169.254",
                                 "172.16.0.1",
                                 "172.31.255.255",
                                 "192.0.0.1",
                                 "192.0.2.1",
                                 "192.88.99.1",
                                 "192.168.0.1",
                                 "198.18.0.1",
                                 "198.19.255.255",
                                 "198.51.100.1",
                                 "203.0.113.1",
                                 "224.0.0.1",
                                 "239.255.255.255",
                                 "240.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "::ffff:1.1.1.1",
                                 "::1.1.1.1",
                                 "fc00::1",
                                 "fd12:3456::1",
                                 "fd00:ec2::254",
                                 "fe80::1",
                                 "febf::1",
                                 "fec0::1",
                                 "ff02::1",
                                 "2001::1",
                                 "2001:10::1",
                                 "2001:db8::1",
                                 "2002:7f00:1::",
                                 "2002:101:101::1",
                                 "64:ff9b::7f00:1",
                                 "64:ff9b::808:808",
                                 "64:ff9b:1::1",
                                 "100::1",
                                 "3fff::1",
                                 "4000::1",
                                 "5f00::1"}) {
    EXPECT_NE(special_use(address(text)), std::nullopt) << text;
  }
}

TEST(NeverAllowed, IsWhatNoRuleOpens) {
  for (const char* const text : {"0.0.0.0", "169.254.169.254", "169.254.1.1", "100.100.100.200", "224.0.0.1",
                                 "255.255.255.255", "::", "fe80::1", "ff02::1", "fd00:ec2::254",
                                 "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "2001::1"}) {
    EXPECT_TRUE(is_never_allowed(address(text))) << text;
  }
  for (const char* const text :
       {"127.0.0.1", "10.0.0.1", "192.168.1.5", "100.64.0.1", "fd12::1", "::1", "8.8.8.8", "2606:4700::1"}) {
    EXPECT_FALSE(is_never_allowed(address(text))) << text;
  }
}

}  // namespace
}  // namespace butler::egress::address_test
