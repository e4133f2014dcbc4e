// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/address_guard.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tollgate::gateway::notify {
namespace {

boost::asio::ip::address at(const char* text) {
  return boost::asio::ip::make_address(text);
}

TEST(AddressGuard, LetsNobodyReachWhatIsNotPublic) {
  for (const char* inside :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
        "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "100::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"}) {
    EXPECT_FALSE(is_public(at(inside))) << inside;
    EXPECT_FALSE(address_guard().permits(at(inside))) << inside;
  }
  for (const char* outside : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
                              "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.169.0.1", "198.17.255.255", "198.20.0.1",
                              "223.255.255.255", "::ffff:8.8.8.8", "2001:4860:4860::8888", "2606:4700::1111", "2a00::1"})
    EXPECT_TRUE(is_public(at(outside))) << outside;
}

TEST(AddressGuard, TheOperatorMayNameNetworks) {
  const address_guard guard({"10.1.2.0/23", "::1", "127.0.0.1", "fd00::/8"});
  for (const char* open : {"10.1.2.1", "10.1.3.255", "::ffff:10.1.2.1", "::1", "127.0.0.1", "fd12::1", "1.1.1.1"})
    EXPECT_TRUE(guard.permits(at(open))) << open;
  for (const char* shut : {"10.1.4.0", "10.1.1.255", "127.0.0.2", "::2", "fc00::1", "169.254.169.254"})
    EXPECT_FALSE(guard.permits(at(shut))) << shut;
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "example.net", "::/129"})
    EXPECT_THROW(address_guard({wrong}), std::invalid_argument) << wrong;
}

}  // namespace
}  // namespace tollgate::gateway::notify
