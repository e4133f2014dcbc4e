// SPDX-License-Identifier: Apache-2.0
// The SQL functions price exactly as the C++ ones do.
#include <random>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Price : public billing_test {};

void expect_same(pqxx::transaction_base& tx, const rate& terms, milliseconds talk, money credit) {
  const auto row = tx.exec_params1(
      "SELECT billed, billing.price_of(billed, $5, $6, $7), billing.affordable_seconds($8, $5, $6, $2, $3, "
      "$7) "
      "FROM billing.billed_seconds($1, $2, $3, $4) AS billed",
      talk.count(), terms.initial_increment.count(), terms.next_increment.count(), terms.free_start.count(),
      terms.connection_fee.micros, terms.price_per_minute.micros, terms.included.count(), credit.micros);
  const auto about = std::to_string(talk.count()) + " ms, " +
                     std::to_string(terms.initial_increment.count()) + "/" +
                     std::to_string(terms.next_increment.count()) + ", price " +
                     to_string(terms.price_per_minute) + ", credit " + to_string(credit);
  EXPECT_EQ(row[0].as<std::int64_t>(), billed_seconds(terms, talk).count()) << about;
  EXPECT_EQ(row[1].as<std::int64_t>(), call_price(terms, talk).micros) << about;
  EXPECT_EQ(row[2].as<std::int64_t>(), affordable_duration(terms, credit).count()) << about;
}

TEST_F(Price, SqlAgreesWithTheProgramOnRandomCalls) {
  std::mt19937_64 random(3);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  pqxx::work tx(*connection_);
  for (int i = 0; i < 3000; ++i) {
    const rate terms{.rate_id = 1,
                     .prefix = "44",
                     .connection_fee = {pick(0, 100'000)},
                     .price_per_minute = {i % 10 == 0 ? 0 : pick(0, 3'000'000)},
                     .initial_increment = seconds{pick(1, 120)},
                     .next_increment = seconds{pick(1, 60)},
                     .free_start = seconds{pick(0, 10)},
                     .included = seconds{pick(0, 100)}};
    expect_same(tx, terms, milliseconds{pick(-10, 7'200'000)}, {pick(0, 40'000'000)});
    // Around the borders of the increments, where the rounding is.
    expect_same(tx, terms,
                terms.initial_increment + terms.next_increment * pick(0, 5) + milliseconds{pick(-1, 1)},
                call_price(terms, terms.initial_increment) + money{pick(-1, 1)});
  }
}

TEST_F(Price, SqlAgreesWithTheProgramAtTheExtremes) {
  pqxx::work tx(*connection_);
  for (const std::int64_t price : {std::int64_t{0}, std::int64_t{1}, std::int64_t{59}, max_price.micros})
    for (const std::int64_t increment : {1, 60, 3600})
      for (const std::int64_t talk : {std::int64_t{0}, std::int64_t{1}, std::int64_t{31'622'400'000},
                                      std::int64_t{31'622'400'001}, std::numeric_limits<std::int64_t>::max()})
        for (const std::int64_t credit :
             {std::int64_t{0}, std::int64_t{1}, max_balance.micros, std::numeric_limits<std::int64_t>::max()})
          expect_same(tx,
                      {.rate_id = 1,
                       .prefix = "44",
                       .connection_fee = {price},
                       .price_per_minute = {price},
                       .initial_increment = seconds{increment},
                       .next_increment = seconds{increment},
                       .included = seconds{increment}},
                      milliseconds{talk}, {credit});
}

}  // namespace
}  // namespace tollgate::billing
