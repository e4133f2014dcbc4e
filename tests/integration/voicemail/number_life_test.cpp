// SPDX-License-Identifier: Apache-2.0
// What becomes of numbers over time: events, notices, lists, withdrawal, against a real PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/credit_life.hpp"
#include "number_fixture.hpp"
#include "voicemail/number_import.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class NumberLife : public number_test {
 protected:
  // Its states in order, with the actor of each.
  std::vector<std::string> history() {
    std::vector<std::string> states;
    for (const auto& event : in_transaction(list_number_events, number, 100, std::optional<std::int64_t>{}))
      states.insert(states.begin(), std::string(to_text(event.after)) + " by " + event.actor);
    return states;
  }
  std::vector<std::string> told(const std::string& kind) {
    std::vector<std::string> bodies;
    for (const auto& event : in_transaction(billing::list_events, alice, 100))
      if (event.kind == kind) bodies.insert(bodies.begin(), event.body);
    return bodies;
  }
  static std::vector<std::string> lines(const std::vector<import_error>& errors) {
    std::vector<std::string> texts;
    for (const auto& each : errors)
      texts.push_back(std::to_string(each.line) + " " + each.code);
    return texts;
  }
};

TEST_F(NumberLife, EveryChangeIsAnEventWithItsActorAndStaysOne) {
  ASSERT_TRUE(rent("1", alice));
  const auto paid = *record().dates.paid_until;
  in_transaction([&](pqxx::transaction_base& tx) {
    name_actor(tx, "admin:7");
    return change_settings(tx, number, alice, {.auto_renew = false});
  });
  advance(paid);
  advance(paid + 14 * 24h);
  advance(paid + (14 + 90) * 24h);
  EXPECT_THAT(history(), ElementsAre("available by gateway", "assigned by gateway", "grace by gateway",
                                     "quarantined by gateway", "available by gateway"));
  in_transaction([&](pqxx::transaction_base& tx) {
    name_actor(tx, "admin:7");
    return port_number(tx, number, paid + (14 + 90) * 24h, porting::unpaid);
  });
  EXPECT_EQ(history().back(), "ported_out by admin:7");
  for (const char* const change : {"DELETE FROM voicemail.number_event", "UPDATE voicemail.number_event SET actor = 'nobody'",
                                   "TRUNCATE voicemail.number_event"}) {
    pqxx::work tx{*connection_};
    EXPECT_THROW(tx.exec(change), pqxx::sql_error) << change;
  }
}

TEST_F(NumberLife, ARenewalIsAnEventToo) {
  ASSERT_TRUE(rent("1", alice));
  advance(*record().dates.paid_until);
  EXPECT_THAT(history(), ElementsAre("available by gateway", "assigned by gateway", "assigned by gateway"));
}

TEST_F(NumberLife, OnlyItsFormerOwnerGetsANumberBackFromQuarantine) {
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction(release_number, number, alice, start + 1h, term_policy{}));
  EXPECT_EQ(in_transaction(reserve_number, number, bob, start + 3h, start + 2h).error(), error::number_unavailable);
  EXPECT_EQ(rent("2", bob).error(), error::number_unavailable);
  EXPECT_FALSE(in_transaction(owner_of, number, start + 2h, term_policy{})) << "its callers hear that it is not in service";
  EXPECT_TRUE(rent("3", alice));
}

TEST_F(NumberLife, OwnersAreToldThirtySevenAndOneDayBeforeTheEndOnceEach) {
  ASSERT_TRUE(rent("1", alice));
  const auto paid = *record().dates.paid_until;
  const auto give = [&](system_clock::duration before) { return in_transaction(give_notices, paid - before, 10); };
  EXPECT_EQ(give(31 * 24h), 0);
  EXPECT_EQ(give(30 * 24h), 1);
  EXPECT_EQ(give(30 * 24h), 0);
  EXPECT_EQ(give(8 * 24h), 0);
  EXPECT_EQ(give(7 * 24h), 1);
  EXPECT_EQ(give(24h + 1s), 0);
  EXPECT_EQ(give(24h), 1);
  EXPECT_EQ(give(1h), 0);
  const auto bodies = told("number_term_notice");
  ASSERT_EQ(bodies.size(), 3U);
  for (std::size_t index = 0; index < 3; ++index)
    EXPECT_THAT(bodies[index], testing::AllOf(testing::HasSubstr(number.e164()), testing::HasSubstr("true")));
  EXPECT_THAT(bodies[0], testing::HasSubstr("30d"));
  EXPECT_THAT(bodies[1], testing::HasSubstr("7d"));
  EXPECT_THAT(bodies[2], testing::HasSubstr("1d"));
  advance(paid);  // renewed: a new term, with notices of its own
  const auto next = *record().dates.paid_until;
  EXPECT_EQ(in_transaction(give_notices, next - 2h, 10), 1) << "who was not told before is told the latest only";
  EXPECT_EQ(told("number_term_notice").size(), 4U);
  EXPECT_EQ(in_transaction(give_notices, next - 1h, 10), 0);
}

TEST_F(NumberLife, AListIsTakenAsAWholeOrNotAtAll) {
  const auto import = [&](const char* csv, bool dry_run) {
    return in_transaction([&](pqxx::transaction_base& tx) {
      return import_numbers(tx, read_number_list(csv), {{"landline", alice}}, dry_run);
    });
  };
  const auto bad = import(
      "number,area,trunk\n+16505550101,\"San Francisco, CA\",landline\n16505550102,,\n+16505550101,,\n+16505550100,,\n"
      "+442079460958,London,elsewhere\n+1650,,,\n",
      false);
  EXPECT_THAT(lines(bad.errors), ElementsAre("3 number_invalid", "4 number_repeated", "7 columns", "5 number_exists",
                                             "6 trunk_unknown"));
  EXPECT_EQ(in_transaction(list_numbers, number_filter{}).size(), 1U) << "all or none";

  const char* good = "\xef\xbb\xbfnumber,area,trunk\r\n+16505550101,\"San \"\"F\"\", CA\",landline\r\n+442079460958,London,\r\n\r\n+33140000001,Paris,";
  EXPECT_EQ(import(good, true).done, 3);
  EXPECT_THAT(import(good, true).errors, IsEmpty());
  EXPECT_EQ(in_transaction(list_numbers, number_filter{}).size(), 1U) << "a dry run leaves nothing";
  EXPECT_EQ(import(good, false).done, 3);
  const auto all = in_transaction(list_numbers, number_filter{});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1].number.e164(), "+16505550101");
  EXPECT_EQ(all[1].area, "San \"F\", CA");
  EXPECT_EQ(all[1].trunk_id, alice);
  EXPECT_EQ(all[2].country, "FR");
}

TEST_F(NumberLife, MalformedListsAreToldByLine) {
  EXPECT_THAT(lines(read_number_list("").errors), ElementsAre("1 columns"));
  EXPECT_THAT(lines(read_number_list("area\nx").errors), ElementsAre("1 columns"));
  EXPECT_THAT(lines(read_number_list("number,number\n").errors), ElementsAre("1 columns"));
  EXPECT_THAT(lines(read_number_list("number,area\n+16505550101,\"a\nb\"\n+1,x\n").errors), ElementsAre("4 number_invalid"));
  EXPECT_THAT(lines(read_number_list("number\n\"+16505550101\n").errors), ElementsAre("2 malformed"));
  EXPECT_THAT(lines(read_withdrawal_list("number,replacement\n+16505550101,+16505550101\n").errors),
              ElementsAre("2 number_repeated"));
}

TEST_F(NumberLife, NumbersAreFoundByCountryAreaAndPattern) {
  in_transaction([&](pqxx::transaction_base& tx) {
    return import_numbers(tx, read_number_list("number,area\n+16505550110,Palo Alto\n+442079460958,London\n+442079460900,London\n"),
                          {}, false);
  });
  struct row {
    number_filter filter;
    std::vector<std::string> found;
  };
  for (const auto& one : {row{{.country = "GB"}, {"+442079460900", "+442079460958"}},
                          row{{.area = "alo"}, {"+16505550110"}},
                          row{{.pattern = "1650555010?"}, {"+16505550100"}},
                          row{{.pattern = "*00"}, {"+16505550100", "+442079460900"}},
                          row{{.country = "GB", .pattern = "44*58"}, {"+442079460958"}},
                          row{{.country = "GB", .area = "%"}, {}}}) {
    std::vector<std::string> found;
    for (const auto& each : in_transaction(list_numbers, one.filter))
      found.push_back(each.number.e164());
    EXPECT_EQ(found, one.found) << one.filter.country << one.filter.area << one.filter.pattern;
  }
}

TEST_F(NumberLife, ASupplierTakesANumberBackAndItsOwnerIsCompensated) {
  const auto replacement = pstn::number::phone_number::parse("+16505550101").value();
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = replacement, .area = "", .trunk_id = {}}));
  ASSERT_TRUE(rent("1", alice));
  const auto before = credit_of(alice);
  const auto paid = *record().dates.paid_until;
  const auto withdraw = [&](const char* csv, bool dry_run) {
    return in_transaction([&](pqxx::transaction_base& tx) {
      return withdraw_numbers(tx, read_withdrawal_list(csv), dry_run, start + (paid - start) / 2);
    });
  };
  EXPECT_THAT(lines(withdraw("number,replacement\n+16505550199,\n+16505550100,+16505550198\n", false).errors),
              ElementsAre("2 number_unknown", "3 replacement_unavailable"));
  EXPECT_EQ(withdraw("number,replacement\n+16505550100,+16505550101\n", true).done, 1);
  EXPECT_EQ(record().state, number_state::assigned);
  EXPECT_EQ(credit_of(alice), before);

  EXPECT_EQ(withdraw("number,replacement\n+16505550100,+16505550101\n", false).done, 1);
  EXPECT_EQ(record().state, number_state::withdrawn);
  EXPECT_EQ(record().account_id, std::nullopt);
  EXPECT_NEAR(static_cast<double>((credit_of(alice) - before).micros), 5e6, 0.2e6) << "half of EUR 10";
  const auto kept = in_transaction(find_number, replacement);
  EXPECT_EQ(kept->state, number_state::reserved);
  EXPECT_EQ(kept->account_id, alice);
  ASSERT_EQ(told("number_withdrawn").size(), 1U);
  EXPECT_THAT(told("number_withdrawn")[0], testing::HasSubstr("+16505550101"));
  EXPECT_THAT(lines(withdraw("number\n+16505550100\n", false).errors), ElementsAre("2 number_withdrawn"));
  EXPECT_EQ(rent("2", alice).error(), error::number_unavailable);
}

TEST_F(NumberLife, WhoTakesANumberAlongGetsTheUnusedDaysBack) {
  ASSERT_TRUE(rent("1", alice));
  const auto before = credit_of(alice);
  const auto paid = *record().dates.paid_until;
  EXPECT_EQ(in_transaction(port_number, number, start + 1h, porting::unpaid).error(), error::number_not_yours);
  EXPECT_EQ(record().state, number_state::assigned);
  EXPECT_EQ(in_transaction(port_number, number, start + (paid - start) / 2, porting::any).value(), alice);
  EXPECT_EQ(record().state, number_state::ported_out);
  EXPECT_NEAR(static_cast<double>((credit_of(alice) - before).micros), 5e6, 0.2e6) << "half of EUR 10";
  ASSERT_EQ(told("number_ported").size(), 1U);
  EXPECT_THAT(told("number_ported")[0], testing::HasSubstr("\"currency\": \"EUR\""));
  EXPECT_EQ(in_transaction(port_number, number, paid, porting::any).error(), error::number_unavailable);
}

TEST_F(NumberLife, WhoCouldHaveHadAWithdrawnNumberBackIsTold) {
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction(release_number, number, alice, start + 1h, term_policy{}));
  const auto report = in_transaction([&](pqxx::transaction_base& tx) {
    return withdraw_numbers(tx, read_withdrawal_list("number\n+16505550100\n"), false, start + 2h);
  });
  EXPECT_EQ(report.done, 1);
  EXPECT_EQ(told("number_withdrawn").size(), 1U);
}

}  // namespace
}  // namespace tollgate::voicemail
