// SPDX-License-Identifier: Apache-2.0
// What a single number costs, and who may rent one in which country, against a real PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "number_fixture.hpp"
#include "voicemail/country_rules.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/number_import.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using billing::units;
using testing::ElementsAre;
using testing::IsEmpty;

class NumberOrder : public number_test {
 protected:
  boost::system::result<void> price(int months, const std::string& currency, billing::money amount) {
    return in_transaction(set_number_price, number, own_price{.months = months, .currency = currency, .price = amount});
  }
  std::vector<std::string> prices() {
    std::vector<std::string> texts;
    for (const auto& each : in_transaction([&](pqxx::transaction_base& tx) { return list_rental_prices(tx, "EUR", number); }))
      texts.push_back(std::to_string(each.months) + " " + billing::to_string(each.price));
    return texts;
  }
  void rules(const std::string& csv) {
    const auto list = read_country_rules(csv);
    ASSERT_THAT(list.errors, IsEmpty());
    in_transaction([&](pqxx::transaction_base& tx) {
      replace_country_rules(tx, list.rules);
      return 0;
    });
  }
  void lives_in(const std::string& city, const std::string& country, bool identified = false) {
    in_transaction([&](pqxx::transaction_base& tx) {
      set_renter(tx, alice, {.name = "Alice", .street = "1 Main Street", .postal_code = "1", .city = city, .country = country},
                 identified, start);
      return 0;
    });
  }
  static std::vector<std::string> lines(const std::vector<import_error>& errors) {
    std::vector<std::string> texts;
    for (const auto& each : errors)
      texts.push_back(std::to_string(each.line) + " " + each.code);
    return texts;
  }
};

TEST_F(NumberOrder, APriceOfItsOwnIsChargedInPlaceOfTheGeneralOne) {
  EXPECT_THAT(prices(), ElementsAre("3 10.00", "12 30.00"));
  ASSERT_TRUE(price(3, "EUR", units(15)));
  ASSERT_TRUE(price(6, "EUR", units(20)));
  ASSERT_TRUE(price(12, "USD", units(1)));
  EXPECT_THAT(prices(), ElementsAre("3 15.00", "6 20.00", "12 30.00"));
  EXPECT_THAT(record().prices, ElementsAre(own_price{3, "EUR", units(15)}, own_price{6, "EUR", units(20)},
                                           own_price{12, "USD", units(1)}));
  const auto rented = rent("1", alice).value();
  EXPECT_EQ(rented.price, units(15));
  EXPECT_EQ(credit_of(alice), units(5));

  ASSERT_TRUE(price(3, "EUR", units(4)));
  const auto paid = *record().dates.paid_until;
  EXPECT_EQ(rent("1", alice).value().price, units(15)) << "a repetition tells what was charged";
  advance(paid);
  EXPECT_EQ(credit_of(alice), units(1)) << "a renewal costs what the number costs then";
  ASSERT_TRUE(price(3, "EUR", {}));
  EXPECT_EQ(price(3, "EUR", {}).error(), error::price_unknown);
  EXPECT_EQ(advance(*record().dates.paid_until).entered_grace, 1) << "EUR 10 again";
}

TEST_F(NumberOrder, ATermThatOnlyThisNumberHasIsOnSaleForIt) {
  EXPECT_EQ(rent("1", alice, 1).error(), error::term_unknown);
  ASSERT_TRUE(price(1, "EUR", units(2)));
  EXPECT_EQ(rent("1", alice, 1).value().price, units(2));
  EXPECT_EQ(record().term_months, 1);
}

TEST_F(NumberOrder, APriceStaysWithTheNumberWhoeverRentsIt) {
  ASSERT_TRUE(price(3, "EUR", units(15)));
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction(release_number, number, alice, start, term_policy{}));
  advance(start + 91 * 24h);
  EXPECT_EQ(record().state, number_state::available);
  EXPECT_THAT(prices(), ElementsAre("3 15.00", "12 30.00"));
}

TEST_F(NumberOrder, SenselessPricesAreRefused) {
  EXPECT_EQ(price(0, "EUR", units(1)).error(), error::term_unknown);
  EXPECT_EQ(price(121, "EUR", units(1)).error(), error::term_unknown);
  EXPECT_EQ(price(3, "EUR", units(-1)).error(), error::term_unknown);
  EXPECT_EQ(price(3, "ZZZ", units(1)).error(), error::currency_unknown);
  EXPECT_EQ(price(3, "", units(1)).error(), error::currency_unknown);
  const auto other = pstn::number::phone_number::parse("+16505550199").value();
  EXPECT_EQ(in_transaction(set_number_price, other, own_price{3, "EUR", units(1)}).error(), error::number_unknown);
}

TEST_F(NumberOrder, NumbersAreFoundByWhatTheyCost) {
  in_transaction([&](pqxx::transaction_base& tx) {
    return import_numbers(tx,
                          read_number_list("number,currency,price_3_months,price_12_months\n+442079460958,EUR,50,\n"
                                           "+442079460900,EUR,,25.5\n+442079460901,,,\n"),
                          {}, false);
  });
  struct row {
    price_range price;
    std::vector<std::string> found;
  };
  for (const auto& one : {row{{"EUR", 3, {}, units(10)}, {"+16505550100", "+442079460900", "+442079460901"}},
                          row{{"EUR", 3, units(11), billing::max_balance}, {"+442079460958"}},
                          row{{"EUR", 12, {}, units(29)}, {"+442079460900"}},
                          row{{"USD", 3, {}, billing::max_balance}, {}},
                          row{{"nonsense", 3, {}, billing::max_balance}, {}}}) {
    std::vector<std::string> found;
    for (const auto& each : in_transaction(list_numbers, number_filter{.price = one.price}))
      found.push_back(each.number.e164());
    EXPECT_EQ(found, one.found) << one.price.currency << one.price.months;
  }
}

TEST_F(NumberOrder, NumbersThatArePaidForAreToldFromThoseWhoseTermIsOver) {
  const auto paid = [&] { return in_transaction(list_numbers, number_filter{.account_id = alice, .paid = true}).size(); };
  EXPECT_EQ(paid(), 0U);
  ASSERT_TRUE(rent("1", alice));  // the fixture's day is long ago: the term is over, and no run has noticed
  EXPECT_EQ(record().state, number_state::assigned);
  EXPECT_EQ(paid(), 0U);
  in_transaction([](pqxx::transaction_base& tx) {
    return tx.exec("UPDATE voicemail.number SET paid_until = now() + interval '1 day'");
  });
  EXPECT_EQ(paid(), 1U);
}

TEST_F(NumberOrder, PricesOfAListAreReadWithItsOtherMistakes) {
  EXPECT_THAT(lines(read_number_list("number,currency,price_3_months\n+16505550101,EUR,ten\n+16505550102,,10\n"
                                     "+16505550103,EUR,0\n+16505550104,EUR,10\n")
                        .errors),
              ElementsAre("2 price_invalid", "3 currency_missing", "4 price_invalid"));
  const auto report = in_transaction([&](pqxx::transaction_base& tx) {
    return import_numbers(tx, read_number_list("number,currency,price_3_months\n+16505550101,ZZZ,10\n"), {}, false);
  });
  EXPECT_THAT(lines(report.errors), ElementsAre("2 currency_unknown"));
  EXPECT_EQ(in_transaction(list_numbers, number_filter{}).size(), 1U);
}

TEST_F(NumberOrder, ACountryAsksForAnAddress) {
  struct row {
    const char* rule;
    const char* city;  // null: nothing is known
    const char* country;
    bool identified;
    std::optional<error> refusal;
  };
  for (const auto& one : {row{"US,any,,,", nullptr, "", false, error::address_required},
                          row{"US,any,,,", "Paris", "FR", false, std::nullopt},
                          row{"US,country,,,", "Paris", "FR", false, error::address_elsewhere},
                          row{"US,country,,,", "Palo Alto", "US", false, std::nullopt},
                          row{"US,area,,,", "Palo Alto", "US", false, error::address_out_of_area},
                          row{"US,area,,,", "san francisco", "US", false, std::nullopt},
                          row{"US,area,,,", "San Francisco", "FR", false, error::address_elsewhere},
                          row{"US,none,yes,,", nullptr, "", false, error::identity_required},
                          row{"US,any,yes,,", "Paris", "FR", false, error::identity_required},
                          row{"US,any,yes,,", "Paris", "FR", true, std::nullopt},
                          row{"US,none,no,12,", nullptr, "", false, error::term_too_short},
                          row{"US,none,no,3,", nullptr, "", false, std::nullopt},
                          row{"GB,area,yes,12,1", nullptr, "", false, std::nullopt}}) {
    rules(std::string("country,address,identity,least_term_months,most_numbers\n") + one.rule + "\n");
    in_transaction([](pqxx::transaction_base& tx) { return tx.exec("DELETE FROM voicemail.renter"); });
    if (one.city != nullptr) lives_in(one.city, one.country, one.identified);
    pqxx::work tx{*connection_};
    const auto rented =
        rent_number(tx, {.order_id = id("1"), .account_id = alice, .number = number, .term_months = 3, .now = start});
    EXPECT_EQ(rented.has_value(), !one.refusal) << one.rule;
    if (one.refusal) {
      EXPECT_EQ(rented.error(), *one.refusal) << one.rule;
    }
  }
  EXPECT_EQ(credit_of(alice), units(20));
}

TEST_F(NumberOrder, ARuleDoesNotTakeANumberFromWhoHasIt) {
  ASSERT_TRUE(rent("1", alice));
  rules("country,address\nUS,area\n");
  EXPECT_EQ(advance(*record().dates.paid_until).renewed, 1);
  ASSERT_TRUE(in_transaction(release_number, number, alice, start, term_policy{}));
  EXPECT_EQ(rent("2", alice).error(), error::address_required) << "to have it back is a new order";
}

TEST_F(NumberOrder, ACountryAllowsAnAccountSoManyNumbers) {
  rules("country,most_numbers\nUS,1\n");
  const auto other = pstn::number::phone_number::parse("+16505550101").value();
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = other, .area = {}, .trunk_id = {}}));
  ASSERT_TRUE(rent("1", alice));
  const rent_request second{.order_id = id("2"), .account_id = alice, .number = other, .term_months = 3, .now = start};
  EXPECT_EQ(in_transaction(rent_number, second).error(), error::numbers_exhausted);
  ASSERT_TRUE(in_transaction(release_number, number, alice, start, term_policy{}));
  EXPECT_TRUE(in_transaction(rent_number, second));
}

TEST_F(NumberOrder, RulesAreReadWithEveryMistakeAndWrittenAsTheyWere) {
  EXPECT_THAT(lines(read_country_rules("country,address,identity,least_term_months,most_numbers,note\n"
                                       "us,,,,,\nUS,here,,,,\nUS,any,maybe,,,\nUS,any,yes,0,,\nUS,any,yes,3,none,\n"
                                       "US,any\nUS,any,yes,3,2,\"two\nlines\"\nUS,,,,,\n")
                        .errors),
              ElementsAre("2 country_invalid", "3 address_invalid", "4 identity_invalid", "5 term_invalid",
                          "6 most_numbers_invalid", "7 columns", "10 country_repeated"));
  EXPECT_THAT(lines(read_country_rules("address\nany\n").errors), ElementsAre("1 columns"));
  EXPECT_THAT(lines(read_country_rules("country\n\"US\n").errors), ElementsAre("2 malformed"));
  const std::string text =
      "country,address,identity,least_term_months,most_numbers,note\r\n001,none,no,1,,\r\n"
      "DE,area,yes,12,2,\"§ 1, \"\"BNetzA\"\"\"\r\n";
  rules(text);
  EXPECT_EQ(write_country_rules(in_transaction([](pqxx::transaction_base& tx) { return list_country_rules(tx); })), text);
}

TEST_F(NumberOrder, WhoMovesHasToProveItAnew) {
  const auto identified = [&] {
    return in_transaction(find_renter, alice)->identified_at.has_value();
  };
  EXPECT_FALSE(in_transaction(find_renter, alice));
  lives_in("Paris", "FR");
  EXPECT_FALSE(identified());
  lives_in("Paris", "FR", true);
  EXPECT_TRUE(identified());
  lives_in("Paris", "FR");
  EXPECT_TRUE(identified()) << "nothing has changed";
  lives_in("Lyon", "FR");
  EXPECT_FALSE(identified());
}

TEST_F(NumberOrder, AReservationIsProlongedNeverShortenedAndCounted) {
  const auto other = pstn::number::phone_number::parse("+16505550101").value();
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = other, .area = {}, .trunk_id = {}}));
  const auto reserve = [&](system_clock::duration kept, system_clock::duration later) {
    return in_transaction(reserve_number, number, alice, start + later + kept, start + later).has_value();
  };
  const auto others = [&](system_clock::duration later) { return in_transaction(count_reservations, alice, other, start + later); };
  EXPECT_EQ(others(0min), 0);
  ASSERT_TRUE(reserve(15min, 0min));
  EXPECT_EQ(others(14min), 1);
  EXPECT_EQ(in_transaction(count_reservations, alice, number, start), 0);
  EXPECT_EQ(in_transaction(count_reservations, bob, other, start), 0);
  ASSERT_TRUE(reserve(15min, 14min));
  EXPECT_EQ(record().dates.reserved_until, start + 29min);
  ASSERT_TRUE(reserve(1min, 15min));
  EXPECT_EQ(record().dates.reserved_until, start + 29min) << "it was kept for longer";
  EXPECT_EQ(others(29min), 0) << "it is over";
}

TEST_F(NumberOrder, TheFirstPinIsSetOnce) {
  EXPECT_TRUE(in_transaction(set_first_pin, alice, std::string("$argon2id$1")));
  EXPECT_TRUE(in_transaction(set_first_pin, alice, std::string("$argon2id$1"))) << "the same, told again";
  EXPECT_FALSE(in_transaction(set_first_pin, alice, std::string("$argon2id$2")));
  EXPECT_TRUE(in_transaction(find_settings, alice).has_pin);
}

}  // namespace
}  // namespace tollgate::voicemail
