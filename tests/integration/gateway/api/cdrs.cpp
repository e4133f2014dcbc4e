// SPDX-License-Identifier: Apache-2.0
// The export of CDRs over REST, and their comparison with the ledger and a carrier's records.
#include <gmock/gmock.h>

#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <pqxx/result>

#include "billing/ledger.hpp"
#include "billing/stop_record.hpp"
#include "fixture.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class CdrApi : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    account_ = *parse_uuid(create_account("alice"));
    ASSERT_FALSE(pool_
                     ->run_blocking([&](pqxx::work& tx) {
                       billing::top_up(
                           tx, {.account_id = account_, .amount = billing::units(20), .payment_id = "p"})
                           .value();
                     })
                     .has_error());
  }
  void TearDown() override {
    EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
    Api::TearDown();
  }
  // A minute at EUR 0.017 over the trunk "main", with an id of 22 November 2026 (or what it begins with).
  void call(std::uint8_t number, const std::string& id = "01a20320-a200-7000-8000-0000000000",
            std::int64_t rate_id = 7) {
    billing::hold_request hold;
    hold.account_id = account_;
    hold.call_id = *parse_uuid(id + std::to_string(10 + number));
    hold.node = "test";
    hold.terms = {
        .rate_id = rate_id, .prefix = "44", .destination = "United Kingdom", .price_per_minute = {17'000}};
    hold.currency = "EUR";
    hold.wanted = {17'000};
    hold.callee = "+442079460958";
    billing::stop_record stop;
    stop.account_id = account_;
    stop.call_id = hold.call_id;
    stop.callee = hold.callee;
    stop.talk = 60s;
    stop.trunk = "main";
    stop.started = *parse_rfc3339("2026-11-22T12:00:00Z") + std::chrono::minutes(10 * number);
    stop.answered = *stop.started + 4s;
    ASSERT_FALSE(pool_
                     ->run_blocking([&](pqxx::work& tx) {
                       billing::open_hold(tx, hold);
                       billing::settle(tx, stop);
                     })
                     .has_error());
  }
  static std::string header(const answer& from, const std::string& name) {
    const auto at = from.header.find(name + ": ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return from.header.substr(begin, from.header.find('\r', begin) - begin);
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  uuid account_{};
};

TEST_F(CdrApi, ExportsInPagesAsJsonLinesAndCsv) {
  for (std::uint8_t i = 1; i <= 3; ++i)
    call(i);
  const answer first = get("/v1/cdrs/export?limit=2");
  ASSERT_EQ(first.status, 200U) << first.text;
  EXPECT_THAT(first.header, HasSubstr("application/x-ndjson"));
  EXPECT_EQ(lines(first.text), 2U);
  EXPECT_EQ(header(first, "Tollgate-More"), "true");
  const auto record = boost::json::parse(first.text.substr(0, first.text.find('\n')));
  EXPECT_EQ(record.at("callee").as_string(), "+442079460958");
  EXPECT_EQ(record.at("charged_micros").as_int64(), 17'000);
  const std::string cursor = header(first, "Tollgate-Next");
  const answer second = get("/v1/cdrs/export?limit=2&after=" + cursor);
  EXPECT_EQ(lines(second.text), 1U);
  EXPECT_EQ(header(second, "Tollgate-More"), "false");
  const answer none = get("/v1/cdrs/export?after=" + header(second, "Tollgate-Next"));
  EXPECT_EQ(none.text, "");
  EXPECT_EQ(header(none, "Tollgate-Next"), header(second, "Tollgate-Next"));
  const answer csv = get("/v1/cdrs/export?format=csv");
  EXPECT_EQ(lines(csv.text), 4U);
  EXPECT_TRUE(csv.text.starts_with("call_id,account_id,"));
  EXPECT_THAT(csv.text, HasSubstr(",0.017,"));
  EXPECT_EQ(lines(get("/v1/cdrs/export?format=csv&after=" + cursor).text), 1U);
  EXPECT_EQ(lines(get("/v1/cdrs/export?format=csv&header=true&after=" + cursor).text), 2U);
  EXPECT_EQ(get("/v1/cdrs/export?format=xml").status, 422U);
  EXPECT_EQ(get("/v1/cdrs/export?after=nonsense").status, 422U);
}

TEST_F(CdrApi, ConsumersGoOnWhereTheyWere) {
  for (std::uint8_t i = 1; i <= 3; ++i)
    call(i);
  const std::string cursor = header(get("/v1/cdrs/export?limit=2"), "Tollgate-Next");
  const auto tell = [&](const std::string& name, const std::string& at) {
    return send("PUT", "/v1/cdr_consumers/" + name, R"({"cursor":")" + at + "\"}");
  };
  EXPECT_EQ(tell("accounting", cursor).status, 200U);
  EXPECT_EQ(tell("accounting", "nonsense").status, 422U);
  EXPECT_EQ(tell("Accounting", cursor).status, 422U);
  EXPECT_EQ(lines(get("/v1/cdrs/export?consumer=accounting").text), 1U);
  EXPECT_EQ(lines(get("/v1/cdrs/export?consumer=other").text), 3U);
  EXPECT_EQ(get("/v1/cdr_consumers").at("items").at(0).at("cursor").as_string(), cursor);
  EXPECT_EQ(send("DELETE", "/v1/cdr_consumers/accounting").status, 204U);
  EXPECT_EQ(send("DELETE", "/v1/cdr_consumers/accounting").status, 404U);
}

TEST_F(CdrApi, LedgerAgreesWithTheRecords) {
  call(1);
  call(2);
  const answer found = get("/v1/ledger/reconciliation?from=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z");
  ASSERT_EQ(found.status, 200U) << found.text;
  EXPECT_EQ(found.integer("calls"), 2);
  EXPECT_EQ(found.integer("differences"), 0);
  EXPECT_EQ(get("/v1/ledger/reconciliation?from=2026-11-01T00:00:00Z&until=2027-11-01T00:00:00Z").status,
            422U);
  EXPECT_EQ(get("/v1/ledger/reconciliation").status, 422U);
}

TEST_F(CdrApi, CarriersRecordsAreComparedWithOurs) {
  for (std::uint8_t i = 1; i <= 3; ++i)
    call(i);
  const std::string period = "from=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z";
  const std::string csv =
      "Called;Answer time;Seconds\r\n"
      "00442079460958;2026-11-22 12:10:04;60\r\n"   // ours
      "00442079460958;2026-11-22 12:20:04;75\r\n"   // longer
      "00442079460958;2026-11-22 18:00:00;60\r\n"   // not ours
      "00442079460958;2026-11-25 12:00:00;60\r\n";  // of another day
  const auto compare = [&](const std::string& query, const std::string& body) {
    return send("POST", "/v1/cdrs/reconciliation?" + query, body, "text/csv");
  };
  const answer found = compare(period + "&trunks=main", csv);
  ASSERT_EQ(found.status, 200U) << found.text;
  EXPECT_EQ(found.integer("ours"), 3);
  EXPECT_EQ(found.integer("theirs"), 3);
  EXPECT_EQ(found.integer("outside"), 1);
  EXPECT_EQ(found.integer("matched"), 2);
  EXPECT_EQ(found.at("missing").at("count").as_int64(), 1);
  EXPECT_EQ(found.at("extra").at("first").at(0).at("line").as_int64(), 4);
  EXPECT_EQ(found.at("seconds_differ").at("first").at(0).at("theirs").at("seconds").as_int64(), 75);
  EXPECT_EQ(compare(period + "&trunks=other", csv).integer("ours"), 0);
  const answer bad = compare(period + "&trunks=main", "called,time,seconds\n44,never,1\n");
  EXPECT_EQ(bad.status, 422U);
  EXPECT_THAT(bad.text, HasSubstr("line 2"));
  EXPECT_EQ(compare(period, csv).status, 422U);
  EXPECT_EQ(compare("trunks=main", csv).status, 422U);
  EXPECT_EQ(post("/v1/cdrs/reconciliation?" + period + "&trunks=main", "{}").status, 415U);
}

TEST_F(CdrApi, CallsAreRatedAnewAsAReportAndCorrectedByOrder) {
  const auto import = [&](const std::string& prices) {
    const answer done = send("POST", "/v1/rate_imports?deck=retail&currency=EUR",
                             "prefix,region,price\n" + prices, "text/csv");
    ASSERT_EQ(done.status, 201U) << done.text;
  };
  import("44,UK,0.017\n");
  import("4420,London,0.01\n44,UK,0.02\n");
  std::int64_t rate_id = 0;
  ASSERT_FALSE(
      pool_
          ->run_blocking([&](pqxx::work& tx) {
            rate_id = tx.exec1("SELECT rate_id FROM billing.rate WHERE prefix = '44' ORDER BY 1 LIMIT 1")[0]
                          .as<std::int64_t>();
          })
          .has_error());
  for (std::uint8_t i = 1; i <= 3; ++i)
    call(i, "01943656-1a00-7000-8000-0000000000", rate_id);
  const std::string query =
      "/v1/cdrs/rerating?deck=retail&version=2&from=2025-01-05T00:00:00Z&until=2025-01-06T00:00:00Z";
  const answer report = get(query + "&listed=1");
  ASSERT_EQ(report.status, 200U) << report.text;
  EXPECT_EQ((std::pair{report.integer("calls"), report.integer("cheaper")}),
            (std::pair<std::int64_t, std::int64_t>{3, 3}));
  EXPECT_EQ((std::pair{report.string("before"), report.string("after")}),
            (std::pair<std::string, std::string>{"0.051", "0.03"}));
  EXPECT_EQ(report.string("to_give_back"), "0.021");
  ASSERT_EQ(report.at("first").as_array().size(), 1U);
  EXPECT_EQ(report.at("first").at(0).at("prefix").as_string(), "4420");
  EXPECT_TRUE(get("/v1/reratings").at("items").as_array().empty());

  const std::string order =
      R"({"id":"january","deck":"retail","version":2,"from":"2025-01-05T00:00:00Z","until":"2025-01-06T00:00:00Z","note":"as agreed"})";
  const answer made = post("/v1/reratings", order);
  ASSERT_EQ(made.status, 201U) << made.text;
  EXPECT_EQ((std::pair{made.integer("calls"), made.string("given_back")}),
            (std::pair<std::int64_t, std::string>{3, "0.021"}));
  EXPECT_FALSE(made.at("ended_at").is_null());
  const answer again = post("/v1/reratings", order);
  EXPECT_EQ((std::pair{again.status, again.text}), (std::pair{200U, made.text}));
  EXPECT_EQ(get("/v1/reratings/january").text, made.text);
  EXPECT_EQ(get(query).integer("cheaper"), 0) << "nothing is left to do";
  const answer page = get("/v1/reratings/january/calls?limit=2");
  ASSERT_EQ(page.at("items").as_array().size(), 2U);
  EXPECT_EQ(page.at("items").at(0).at("amount").as_string(), "0.007");
  EXPECT_EQ(
      get("/v1/reratings/january/calls?limit=2&after=" + page.string("next")).at("items").as_array().size(),
      1U);
  const answer records = get("/v1/cdrs");
  EXPECT_EQ(records.at("items").at(0).at("charged").as_string(), "0.017");
  EXPECT_EQ(records.at("items").at(0).at("rerated").as_string(), "-0.007");
  EXPECT_EQ(get("/v1/accounts/" + uuid_text(account_) + "/entries").at("items").at(0).at("kind").as_string(),
            "rerating");

  const auto refused = [&](const std::string& change, const std::string& to) {
    std::string body = order;
    body.replace(body.find(change), change.size(), to);
    return post("/v1/reratings", body);
  };
  EXPECT_EQ(refused("\"version\":2", "\"version\":1").string("code"), "reference_conflict");
  EXPECT_EQ(refused("\"version\":2", "\"version\":3").string("code"), "no_deck");
  EXPECT_EQ(refused("\"version\":2", "\"version\":-1").status, 422U);
  EXPECT_EQ(refused("2025-01-06", "2025-03-06").status, 422U) << "too long";
  EXPECT_EQ(refused("2025-01-06", "2025-01-05").status, 422U) << "no time at all";
  EXPECT_EQ(refused("\"id\":\"january\",", "").status, 422U) << "an id, or a key";
  std::string future = order;
  for (const std::string year : {"2025-01-05", "2025-01-06"})
    future.replace(future.find(year), year.size(), "2199" + year.substr(4));
  EXPECT_THAT(post("/v1/reratings", future).text, HasSubstr("must not be in the future"));
  EXPECT_EQ(get("/v1/reratings/june").status, 404U);
  EXPECT_EQ(get("/v1/reratings/june/calls").status, 404U);
  EXPECT_EQ(get("/v1/reratings/january/calls?after=x").status, 422U);
  EXPECT_EQ(get(query + "&account_id=x").status, 422U);
}

// Page by page in every order that the document has, while more comes in: in order, nothing twice, and nothing left out that was there before.
TEST_F(CdrApi, ListsAreWalkedInEveryOrderWhileMoreComesIn) {
  const std::string own = "/v1/accounts/" + uuid_text(account_);
  for (std::uint8_t i = 0; i < 5; ++i)
    call(i);
  for (const char* name : {"bob", "carol", "dave", "erin"})
    create_account(name);
  // Some of one moment: the id tells them apart.
  ASSERT_FALSE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("UPDATE gateway.subscriber SET created_at = '2026-01-01' WHERE name IN ('bob', 'carol', 'dave')"); })
                   .has_error());
  struct row {
    std::string target, member, id;
  };
  std::uint8_t more = 5;
  for (const auto& [target, member, id] : {row{"/v1/accounts", "name", "id"}, row{"/v1/accounts", "created_at", "id"}, row{"/v1/cdrs", "started_at", "call_id"},
                                           row{own + "/calls", "started_at", "call_id"}, row{own + "/entries", "sequence", "sequence"},
                                           row{"/v1/audit_log", "id", "id"}})
    for (const std::string sign : {"", "-"}) {
      SCOPED_TRACE(target + " " + sign + member);
      const std::string first = target + "?limit=2&sort=" + sign + member;
      const auto text = [](const boost::json::value& item, const std::string& name) { return boost::json::serialize(item.at(name)); };
      std::set<std::string> before;
      const auto whole = get(target + "?limit=1000");
      for (const auto& item : whole.at("items").as_array())
        before.insert(text(item, id));
      std::vector<boost::json::value> walked;
      std::string next;
      for (int pages = 0; pages == 0 || !next.empty(); ++pages) {
        ASSERT_LT(pages, 100);
        const auto page = get(first + (next.empty() ? "" : "&cursor=" + next));
        ASSERT_EQ(page.status, 200U) << page.text;
        for (const auto& item : page.at("items").as_array())
          walked.push_back(item);
        next = page.at("next").is_null() ? "" : page.string("next");
        if (pages != 0) continue;
        create_account("later" + std::to_string(more));
        call(more++);
      }
      std::set<std::string> seen;
      for (std::size_t i = 0; i < walked.size(); ++i) {
        EXPECT_TRUE(seen.insert(text(walked[i], id)).second) << "twice";
        if (i == 0) continue;
        const auto& one = walked[i - 1].at(member);
        const auto& other = walked[i].at(member);
        const bool in_order = one.is_int64() ? one.as_int64() < other.as_int64() : one.as_string() <= other.as_string();
        const bool same = one == other;
        EXPECT_TRUE(same || in_order != (sign == "-")) << one << " " << other;
      }
      for (const auto& each : before)
        EXPECT_TRUE(seen.contains(each)) << each << " was left out";
    }
  EXPECT_EQ(get("/v1/accounts?sort=created_at&cursor=carol").status, 422U) << "a cursor of another order";
  EXPECT_EQ(get("/v1/accounts?sort=created_at&cursor=9999999999999999999.x").status, 422U);
  EXPECT_EQ(get("/v1/cdrs?sort=charged").status, 422U);
}

}  // namespace
}  // namespace tollgate::gateway::api
