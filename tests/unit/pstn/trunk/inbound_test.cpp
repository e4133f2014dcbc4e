// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/inbound.hpp"

#include <gtest/gtest.h>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

TEST(Inbound, FindsTheTrunkByItsSourceAddress) {
  trunk by_host = example_trunk(1);  // 192.0.2.1
  trunk wide = example_trunk(2);
  wide.inbound_sources = {"198.51.100.0/24", "2001:db8::/32"};
  trunk narrow = example_trunk(3);
  narrow.inbound_sources = {"198.51.100.16/28"};
  trunk named = example_trunk(4);
  named.host = "sip.carrier.example";
  trunk off = example_trunk(5);
  off.enabled = false;
  const std::vector<trunk> trunks{by_host, wide, narrow, named, off};

  struct row {
    const char* address;
    const char* trunk_name;  // empty: a stranger
  };
  const row rows[] = {
      {"192.0.2.1", "trunk-1"},
      {"::ffff:192.0.2.1", "trunk-1"},
      {"192.0.2.2", ""},
      {"198.51.100.7", "trunk-2"},
      {"198.51.100.17", "trunk-3"},
      {"198.51.101.7", ""},
      {"2001:db8:1::7", "trunk-2"},
      {"2001:db9::1", ""},
      {"192.0.2.5", ""},
      {"sip.carrier.example", ""},
      {"", ""},
      {"192.0.2.1/8", ""},
      {"192.0.2.1.9", ""},
      {"nonsense", ""},
  };
  for (const row& one : rows) {
    const trunk* found = match_inbound(trunks, one.address);
    EXPECT_EQ(found == nullptr ? "" : found->name, one.trunk_name) << one.address;
  }
}

TEST(Inbound, PortTellsTrunksOfOneAddressApart) {
  trunk one = example_trunk(1);
  trunk other = example_trunk(2);
  one.host = other.host = "127.0.0.1";
  one.port = 5080;
  other.port = 5090;
  const std::vector<trunk> trunks{one, other};
  EXPECT_EQ(match_inbound(trunks, "127.0.0.1", 5090)->name, "trunk-2");
  EXPECT_EQ(match_inbound(trunks, "127.0.0.1", 5080)->name, "trunk-1");
  EXPECT_EQ(match_inbound(trunks, "127.0.0.1", 40000)->name, "trunk-1");
}

TEST(Inbound, KnowsBlocks) {
  for (const char* good : {"0.0.0.0/0", "::/0", "10.0.0.1", "2001:db8::1/128"})
    EXPECT_TRUE(is_address_or_block(good)) << good;
  for (const char* bad :
       {"", "/", "10.0.0.1/", "10.0.0.1/x", "10.0.0.1/-1", "10.0.0.1/33", "::/129", "10.0.0", "a"}) {
    EXPECT_FALSE(is_address_or_block(bad)) << bad;
  }
}

TEST(Inbound, ANameStandsForTheAddressesThatItLeadsTo) {
  trunk named = example_trunk(1);
  named.host = "carrier.example";
  EXPECT_EQ(match_inbound(std::vector{named}, "198.51.100.1"), nullptr);  // nothing is known of it yet
  named.host_addresses = {"198.51.100.1", "2001:db8::1"};
  const std::vector<trunk> trunks{named};
  EXPECT_TRUE(match_inbound(trunks, "198.51.100.1"));
  EXPECT_TRUE(match_inbound(trunks, "2001:db8::1"));
  EXPECT_FALSE(match_inbound(trunks, "198.51.100.2"));
  named.inbound_sources = {"203.0.113.0/24"};  // instead of these
  EXPECT_FALSE(match_inbound(std::vector{named}, "198.51.100.1"));
}

TEST(Inbound, AsksForWhatTheTrunkIsToShow) {
  const trunk plain = example_trunk(1);  // 192.0.2.1
  trunk anywhere = example_trunk(2);     // 192.0.2.2
  anywhere.inbound_by = inbound_proof::digest;
  anywhere.inbound_digest = {"anywhere", "secret"};
  trunk both = example_trunk(3);
  both.inbound_by = inbound_proof::both;
  both.inbound_sources = {"198.51.100.0/24"};
  both.inbound_digest = {"both", "secret"};
  trunk off = example_trunk(4);
  off.enabled = false;
  off.inbound_by = inbound_proof::digest;
  off.inbound_digest = {"off", "secret"};
  const std::vector<trunk> trunks{plain, anywhere, both, off};
  struct row {
    const char* address;
    const char* user;
    const char* trunk_name;  // empty: nobody's
    bool digest;
  };
  const row rows[] = {
      {"192.0.2.1", "", "trunk-1", false},
      {"192.0.2.1", "nobody", "trunk-1", false},
      {"192.0.2.1", "anywhere", "trunk-2", true},
      {"192.0.2.2", "", "", true},  // its host alone is no proof
      {"203.0.113.9", "", "", true},
      {"203.0.113.9", "anywhere", "trunk-2", true},
      {"203.0.113.9", "both", "", true},  // from elsewhere it is nobody
      {"198.51.100.7", "both", "trunk-3", true},
      {"198.51.100.7", "off", "", true},
      {"nonsense", "anywhere", "", false},
  };
  for (const row& one : rows) {
    const auto judged = judge_inbound(trunks, one.address, 5060, one.user);
    EXPECT_EQ(judged.by ? judged.by->name : "", one.trunk_name) << one.address << " " << one.user;
    EXPECT_EQ(judged.digest, one.digest) << one.address << " " << one.user;
  }
  const auto stranger = judge_inbound(std::span(trunks).first(1), "203.0.113.9", 5060, "");
  EXPECT_FALSE(stranger.by || stranger.digest);  // no digest is asked of strangers where none would do
}

}  // namespace
}  // namespace tollgate::pstn::trunk
