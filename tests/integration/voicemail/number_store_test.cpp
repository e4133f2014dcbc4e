// SPDX-License-Identifier: Apache-2.0
// Stock, reservation, ownership and settings of numbers in a real PostgreSQL.
#include "voicemail/number_store.hpp"

#include <gtest/gtest.h>

#include "number_fixture.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using NumberStore = number_test;

TEST_F(NumberStore, ANumberIsAddedOnce) {
  EXPECT_EQ(in_transaction(add_number, new_number{.number = number, .area = "", .trunk_id = {}}).error(),
            error::number_exists);
  const auto found = record();
  EXPECT_EQ(found.state, number_state::available);
  EXPECT_EQ(found.area, "San Francisco");
  EXPECT_EQ(found.account_id, std::nullopt);
}

TEST_F(NumberStore, AReservationKeepsOthersOutUntilItIsOver) {
  EXPECT_TRUE(in_transaction(reserve_number, number, alice, start + 10min, start));
  EXPECT_EQ(in_transaction(reserve_number, number, bob, start + 20min, start + 5min).error(),
            error::number_unavailable);
  EXPECT_TRUE(in_transaction(reserve_number, number, alice, start + 15min, start + 5min));
  EXPECT_TRUE(in_transaction(reserve_number, number, bob, start + 30min, start + 15min));
  EXPECT_EQ(record().account_id, bob);
}

TEST_F(NumberStore, AnAbandonedReservationReturnsToStock) {
  ASSERT_TRUE(in_transaction(reserve_number, number, alice, start + 10min, start));
  EXPECT_EQ(advance(start + 9min).returned_to_stock, 0);
  EXPECT_EQ(advance(start + 10min).returned_to_stock, 1);
  EXPECT_EQ(record().state, number_state::available);
}

TEST_F(NumberStore, OnlyARentedNumberHasAnOwner) {
  EXPECT_FALSE(in_transaction(owner_of, number, start, term_policy{}));
  ASSERT_TRUE(in_transaction(reserve_number, number, alice, start + 10min, start));
  EXPECT_FALSE(in_transaction(owner_of, number, start, term_policy{}));
  ASSERT_TRUE(rent("1", alice));
  const auto owner = in_transaction(owner_of, number, start, term_policy{});
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->account_id, alice);
  EXPECT_TRUE(owner->term_valid);
  EXPECT_TRUE(owner->voicemail_enabled);
  EXPECT_EQ(owner->ring_timeout, std::nullopt);
}

TEST_F(NumberStore, SettingsAreTheOwners) {
  ASSERT_TRUE(rent("1", alice));
  const number_settings wish{.auto_renew = false, .voicemail_enabled = false, .ring_timeout = 45s};
  EXPECT_EQ(in_transaction(change_settings, number, bob, wish).error(), error::number_not_yours);
  ASSERT_TRUE(in_transaction(change_settings, number, alice, wish));
  const auto owner = in_transaction(owner_of, number, start, term_policy{});
  EXPECT_FALSE(owner->voicemail_enabled);
  EXPECT_EQ(owner->ring_timeout, 45s);
  EXPECT_FALSE(record().auto_renew);
}

TEST_F(NumberStore, ListsAreFilteredAndPaged) {
  const auto other = pstn::number::phone_number::parse("+442079460000").value();
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = other, .area = "London", .trunk_id = id("7")}));
  ASSERT_TRUE(rent("1", alice));
  const auto list = [this](const number_filter& filter) {
    std::vector<std::string> result;
    for (const auto& found : in_transaction(list_numbers, filter))
      result.push_back(found.number.e164());
    return result;
  };
  using strings = std::vector<std::string>;
  EXPECT_EQ(list({}), (strings{"+16505550100", "+442079460000"}));
  EXPECT_EQ(list({.state = number_state::available, .account_id = {}, .after = {}}),
            (strings{"+442079460000"}));
  EXPECT_EQ(list({.state = {}, .account_id = alice, .after = {}}), (strings{"+16505550100"}));
  EXPECT_EQ(list({.state = {}, .account_id = {}, .after = "+16505550100"}), (strings{"+442079460000"}));
  EXPECT_EQ(in_transaction(find_number, other)->trunk_id, id("7"));
}

TEST_F(NumberStore, WhatIsNotInTheInventoryIsUnknown) {
  const auto stranger = pstn::number::phone_number::parse("+4930123456").value();
  EXPECT_FALSE(in_transaction(find_number, stranger));
  EXPECT_FALSE(in_transaction(owner_of, stranger, start, term_policy{}));
  EXPECT_EQ(in_transaction(reserve_number, stranger, alice, start, start).error(), error::number_unknown);
  EXPECT_EQ(in_transaction(release_number, stranger, alice, start, term_policy{}).error(),
            error::number_unknown);
  EXPECT_EQ(in_transaction(renew_number, stranger, alice, start).error(), error::number_unknown);
}

}  // namespace
}  // namespace tollgate::voicemail
