// SPDX-License-Identifier: Apache-2.0
// Whose request it is behind proxies, and what strangers may write into the fields that tell it.
#include "gateway/api/forwarded.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace tollgate::gateway::api {
namespace {

const address_set& trusted() {
  static const address_set all({"10.0.0.0/8", "192.0.2.1", "2001:db8::/32"});
  return all;
}

std::string client_of(const char* peer, const forwarding& told) {
  const auto client = client_behind(boost::asio::ip::make_address(peer), told, trusted());
  return client ? client->to_string() : "malformed";
}

TEST(Forwarded, TheLastThatIsNoTrustedProxyIsTheClientByXForwardedFor) {
  struct row {
    const char *peer, *field, *client, *why;
  };
  for (const row& each : {
           row{"198.51.100.1", "203.0.113.1", "198.51.100.1", "who is not trusted says nothing"},
           row{"192.0.2.2", "203.0.113.1", "192.0.2.2", "one address is not its network"},
           row{"198.51.100.1", "garbage", "198.51.100.1", "nor is it looked at"},
           row{"10.1.2.3", "203.0.113.1", "203.0.113.1", ""},
           row{"192.0.2.1", "203.0.113.1", "203.0.113.1", ""},
           row{"10.1.2.3", "1.2.3.4, 203.0.113.1 ,192.0.2.1,\t10.9.9.9", "203.0.113.1", "what stands before it is the client's own word"},
           row{"10.1.2.3", "garbage, , \"', 203.0.113.1", "203.0.113.1", "likewise"},
           row{"10.1.2.3", "203.0.113.1,,", "203.0.113.1", "empty elements count for nothing"},
           row{"10.1.2.3", "", "10.1.2.3", "it asks for itself"},
           row{"10.1.2.3", " , ", "10.1.2.3", ""},
           row{"10.1.2.3", "10.0.0.7, 10.0.0.8", "10.0.0.7", "all are proxies: the first of them asks for itself"},
           row{"10.1.2.3", "203.0.113.1, unknown", "10.1.2.3", "it does not tell whom"},
           row{"10.1.2.3", "203.0.113.1, _hidden, 10.0.0.7", "10.0.0.7", "likewise"},
           row{"10.1.2.3", "203.0.113.1:4711", "203.0.113.1", "with a port"},
           row{"10.1.2.3", "[2001:db9::7]:443", "2001:db9::7", ""},
           row{"10.1.2.3", "[2001:db9::7]", "2001:db9::7", ""},
           row{"2001:db8::1", "2001:DB9:0::7", "2001:db9::7", "IPv6"},
           row{"2001:db8::1", "2001:db9::7, 2001:db8:1::5, 10.0.0.7", "2001:db9::7", "both families"},
           row{"::ffff:10.1.2.3", "::ffff:203.0.113.1", "203.0.113.1", "mapped"},
           row{"::ffff:198.51.100.1", "203.0.113.1", "198.51.100.1", ""},
           row{"10.1.2.3", "203.0.113.1, garbage", "malformed", ""},
           row{"10.1.2.3", "garbage, 10.0.0.7", "malformed", "of a chain of proxies"},
       })
    EXPECT_EQ(client_of(each.peer, {{each.field}, {}}), each.client) << each.field << ": " << each.why;
  for (const char* bad : {"203.0.113", "203.0.113.1/32", "203.0.113.1:", "203.0.113.1:x", "203.0.113.1:123456", "[203.0.113.1]", "[2001:db9::7", "2001:db9::7]",
                          "[2001:db9::7]x", "fe80::1%eth0", "[unknown]", "_", "203.0.113.1 203.0.113.2", "\"203.0.113.1\"", "<script>", "\x01"})
    EXPECT_EQ(client_of("10.1.2.3", {{bad}, {}}), "malformed") << bad;
  EXPECT_EQ(client_of("10.1.2.3", {{std::string(10'000, '1').c_str()}, {}}), "malformed");
}

TEST(Forwarded, TheLastThatIsNoTrustedProxyIsTheClientByForwarded) {
  struct row {
    const char *field, *client, *why;
  };
  for (const row& each : {
           row{"for=203.0.113.1", "203.0.113.1", ""},
           row{"For=\"[2001:db9:cafe::17]:4711\"", "2001:db9:cafe::17", "RFC 7239 §4"},
           row{"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", "likewise"},
           row{"for=1.2.3.4, for=203.0.113.1;proto=https , for=192.0.2.1", "203.0.113.1", ""},
           row{"proto=https;by=10.0.0.1;for=\"203.0.113.1:80\";host=\"a,b;c\\\"=d\"", "203.0.113.1", "quoted"},
           row{",, for=203.0.113.1 ,,", "203.0.113.1", "empty elements"},
           row{"for=203.0.113.1;;proto=http;", "203.0.113.1", "empty pairs"},
           row{"for=203.0.113.1, for=unknown", "10.1.2.3", "it does not tell whom"},
           row{"for=203.0.113.1, for=_SEVKISEK", "10.1.2.3", "RFC 7239 §6.3"},
           row{"for=203.0.113.1, proto=http", "10.1.2.3", "nor here"},
           row{"", "10.1.2.3", ""},
           row{"for=\"203.0.113.1", "malformed", "quotes that do not end"},
           row{"for=\"203.0.113.1\\", "malformed", ""},
           row{"for=1.2.3.4;x=\", for=203.0.113.1", "malformed", "quotes of a client that would swallow what the proxy adds"},
           row{"for=203.0.113.1;for=203.0.113.2", "malformed", "RFC 7239 §4: once"},
           row{"for", "malformed", ""},
           row{"for=", "malformed", ""},
           row{"for =203.0.113.1", "malformed", ""},
           row{"for=203.0.113.1 for=203.0.113.2", "malformed", ""},
           row{"203.0.113.1", "malformed", ""},
           row{"for=x", "malformed", ""},
       })
    EXPECT_EQ(client_of("10.1.2.3", {{}, {each.field}}), each.client) << each.field << ": " << each.why;
  EXPECT_EQ(client_of("198.51.100.1", {{}, {"for=203.0.113.1"}}), "198.51.100.1") << "who is not trusted says nothing";
}

TEST(Forwarded, SeveralFieldsAreOneListAndBothKindsMustAgree) {
  EXPECT_EQ(client_of("10.1.2.3", {{"1.2.3.4", "203.0.113.1", "10.0.0.7"}, {}}), "203.0.113.1");
  EXPECT_EQ(client_of("10.1.2.3", {{"1.2.3.4", "203.0.113.1, 10.0.0.8", "", "10.0.0.7"}, {}}), "203.0.113.1");
  EXPECT_EQ(client_of("10.1.2.3", {{}, {"x=\"", "for=203.0.113.1"}}), "203.0.113.1") << "the proxy's own field comes last";
  EXPECT_EQ(client_of("10.1.2.3", {{"203.0.113.1"}, {"for=203.0.113.1"}}), "203.0.113.1");
  EXPECT_EQ(client_of("10.1.2.3", {{"203.0.113.1"}, {"for=6.6.6.6"}}), "malformed") << "one of them is not the proxy's";
  EXPECT_EQ(client_of("10.1.2.3", {{"203.0.113.1"}, {""}}), "malformed");
  EXPECT_EQ(client_of("10.1.2.3", {}), "10.1.2.3");
}

TEST(AddressSet, HasAddressesAndNetworks) {
  const auto has = [](const char* address) { return trusted().contains(boost::asio::ip::make_address(address)); };
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "::ffff:10.0.0.1", "192.0.2.1", "2001:db8:ffff::1"})
    EXPECT_TRUE(has(inside)) << inside;
  for (const char* outside : {"11.0.0.0", "9.255.255.255", "192.0.2.0", "2001:db9::", "::10.0.0.1", "::1"})
    EXPECT_FALSE(has(outside)) << outside;
  EXPECT_TRUE(address_set({"0.0.0.0/0"}).contains(boost::asio::ip::make_address("203.0.113.1")));
  EXPECT_FALSE(address_set({"0.0.0.0/0"}).contains(boost::asio::ip::make_address("2001:db8::1")));
  EXPECT_FALSE(address_set().contains(boost::asio::ip::make_address("127.0.0.1")));
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0/8", "2001:db8::/129", "10.0.0.1:80", "10.0.0.0/", "/8", "10.0.0.0/-1"})
    EXPECT_THROW(address_set({bad}), std::invalid_argument) << bad;
}

}  // namespace
}  // namespace tollgate::gateway::api
