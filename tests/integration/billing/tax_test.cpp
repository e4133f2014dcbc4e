// SPDX-License-Identifier: Apache-2.0
// Tax on top-ups and subscriptions: contained or on top, by country and time, kept in the entry, to the coin.
#include "billing/tax.hpp"

#include <boost/uuid/uuid_io.hpp>
#include <random>

#include "billing/credit.hpp"
#include "billing/statement.hpp"
#include "billing/subscription.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::system_clock;

constexpr money cents(std::int64_t count) {
  return {count * 10'000};
}

system_clock::time_point day(int year, unsigned month, unsigned day_of_month) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                               static_cast<int>(day_of_month)};
}

class Tax : public billing_test {
 protected:
  void levy(tax_subject subject, int ppm, bool included, system_clock::time_point from = day(2020, 1, 1),
            const std::string& country = "DE") {
    step([&](auto& tx) {
      return set_tax_rate(tx, {.country = country,
                               .subject = subject,
                               .effective_from = from,
                               .name = "VAT",
                               .rate_ppm = ppm,
                               .included = included});
    }).value();
  }
  auto pay(money amount, const std::string& id, std::optional<system_clock::time_point> at = std::nullopt,
           money least = {1}, std::uint32_t account = 1) {
    return step([&](auto& tx) {
      return top_up(tx, {.account_id = account_id(account), .amount = amount, .payment_id = id, .at = at},
                    least);
    });
  }
  auto give_back(const std::string& refund, const std::string& payment, money amount) {
    return step([&](auto& tx) {
      return refund_payment(tx, {.refund_id = refund, .payment_id = payment, .amount = amount});
    });
  }
  auto charge(int period, money price, std::optional<system_clock::time_point> at = std::nullopt) {
    return step([&](auto& tx) {
      return charge_subscription(tx, {.account_id = account_id(),
                                      .subscription_id = id_of(0x50, 1),
                                      .period = period,
                                      .sold = {std::chrono::months{3}, price},
                                      .at = at});
    });
  }
  entry newest(std::uint32_t account = 1) {
    return step([&](auto& tx) { return list_entries(tx, account_id(account), 1); }).at(0);
  }
  void open_account(std::uint32_t number, const char* currency, const char* country) {
    step([&](auto& tx) {
      return create_account(tx, account_id(number), currency, country, "no-deck-yet");
    }).value();
  }
};

TEST_F(Tax, WithoutARateThereIsNone) {
  const auto paid = pay(units(10), "p").value();
  EXPECT_EQ(paid.credited, units(10));
  EXPECT_FALSE(paid.tax);
  EXPECT_FALSE(newest().tax);
}

TEST_F(Tax, ContainedTaxIsPartOfTheCredit) {
  levy(tax_subject::top_up, 190'000, true);
  const auto paid = pay(units(10), "p").value();
  EXPECT_EQ(paid.credited, units(10));
  EXPECT_EQ(paid.balance_after, units(10));
  const tax_share wanted{.country = "DE",
                         .name = "VAT",
                         .rate_ppm = 190'000,
                         .included = true,
                         .net = cents(840),
                         .tax = cents(160)};
  EXPECT_EQ(paid.tax, wanted);
  EXPECT_EQ(newest().tax, wanted);
  const auto again = pay(units(10), "p").value();
  EXPECT_EQ(again.status, top_up_status::repeated);
  EXPECT_EQ(again.tax, wanted);
  EXPECT_EQ(again.credited, units(10));
}

TEST_F(Tax, TaxOnTopIsPaidAndNotCredited) {
  levy(tax_subject::top_up, 190'000, false);
  const auto paid = pay(cents(1190), "p").value();
  EXPECT_EQ(paid.credited, units(10));
  EXPECT_EQ(credit().posted, units(10));
  EXPECT_EQ(paid.tax->net, units(10));
  EXPECT_EQ(paid.tax->tax, cents(190));
  // The least top-up is one of credit.
  EXPECT_EQ(pay(cents(1189), "q", std::nullopt, units(10)).error(), error::below_minimum);
  EXPECT_EQ(pay(cents(1190), "r", std::nullopt, units(10))->credited, units(10));
}

TEST_F(Tax, RatesChangeWithTimeAndAreFrozenInTheEntry) {
  levy(tax_subject::top_up, 190'000, true, day(2020, 1, 1));
  levy(tax_subject::top_up, 160'000, true, day(2020, 7, 1));
  levy(tax_subject::top_up, 190'000, false, day(2021, 1, 1));
  levy(tax_subject::top_up, 0, true, day(2022, 1, 1));
  const auto just_before = [](system_clock::time_point at) { return at - std::chrono::microseconds{1}; };
  EXPECT_FALSE(pay(units(10), "a", just_before(day(2020, 1, 1)))->tax);
  EXPECT_EQ(pay(units(10), "b", day(2020, 1, 1))->tax->rate_ppm, 190'000);
  EXPECT_EQ(pay(units(10), "c", just_before(day(2020, 7, 1)))->tax->rate_ppm, 190'000);
  EXPECT_EQ(pay(units(10), "d", day(2020, 7, 1))->tax->rate_ppm, 160'000);
  EXPECT_FALSE(pay(cents(1190), "e", day(2021, 6, 1))->tax->included);
  EXPECT_FALSE(pay(units(10), "f", day(2022, 1, 1))->tax);
  EXPECT_EQ(pay(units(10), "b", day(2020, 8, 1))->tax->rate_ppm, 190'000);
}

TEST_F(Tax, RatesInForceStayAsTheyAre) {
  levy(tax_subject::top_up, 190'000, true, day(2020, 1, 1));
  levy(tax_subject::top_up, 190'000, true, day(2020, 1, 1));  // the same again
  const auto set = [&](int ppm, system_clock::time_point from, const char* country = "DE",
                       const char* name = "VAT") {
    return step([&](auto& tx) {
      return set_tax_rate(tx, {.country = country, .effective_from = from, .name = name, .rate_ppm = ppm});
    });
  };
  EXPECT_EQ(set(200'000, day(2020, 1, 1)).error(), error::tax_rate_in_force);
  const auto future = day(2120, 1, 1);
  EXPECT_TRUE(set(200'000, future).has_value());
  EXPECT_TRUE(set(210'000, future).has_value());
  const auto remove = [&](system_clock::time_point from) {
    return step([&](auto& tx) { return remove_tax_rate(tx, "DE", tax_subject::top_up, from); });
  };
  EXPECT_TRUE(remove(future).has_value());
  EXPECT_EQ(remove(future).error(), error::no_tax_rate);
  EXPECT_EQ(remove(day(2020, 1, 1)).error(), error::tax_rate_in_force);
  for (const char* sql : {"UPDATE billing.tax_rate SET rate_ppm = 1", "DELETE FROM billing.tax_rate"})
    EXPECT_THROW(execute(sql), pqxx::sql_error) << sql;
  EXPECT_EQ(set(-1, future).error(), error::malformed);
  EXPECT_EQ(set(1'000'001, future).error(), error::malformed);
  EXPECT_EQ(set(1, future, "de").error(), error::malformed);
  EXPECT_EQ(set(1, future, "DE", "").error(), error::malformed);
  EXPECT_EQ(step([](auto& tx) { return list_tax_rates(tx, "DE"); }).size(), 1U);
}

// Half up to the smallest coin: of EUR a cent, of JPY a yen, of BHD a thousandth.
TEST_F(Tax, IsRoundedHalfUpToTheCoin) {
  struct row {
    const char* currency;
    std::int64_t paid_micros, tax_micros;
    int ppm;
  };
  open_account(2, "JPY", "JP");
  open_account(3, "BHD", "BH");
  const row rows[] = {
      {"EUR", 10'000, 0, 190'000},                                  // 0.001597
      {"EUR", 30'000, 0, 190'000},                                  // 0.00479
      {"EUR", 40'000, 10'000, 190'000},                             // 0.0063866
      {"EUR", 10'050'000, 500'000, 52'356},                         // 0.499999 …
      {"EUR", 30'000, 20'000, 1'000'000},                           // 0.015, the half
      {"EUR", 1'000'000, 0, 1},                                     // the least rate
      {"EUR", max_balance.micros, 159'663'865'550'000, 190'000},    // 159,663,865.546218…
      {"EUR", max_balance.micros, 500'000'000'000'000, 1'000'000},  // the most of both
      {"JPY", 1'500'000'000, 136'000'000, 100'000},                 // 136.36
      {"JPY", 11'000'000, 1'000'000, 100'000},                      // 1
      {"JPY", 5'000'000, 0, 100'000},                               // 0.4545
      {"JPY", 6'000'000, 1'000'000, 100'000},                       // 0.54…
      {"BHD", 10'000'000, 909'000, 100'000},                        // 0.90909
      {"BHD", 5'500, 1'000, 100'000},                               // 0.0005, the half
  };
  int number = 0;
  for (const auto& each : rows) {
    const auto account = each.currency == std::string("EUR")   ? 1U
                         : each.currency == std::string("JPY") ? 2U
                                                               : 3U;
    const char* country = account == 1 ? "DE" : account == 2 ? "JP" : "BH";
    const auto at = day(2030, 1, 1) + std::chrono::days{++number};
    levy(tax_subject::top_up, each.ppm, true, at, country);
    const auto share =
        step([&](auto& tx) { return quote_paid(tx, account_id(account), {each.paid_micros}, at); })
            .value()
            .tax.value();
    EXPECT_EQ(share.tax.micros, each.tax_micros)
        << each.currency << " " << each.paid_micros << " " << each.ppm;
    EXPECT_EQ(share.total().micros, each.paid_micros);
  }
}

// What is to be paid for some credit, when it is paid, gives this credit with the same tax: for every sum and
// rate.
TEST_F(Tax, QuoteAndPaymentAgree) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) {
    const bool included = random() % 2 == 0;
    const auto at = day(2030, 1, 1) + std::chrono::days{i};
    levy(tax_subject::top_up, static_cast<int>(random() % 1'000'001), included, at);
    const money wanted = cents(static_cast<std::int64_t>(1 + random() % (i % 2 ? 100 : 10'000'000)));
    const auto bought = step([&](auto& tx) { return quote_credit(tx, account_id(), wanted, at); }).value();
    const auto paid = step([&](auto& tx) { return quote_paid(tx, account_id(), bought.paid, at); }).value();
    EXPECT_EQ(bought.credit, wanted) << i;
    EXPECT_EQ(paid.credit, wanted) << i;
    EXPECT_EQ(paid.tax, bought.tax) << i;
    EXPECT_EQ(bought.paid, included || !bought.tax ? wanted : wanted + bought.tax->tax) << i;
  }
}

// However a payment is cut into refunds, all of its tax goes back, and not a coin more: the view of broken
// invariants looks at the sums.
TEST_F(Tax, RefundsInPartsGiveBackTheWholeTax) {
  std::mt19937_64 random(11);
  for (const bool included : {true, false}) {
    const auto at = day(2020, included ? 1 : 2, 1);
    levy(tax_subject::top_up, 190'000, included, at);
    for (int i = 0; i < 10; ++i) {
      const auto id = std::to_string(i) + (included ? "i" : "e");
      const money whole = cents(static_cast<std::int64_t>(100 + random() % 5'000));
      const auto paid = pay(whole, id, at).value();
      money left = whole, tax{}, taken{};
      for (int part = 0; left > money{}; ++part) {
        money amount = cents(static_cast<std::int64_t>(1 + random() % 900));
        if (amount > left || left - amount < cents(3)) amount = left;
        const auto back = give_back(id + "/" + std::to_string(part), id, amount);
        if (!back && amount < cents(3)) continue;  // one cent that is all tax
        ASSERT_TRUE(back) << back.error().message();
        left -= amount;
        EXPECT_EQ(back->left, left);
        EXPECT_EQ(-back->tax->total(), amount);
        EXPECT_EQ(back->debited, included ? amount : -back->tax->net);
        tax -= back->tax->tax;
        taken += back->debited;
      }
      EXPECT_EQ(tax, paid.tax->tax);
      EXPECT_EQ(taken, paid.credited);
    }
  }
  EXPECT_EQ(credit().posted, money{});
  EXPECT_TRUE(step([](auto& tx) { return tax_totals(tx, day(2000, 1, 1), day(2100, 1, 1)); }).at(0).tax ==
              money{});
}

TEST_F(Tax, RefundIsRepeatedWithItsTax) {
  levy(tax_subject::top_up, 190'000, false);
  pay(cents(1190), "p").value();
  const auto first = give_back("r", "p", cents(595)).value();
  EXPECT_EQ(first.debited, units(5));
  const auto again = give_back("r", "p", cents(595)).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.debited, units(5));
  EXPECT_EQ(again.tax, first.tax);
  EXPECT_EQ(give_back("r2", "p", cents(596)).error(), error::refund_exceeds_payment);
  EXPECT_EQ(credit().posted, units(5));
}

TEST_F(Tax, SubscriptionsAreTaxedAtTheTimeOfTheCharge) {
  fund(units(100));
  levy(tax_subject::subscription, 190'000, true, day(2020, 1, 1));
  levy(tax_subject::subscription, 200'000, false, day(2021, 1, 1));
  const auto contained = charge(1, units(10), day(2020, 5, 1)).value();
  EXPECT_EQ(contained.charged, units(10));
  EXPECT_EQ(contained.tax->tax, cents(-160));
  const auto on_top = charge(2, units(10), day(2021, 1, 1)).value();
  EXPECT_EQ(on_top.charged, units(12));
  EXPECT_EQ(on_top.tax->net, units(-10));
  EXPECT_EQ(credit().posted, units(78));
  const auto again = charge(2, units(10), day(2020, 5, 1)).value();
  EXPECT_EQ(again.status, subscription_status::repeated);
  EXPECT_EQ(again.charged, units(12));
  EXPECT_EQ(again.tax, on_top.tax);
  // Credit for the price alone is not enough.
  execute("SELECT billing.adjust('" + boost::uuids::to_string(account_id()) +
          "', 'adjustment', -67000000, 'x', 'test', '', '2024-01-01')");
  EXPECT_EQ(charge(3, units(10), day(2021, 6, 1)).error(), error::insufficient_credit);
  EXPECT_TRUE(charge(3, cents(916), day(2021, 6, 1)).has_value());  // 9.16 + 1.83
}

TEST_F(Tax, SubscriptionRefundGivesBackItsShareOfTheTax) {
  fund(units(100));
  levy(tax_subject::subscription, 200'000, false);
  charge(1, units(10)).value();
  const auto back = step([](auto& tx) {
    return refund_subscription(tx, {.account_id = account_id(),
                                    .subscription_id = id_of(0x50, 1),
                                    .period = 1,
                                    .unused_days = 30,
                                    .period_days = 90,
                                    .now = system_clock::now()});
  });
  EXPECT_EQ(back->amount, units(4));
  const auto last = newest();
  EXPECT_EQ(last.kind, "subscription_refund");
  EXPECT_EQ(last.tax->tax, cents(67));
  EXPECT_EQ(last.tax->net, cents(333));
}

TEST_F(Tax, StatementAndReportAddUp) {
  levy(tax_subject::top_up, 190'000, true, day(2020, 1, 1));
  levy(tax_subject::subscription, 190'000, false, day(2020, 1, 1));
  const auto before = system_clock::now() - std::chrono::hours{1}, after = before + std::chrono::hours{2};
  const auto empty = step([&](auto& tx) { return make_statement(tx, account_id(), before, after); }).value();
  EXPECT_EQ(empty.closing, money{});
  EXPECT_EQ(empty.last_sequence, 0);
  pay(units(20), "a").value();
  pay(units(10), "b").value();
  charge(1, units(10)).value();
  give_back("r", "b", units(10)).value();
  const auto made = step([&](auto& tx) { return make_statement(tx, account_id(), before, after); }).value();
  EXPECT_EQ(made.opening, money{});
  EXPECT_EQ(made.closing, cents(810));
  EXPECT_EQ(made.first_sequence, 1);
  EXPECT_EQ(made.last_sequence, 4);
  money sum = made.opening;
  for (const auto& total : made.totals)
    sum += total.amount;
  EXPECT_EQ(sum, made.closing);
  ASSERT_EQ(made.taxes.size(), 3U);
  EXPECT_EQ(made.taxes[2].kind, "top_up");
  EXPECT_EQ(made.taxes[2].share.tax, cents(319 + 160));
  EXPECT_EQ(made.taxes[2].entries, 2);
  const auto later =
      step([&](auto& tx) { return make_statement(tx, account_id(), after, after + seconds{1}); }).value();
  EXPECT_EQ(later.opening, cents(810));
  EXPECT_EQ(later.closing, cents(810));
  EXPECT_EQ(step([&](auto& tx) { return make_statement(tx, account_id(9), before, after); }).error(),
            error::no_account);
  const auto due = step([&](auto& tx) { return tax_totals(tx, before, after); });
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].subject, tax_subject::subscription);
  EXPECT_EQ(due[0].tax, cents(190));
  EXPECT_EQ(due[1].tax, cents(319));
  EXPECT_EQ(due[1].net, cents(1681));
}

}  // namespace
}  // namespace tollgate::billing
