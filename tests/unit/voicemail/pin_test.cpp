// SPDX-License-Identifier: Apache-2.0
#include "voicemail/pin.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tollgate::voicemail {
namespace {

const std::vector<std::string> numbers{"16505550100", "442079460958"};

TEST(Pin, WhatIsTriedFirstIsRefused) {
  struct row {
    const char* pin;
    bool suitable;
  };
  for (const auto& one :
       {row{"739264", true}, row{"112358", true}, row{"100000", true}, row{"739264739265", true}, row{"", false},
        row{"73926", false}, row{"7392647392641", false}, row{"73926a", false}, row{"777777", false}, row{"121212", false},
        row{"1231231", false}, row{"123123", false}, row{"123456", false}, row{"012345", false}, row{"567890", false},
        row{"987654", false}, row{"210987", false}, row{"555010", false}, row{"460958", false}, row{"650555", false}}) {
    EXPECT_EQ(suitable_pin(one.pin, numbers), one.suitable) << one.pin;
  }
}

TEST(Pin, ARandomOneIsSuitableAndKeepsItsZeros) {
  std::vector<std::uint32_t> draws{123456, 777777, 4'294'967'295U, 460958, 42};
  std::size_t next = 0;
  EXPECT_EQ(make_pin(numbers, [&] { return draws.at(next++); }), "000042");
  EXPECT_EQ(next, draws.size());
}

TEST(Pin, TheSecretIsOfItsMailbox) {
  boost::uuids::uuid one{}, other{};
  other.data[15] = 1;
  EXPECT_NE(pin_secret(one, "739264"), pin_secret(other, "739264"));
  EXPECT_NE(pin_secret(one, "739264"), pin_secret(one, "739265"));
}

}  // namespace
}  // namespace tollgate::voicemail
