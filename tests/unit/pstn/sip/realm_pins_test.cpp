// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/realm_pins.hpp"

#include <gtest/gtest.h>

namespace tollgate::pstn::sip {
namespace {

using purpose = realm_pins::purpose;

digest_credentials credentials(std::string realm) {
  return {.realm = std::move(realm), .username = "name", .password = "word"};
}

TEST(RealmPins, WhatWasTakenOnceIsAnsweredAlone) {
  realm_pins pins;
  EXPECT_TRUE(pins.answered(purpose::call, "host", credentials("")).empty());
  pins.learn(purpose::call, "host", credentials(""), {"one", "two"});
  pins.learn(purpose::call, "host", credentials(""), {"three"});
  EXPECT_EQ(pins.answered(purpose::call, "host", credentials("")), (realms{"one", "two"}));
  EXPECT_TRUE(pins.answered(purpose::call, "other", credentials("")).empty());
  EXPECT_TRUE(
      pins.answered(purpose::call, "host", {.realm = "", .username = "name", .password = "new"}).empty());
}

TEST(RealmPins, ARegistrarMayHaveAnotherRealmThanWhoTakesCalls) {
  realm_pins pins;
  pins.learn(purpose::registration, "host", credentials(""), {"registrar"});
  EXPECT_TRUE(pins.answered(purpose::call, "host", credentials("")).empty());
}

TEST(RealmPins, ANamedRealmIsTheOnlyOneAndAnAsteriskAny) {
  realm_pins pins;
  pins.learn(purpose::call, "host", credentials("*"), {"one"});
  EXPECT_TRUE(pins.answered(purpose::call, "host", credentials("*")).empty());
  EXPECT_EQ(pins.answered(purpose::call, "host", credentials("mine")), realms{"mine"});
}

}  // namespace
}  // namespace tollgate::pstn::sip
