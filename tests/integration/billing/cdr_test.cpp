// SPDX-License-Identifier: Apache-2.0
// CDRs hold everything that the stop record said, with the rate frozen.
#include "billing/cdr_export.hpp"
#include "billing/cdr_list.hpp"
#include "billing/rate_deck.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Cdr : public billing_test {};

TEST_F(Cdr, HoldsTheWholeStopRecordAndTheFrozenRate) {
  fund(units(20));
  const rate terms{.rate_id = 99,
                   .prefix = "4420",
                   .destination = "London",
                   .connection_fee = {39'000},
                   .price_per_minute = {60'000},
                   .initial_increment = seconds{30},
                   .next_increment = seconds{6},
                   .free_start = seconds{4},
                   .included = seconds{10}};
  auto request = hold_for(1, {1'000'000}, terms);
  request.direction = call_direction::forward;
  open(request);
  const auto at = std::chrono::system_clock::time_point{std::chrono::microseconds{1'790'000'000'123'456}};
  auto record = stop_of(1, milliseconds{36'001});
  record.parent_call_id = call_id(77);
  record.direction = call_direction::forward;
  record.callee = "Zoë";
  record.started = at;
  record.ringing = at + milliseconds{300};
  record.answered = at + seconds{2};
  record.ended = at + seconds{38};
  record.ring = milliseconds{1700};
  record.post_dial_delay = milliseconds{280};
  record.trunk = "main";
  record.attempts = {{"first", 503, "unavailable", at}, {"main", 200, "OK", at + milliseconds{1}}};
  record.sip_code = 200;
  record.q850_cause = 16;
  record.overlay_codec = "opus";
  record.trunk_codec = "PCMA";
  record.from_overlay = {3000, 12, 4.25, 4.125, 0.25, 3.5, 80.0, 4.0};
  record.from_trunk = {2999, 1, 0.5, 4.375};
  record.srtp_profile = "SRTP_AEAD_AES_256_GCM";
  step([&](auto& tx) { return settle(tx, record); });
  const auto found = record_of(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->call, record);
  EXPECT_EQ(found->terms, terms);
  EXPECT_EQ(found->currency, "EUR");
  EXPECT_EQ(found->billed, seconds{42});
  EXPECT_EQ(found->price.micros, 39'000 + 32'000);
  EXPECT_EQ(found->charged, found->price);
  EXPECT_EQ(found->settled, settled_by::gateway);
}

TEST_F(Cdr, NamesTheDeckAndTheVersionThatTheCallBeganWith) {
  fund(units(10));
  const auto import = [&](const char* price) {
    const auto csv = std::string("prefix,destination,price_per_minute\n33,France,0.5\n44,UK,") + price + "\n";
    const auto report = step([&](auto& tx) {
      return import_deck(tx,
                         {.name = "retail", .csv = csv, .effective_from = std::chrono::system_clock::now()});
    });
    ASSERT_EQ(report.result, deck_import_report::outcome::imported);
  };
  const auto rate_now = [&] {
    const auto table = step([](auto& tx) {
      return load_rate_table(tx, "retail", std::chrono::system_clock::now() + seconds{1});
    });
    return *table.value().find("442079460958");
  };
  import("0.01");
  open(hold_for(1, units(1), rate_now()));
  import("0.02");
  stop(1, seconds{30});
  open(hold_for(2, units(1), rate_now()));
  stop(2, seconds{30});
  open(hold_for(3, units(1), {.rate_id = 1'000'000'000, .prefix = "44", .destination = "UK"}));
  stop(3, seconds{30});
  EXPECT_EQ(record_of(1)->deck, (deck_version_name{"retail", 1})) << "another was in force when it ended";
  EXPECT_EQ(record_of(1)->charged.micros, 10'000);
  EXPECT_EQ(record_of(2)->deck, (deck_version_name{"retail", 2}));
  EXPECT_EQ(record_of(3)->deck, std::nullopt) << "its rate is in no deck";
  EXPECT_TRUE(to_csv(*record_of(2)).ends_with(",retail,2\n"));
}

TEST_F(Cdr, ListsNewestFirstInPages) {
  fund(units(20));
  for (std::uint32_t call = 1; call <= 5; ++call) {
    open(hold_for(call, {17'000}));
    stop(call, seconds{0});
  }
  const auto ids = [](const std::vector<call_record>& calls) {
    std::vector<uuid> found;
    for (const auto& call : calls)
      found.push_back(call.call.call_id);
    return found;
  };
  EXPECT_EQ(ids(step([](auto& tx) { return list_calls(tx, account_id(), 2); })),
            (std::vector{call_id(5), call_id(4)}));
  EXPECT_EQ(ids(step([](auto& tx) { return list_calls(tx, account_id(), 9, call_id(3)); })),
            (std::vector{call_id(2), call_id(1)}));
  EXPECT_TRUE(step([](auto& tx) { return list_calls(tx, account_id(2), 9); }).empty());
  EXPECT_EQ(step([](auto& tx) { return list_calls_by(tx, {}, {}); }).size(), 5U);
  EXPECT_EQ(ids(step([](auto& tx) { return list_calls_by(tx, {}, {.limit = 1, .cursor = call_id(2)}); })), (std::vector{call_id(1)}));
  EXPECT_FALSE(record_of(6));
}

// The carrier's frozen rate and what is left of the charge.
TEST_F(Cdr, CostAndMarginAreComputedAtTheSettlement) {
  fund(units(10));
  const auto cost = [](const char* currency) {
    return cost_rate{.deck = "acme",
                     .currency = currency,
                     .terms = {.rate_id = 9,
                               .prefix = "4420",
                               .destination = "London",
                               .price_per_minute = {6'000},
                               .initial_increment = seconds{1},
                               .next_increment = seconds{1}}};
  };
  const auto settle_with = [&](std::uint32_t call, std::optional<cost_rate> buying) {
    open(hold_for(call, units(1)));
    auto record = stop_of(call, seconds{90});
    record.cost = std::move(buying);
    step([&](auto& tx) { return settle(tx, record); });
    return *record_of(call);
  };
  const auto sold = settle_with(1, cost("EUR"));
  EXPECT_EQ(sold.charged.micros, 34'000);
  EXPECT_EQ(sold.cost->micros, 9'000);
  EXPECT_EQ(sold.margin->micros, 25'000);
  EXPECT_EQ(sold.call.cost, cost("EUR"));
  const auto abroad = settle_with(2, cost("USD"));
  EXPECT_EQ(abroad.cost->micros, 9'000);
  EXPECT_FALSE(abroad.margin);
  const auto unknown = settle_with(3, std::nullopt);
  EXPECT_FALSE(unknown.cost || unknown.margin || unknown.call.cost);
}

}  // namespace
}  // namespace tollgate::billing
