// SPDX-License-Identifier: Apache-2.0
// Imports as records: dry runs that are committed as they were reported, and roll back.
#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <pqxx/result>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string first_deck = "prefix,destination,price\n44,UK,0.017\n33,France,0.03\n";
const std::string second_deck = "prefix,destination,price\n44,UK,0.02\n49,Germany,0.01\n";

class RateImports : public Api {
 protected:
  answer take(const std::string& csv, const std::string& query = "") {
    return send("POST", "/v1/rate_imports" + query, csv, "text/csv");
  }
  answer step(const answer& of, const char* name) {
    return post("/v1/rate_imports/" + of.string("id") + "/" + name, "");
  }
  std::string price(const std::string& at = "") {
    const answer found = get("/v1/rates?number=%2B442079460958" + at);
    return found.status == 200 ? found.string("price_per_minute") : found.string("code");
  }
};

TEST_F(RateImports, ADryRunIsKeptAndCommittedAsItWasReported) {
  EXPECT_EQ(take(first_deck).status, 201U);
  gateway_.take();
  const answer checked = take(second_deck, "?dry_run=true&note=autumn");
  ASSERT_EQ(checked.status, 200U) << checked.text;
  EXPECT_EQ(checked.field("Location"), "/v1/rate_imports/" + checked.string("id"));
  const answer kept = get("/v1/rate_imports/" + checked.string("id"));
  ASSERT_EQ(kept.status, 200U) << kept.text;
  EXPECT_EQ(kept.body, checked.body);
  EXPECT_EQ(kept.at("counts").at("dearer").as_int64(), 1);
  EXPECT_EQ(kept.at("difference").at("gone").at("first").at(0).at("prefix").as_string(), "33");
  EXPECT_EQ(kept.at("made_by").at("role").as_string(), "admin");
  EXPECT_EQ(price(), "0.017");
  const answer done = step(checked, "commit");
  ASSERT_EQ(done.status, 200U) << done.text;
  EXPECT_EQ(done.string("outcome"), "imported");
  EXPECT_EQ(done.integer("version"), 2);
  EXPECT_EQ(done.at("difference"), checked.at("difference"));
  EXPECT_EQ(done.at("committed_by"), checked.at("made_by"));
  EXPECT_THAT(gateway_.take(), ElementsAre("rates"));
  EXPECT_EQ(price(), "0.02");
  EXPECT_EQ(step(checked, "commit").text, done.text) << "a second one changes nothing";
  EXPECT_EQ(get("/v1/rate_decks").at("items").as_array().size(), 2U);

  const answer list = get("/v1/rate_imports?limit=1");
  ASSERT_EQ(list.at("items").as_array().size(), 1U) << list.text;
  EXPECT_EQ(list.at("items").at(0).at("note").as_string(), "autumn");
  EXPECT_FALSE(list.at("items").at(0).as_object().contains("difference"));
  const answer rest = get("/v1/rate_imports?cursor=" + list.string("next"));
  ASSERT_EQ(rest.at("items").as_array().size(), 1U);
  EXPECT_EQ(rest.at("items").at(0).at("version").as_int64(), 1);
  EXPECT_TRUE(get("/v1/rate_imports?deck=other").at("items").as_array().empty());
}

TEST_F(RateImports, WhatWouldNotBeWhatWasReportedIsNotCommitted) {
  take(first_deck);
  const answer checked = take(second_deck, "?dry_run=true");
  const answer same = take(second_deck, "?dry_run=true&note=twice");
  ASSERT_EQ(step(same, "commit").status, 200U);
  const answer refused = step(checked, "commit");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.string("code"), "deck_changed") << "even though its text is the one in force";
  EXPECT_EQ(get("/v1/rate_imports/" + checked.string("id")).string("outcome"), "checked");
  // Its time has passed.
  const answer later = take(first_deck, "?dry_run=true&effective_from=2099-01-01T00:00:00Z");
  pool_->run_blocking([&](pqxx::work& tx) {
    tx.exec_params("UPDATE billing.rate_import SET effective_from = '2020-01-01' WHERE import_id = $1", later.string("id"));
  });
  EXPECT_EQ(step(later, "commit").string("code"), "deck_changed");
  // So many texts are kept, and no more.
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(take(first_deck, "?dry_run=true&changes=0").status, 200U);
  EXPECT_EQ(step(checked, "commit").string("code"), "import_expired");
  EXPECT_EQ(get("/v1/rate_imports/" + checked.string("id")).string("outcome"), "expired");
  EXPECT_EQ(step(checked, "rollback").string("code"), "nothing_imported");
  for (const char* id : {"x", "0190a0b0-0000-7000-8000-000000000001"}) {
    EXPECT_EQ(get(std::string("/v1/rate_imports/") + id).string("code"), "no_import");
    EXPECT_EQ(post(std::string("/v1/rate_imports/") + id + "/commit", "").string("code"), "no_import");
    EXPECT_EQ(post(std::string("/v1/rate_imports/") + id + "/rollback", "").string("code"), "no_import");
  }
}

TEST_F(RateImports, AVersionThatIsNotInForceYetIsWithdrawn) {
  take(first_deck);
  const answer later = take(second_deck, "?effective_from=2099-01-01T00:00:00Z");
  EXPECT_EQ(price("&at=2099-01-02T00:00:00Z"), "0.02");
  gateway_.take();
  const answer back = step(later, "rollback");
  ASSERT_EQ(back.status, 200U) << back.text;
  EXPECT_EQ(back.string("outcome"), "rolled_back");
  EXPECT_TRUE(back.at("restored_version").is_null());
  EXPECT_THAT(gateway_.take(), ElementsAre("rates"));
  EXPECT_EQ(price("&at=2099-01-02T00:00:00Z"), "0.017");
  EXPECT_EQ(step(later, "rollback").text, back.text);
  const answer decks = get("/v1/rate_decks");
  ASSERT_EQ(decks.at("items").as_array().size(), 2U) << "kept for the audit";
  EXPECT_TRUE(decks.at("items").at(0).at("withdrawn_at").is_string());
  EXPECT_TRUE(decks.at("items").at(1).at("withdrawn_at").is_null());
  EXPECT_THAT(get("/v1/rate_decks/default/2").text, HasSubstr("49,Germany"));
  EXPECT_EQ(take(second_deck, "?effective_from=2099-01-01T00:00:00Z").integer("version"), 3) << "it may come again";
}

TEST_F(RateImports, AVersionInForceIsReplacedByTheOneBeforeIt) {
  const answer one = take(first_deck);
  EXPECT_EQ(step(one, "rollback").string("code"), "no_earlier_version");
  const answer two = take(second_deck);
  EXPECT_EQ(step(one, "rollback").string("code"), "version_replaced");
  headers_ = "Idempotency-Key: back\r\n";
  const answer back = step(two, "rollback");
  ASSERT_EQ(back.status, 200U) << back.text;
  EXPECT_EQ(step(two, "rollback").field("Idempotency-Replayed"), "true");
  headers_.clear();
  EXPECT_EQ(back.integer("restored_version"), 3);
  EXPECT_EQ(step(two, "rollback").text, back.text);
  EXPECT_EQ(price(), "0.017");
  EXPECT_EQ(get("/v1/rate_decks/default/current").text, get("/v1/rate_decks/default/1").text);
  EXPECT_THAT(get("/v1/rate_decks/default/2").text, HasSubstr("49,Germany"));
  EXPECT_EQ(take(first_deck).string("outcome"), "unchanged");
  EXPECT_THAT(get("/v1/audit_log").text, HasSubstr("/rollback"));
}

TEST_F(RateImports, TwoStoredVersionsAreCompared) {
  take(first_deck);
  take(second_deck);
  const answer found = get("/v1/rate_decks/default/2/changes?since=1");
  ASSERT_EQ(found.status, 200U) << found.text;
  const auto& difference = found.at("difference").as_object();
  const auto prefixes = [&](const char* kind) {
    std::vector<std::string> out;
    for (const auto& each : difference.at(kind).at("first").as_array())
      out.emplace_back(each.at("prefix").as_string());
    return out;
  };
  EXPECT_THAT(prefixes("dearer"), ElementsAre("44"));
  EXPECT_THAT(prefixes("new"), ElementsAre("49"));
  EXPECT_THAT(prefixes("gone"), ElementsAre("33"));
  EXPECT_EQ(difference.at("dearer").at("first").at(0).at("before").at("price_per_minute").as_string(), "0.017");
  EXPECT_EQ(difference.at("unchanged").as_int64(), 0);
  EXPECT_EQ(get("/v1/rate_decks/default/1/changes?since=2").at("difference").at("cheaper").at("count").as_int64(), 1);
  EXPECT_EQ(get("/v1/rate_decks/default/1/changes?since=1").at("difference").at("unchanged").as_int64(), 2);
  for (const char* none : {"/v1/rate_decks/default/3/changes?since=1", "/v1/rate_decks/default/1/changes?since=3", "/v1/rate_decks/other/1/changes?since=1",
                           "/v1/rate_decks/default/x/changes?since=1"})
    EXPECT_EQ(get(none).string("code"), "no_deck") << none;
  EXPECT_EQ(get("/v1/rate_decks/default/2/changes").status, 422U);
}

TEST_F(RateImports, AnImportUnderAKeyThatWasCutShortIsAnsweredByItsRecord) {
  headers_ = "Idempotency-Key: k\r\n";
  const answer made = take(first_deck);
  ASSERT_EQ(made.status, 201U) << made.text;
  pool_->run_blocking([](pqxx::work& tx) {
    tx.exec("UPDATE gateway.idempotent_request SET status = NULL, body = NULL, location = NULL, busy_until = NULL");
  });
  const answer again = take(first_deck);
  EXPECT_EQ(again.status, 201U) << again.text;
  EXPECT_EQ(again.text, made.text);
}

}  // namespace
}  // namespace tollgate::gateway::api
