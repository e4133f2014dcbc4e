// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/target.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace tollgate::pstn::sip {
namespace {

std::string hosts(const std::vector<service_record>& records) {
  std::string out;
  for (const auto& one : records)
    out += one.host;
  return out;
}

TEST(Targets, ThePriorityDecidesBeforeTheWeight) {
  const std::vector<service_record> records{{20, 100, 5060, "c"}, {10, 0, 5060, "a"}, {15, 1, 5060, "b"}};
  std::mt19937 chance{7};
  const auto random_below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(chance() % bound); };
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(hosts(in_order(records, random_below)), "abc");
}

TEST(Targets, EqualsShareByTheirWeight) {
  const std::vector<service_record> records{{1, 30, 1, "a"}, {1, 10, 1, "b"}, {1, 0, 1, "z"}};
  std::mt19937 chance{7};
  const auto random_below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(chance() % bound); };
  std::map<char, int> first;
  for (int i = 0; i < 4'100; ++i)
    ++first[hosts(in_order(records, random_below)).front()];
  EXPECT_NEAR(first['a'], 3'000, 150);
  EXPECT_NEAR(first['b'], 1'000, 150);
  EXPECT_GT(first['z'], 0);  // RFC 2782: a small chance
}

TEST(Targets, NoneIsLostOrMadeUp) {
  std::vector<service_record> records;
  for (int i = 0; i < 20; ++i)
    records.push_back({static_cast<std::uint16_t>(i % 3), static_cast<std::uint16_t>(i * 7 % 5), 5060,
                       std::string(1, static_cast<char>('a' + i))});
  for (const std::uint32_t drawn : {0U, 1U, 1'000U}) {
    const auto ordered = in_order(records, [&](std::uint32_t bound) { return std::min(drawn, bound - 1); });
    std::string all = hosts(ordered);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, "abcdefghijklmnopqrst");
  }
  EXPECT_TRUE(in_order({}, [](std::uint32_t) { return 0U; }).empty());
}

TEST(Targets, NaptrTellsTheTransports) {
  const std::vector<naming_record> records{{50, 50, "s", "SIPS+D2T", "_sips._tcp.x"},
                                           {50, 20, "S", "sip+d2u", "_sip._udp.x"},
                                           {50, 30, "s", "SIP+D2T", "_sip._tcp.x"},
                                           {10, 10, "s", "SIP+D2S", "_sip._sctp.x"},  // not ours
                                           {20, 10, "u", "E2U+sip", ""},
                                           {90, 10, "s", "SIP+D2U", "_sip._udp.later"}};
  const std::vector<service_name> any{
      {"_sip._udp.x", "udp"}, {"_sip._tcp.x", "tcp"}, {"_sips._tcp.x", "tls"}};
  EXPECT_EQ(usable_services(records, false, true), any);
  // A trunk that is encrypted stays so, whatever DNS says.
  EXPECT_EQ(usable_services(records, true, true), (std::vector<service_name>{{"_sips._tcp.x", "tls"}}));
  EXPECT_TRUE(usable_services({}, false, true).empty());
  // Without TLS of our own a record of it is as if it were not there, were it the first in order.
  const std::vector<naming_record> secure_first{{10, 10, "s", "SIPS+D2T", "_sips._tcp.x"},
                                                {50, 10, "s", "SIP+D2U", "_sip._udp.x"}};
  EXPECT_EQ(usable_services(secure_first, false, true), (std::vector<service_name>{{"_sips._tcp.x", "tls"}}));
  EXPECT_EQ(usable_services(secure_first, false, false), (std::vector<service_name>{{"_sip._udp.x", "udp"}}));
}

}  // namespace
}  // namespace tollgate::pstn::sip
