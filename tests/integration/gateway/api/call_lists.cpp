// SPDX-License-Identifier: Apache-2.0
// Calls by what is looked for, the audit log and events likewise; and exports of calls as files.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <pqxx/result>

#include "billing/cdr_list.hpp"
#include "fixture.hpp"
#include "gateway/api/audit_log.hpp"
#include "gateway/api/export_store.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/events/event_store.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int calls = 20'000;
constexpr const char* rare_carrier = "01900000-0000-7000-8000-00000000ca01";

class CallLists : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    alice_ = create_account("alice");
    const answer named = send("PATCH", "/v1/accounts/" + alice_, R"({"external_id":"crm-7"})");
    ASSERT_EQ(named.status, 200U) << named.text;
    // A call a second, newest last; every thousandth is out of the ordinary in all that can be asked for.
    execute("SELECT billing.add_cdr_month('2026-11-01')");
    execute("INSERT INTO billing.cdr (account_id, call_id, direction, settled_by, caller, callee, started_at, answered_at, talk_ms, currency, destination, "
            "trunk, carrier_id, sip_code, q850_cause, reason) "
            "SELECT CASE WHEN rare THEN '" + alice_ + "'::uuid ELSE '01900000-0000-7000-8000-0000000000ff' END, "
            "(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid, "
            "CASE WHEN rare THEN 'in' ELSE 'out' END, 'gateway', CASE WHEN rare THEN '+16505550100' ELSE '+491701' || lpad(i::text, 6, '0') END, "
            "CASE WHEN rare THEN '+88216' || lpad(i::text, 6, '0') ELSE '+4420' || lpad(i::text, 8, '0') END, at, CASE WHEN i % 3 = 0 THEN NULL ELSE at END, "
            "CASE WHEN rare THEN 3600000 WHEN i % 3 = 0 THEN 0 ELSE 60000 END, 'EUR', CASE WHEN rare THEN 'Satellite' ELSE 'United Kingdom' END, "
            "CASE WHEN rare THEN 'rare' ELSE 'main' END, CASE WHEN rare THEN '" + std::string(rare_carrier) + "'::uuid ELSE '01900000-0000-7000-8000-00000000ca00' END, "
            "CASE WHEN rare THEN 503 ELSE 200 END, CASE WHEN rare THEN 34 ELSE 16 END, CASE WHEN rare THEN 'no_trunk' ELSE '' END "
            "FROM (SELECT i, i % 1000 = 500 AS rare, '2026-11-10T00:00:00Z'::timestamptz + make_interval(secs => i) AS at FROM generate_series(1, " +
            std::to_string(calls) + ") i) x");
    execute("ANALYZE billing.cdr");
  }
  void execute(const std::string& sql) {
    const auto done = pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); });
    ASSERT_FALSE(done.has_error()) << done.error().message();
  }
  std::int64_t count(const std::string& sql) {
    return *pool_->run_blocking([&](pqxx::work& tx) { return tx.exec1("SELECT count(*) FROM " + sql)[0].as<std::int64_t>(); });
  }
  std::int64_t walked(const std::string& target) {
    std::int64_t all = 0;
    std::string next;
    for (int pages = 0; (pages == 0 || !next.empty()) && pages < 100; ++pages) {
      const answer page = get(target + "&limit=1000" + (next.empty() ? "" : "&cursor=" + next));
      EXPECT_EQ(page.status, 200U) << page.text;
      if (page.status != 200) break;
      all += static_cast<std::int64_t>(page.at("items").as_array().size());
      next = page.at("next").is_null() ? "" : page.string("next");
    }
    return all;
  }
  // Rows of records that the database reads for a page of ten.
  std::int64_t rows_read(const billing::call_filter& which, bool oldest_first) {
    return *pool_->run_blocking([&](pqxx::work& tx) {
      const auto so_far = [&] {
        return tx.exec1("SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_xact_all_tables "
                        "WHERE schemaname = 'billing' AND relname LIKE 'cdr%'")[0].as<std::int64_t>();
      };
      const auto before = so_far();
      EXPECT_EQ(billing::list_calls_by(tx, which, {.limit = 10, .oldest_first = oldest_first}).size(), 10U);
      return so_far() - before;
    });
  }
  std::string token_of(const std::string& name, const std::string& bound = {}) {
    return post("/v1/api_tokens", R"({"label":"test","role":")" + name + "\"" + bound + "}").string("token");
  }
  answer as(std::string secret, const std::string& method, const std::string& target, const std::string& body = {}) {
    const std::string admin = std::exchange(token_, secret);
    answer got = send(method, target, body);
    token_ = admin;
    return got;
  }
  answer ended(const std::string& path, const std::string& secret) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    answer now = as(secret, "GET", path);
    while (now.status == 200 && now.string("state") != "done" && now.string("state") != "failed" && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      now = as(secret, "GET", path);
    }
    return now;
  }

  std::string alice_;
};

TEST_F(CallLists, AreWhatIsAskedForAndNothingElse) {
  struct row {
    std::string query, condition;
  };
  for (const auto& [query, condition] : {
           row{"account_id=" + alice_, "account_id = '" + alice_ + "'"},
           row{"account_external_id=crm-7", "account_id = '" + alice_ + "'"},
           row{"account_external_id=crm-8", "false"},
           row{"carrier_external_id=nobody", "false"},
           row{"trunk_external_id=nobody", "false"},
           row{"carrier_id=" + std::string(rare_carrier), "carrier_id = '" + std::string(rare_carrier) + "'"},
           row{"trunk=rare", "trunk = 'rare'"},
           row{"direction=in", "direction = 'in'"},
           row{"number=%2B16505550100", "caller = '+16505550100'"},
           row{"number=%2B442000000007", "callee = '+442000000007'"},
           row{"prefix=%2B8821", "callee LIKE '+8821%'"},
           row{"prefix=%2B44200000", "callee LIKE '+44200000%'"},
           row{"region=Satellite", "destination = 'Satellite'"},
           row{"from=2026-11-10T01:00:00Z&until=2026-11-10T02:00:00Z", "started_at >= '2026-11-10T01:00:00Z' AND started_at < '2026-11-10T02:00:00Z'"},
           row{"until=2026-11-10T00:10:00Z", "started_at < '2026-11-10T00:10:00Z'"},
           row{"answered=false", "answered_at IS NULL"},
           row{"answered=true", "answered_at IS NOT NULL"},
           row{"sip_code=503", "sip_code = 503"},
           row{"q850_cause=34", "q850_cause = 34"},
           row{"reason=no_trunk", "reason = 'no_trunk'"},
           row{"min_duration_s=1800", "talk_ms >= 1800000"},
           row{"min_duration_s=60&answered=true&prefix=%2B44", "talk_ms >= 60000 AND answered_at IS NOT NULL AND callee LIKE '+44%'"}}) {
    SCOPED_TRACE(query);
    const auto wanted = count("billing.cdr WHERE " + condition);
    EXPECT_EQ(wanted > 0, condition != "false");
    EXPECT_EQ(walked("/v1/cdrs?" + query), wanted);
    EXPECT_EQ(walked("/v1/cdrs?sort=started_at&" + query), wanted);
  }
  for (const char* bad : {"direction=up", "number=4420", "prefix=44", "prefix=%2B", "from=today", "answered=perhaps", "sip_code=1000", "q850_cause=-1",
                          "min_duration_s=x", "from=2026-11-11T00:00:00Z&until=2026-11-10T00:00:00Z", "trunk=a&trunk_external_id=b", "carrier_id=x"})
    EXPECT_EQ(get(std::string("/v1/cdrs?") + bad).status, 422U) << bad;
}

TEST_F(CallLists, APageReadsItsPageOnly) {
  const auto at = [](const char* text) { return *parse_rfc3339(text); };
  using filter = billing::call_filter;
  const std::pair<const char*, filter> rows[] = {
      {"all", filter{}},
      {"account", filter{.account_id = *parse_uuid(alice_)}},
      {"carrier", filter{.carrier_id = *parse_uuid(rare_carrier)}},
      {"trunk", filter{.trunk = "rare"}},
      {"number of an account", filter{.account_id = *parse_uuid(alice_), .number = "+16505550100"}},
      {"region", filter{.region = "Satellite"}},
      {"cause", filter{.q850_cause = 34}},
      {"usual cause", filter{.q850_cause = 16}},
      {"sip", filter{.sip_code = 503}},
      {"long", filter{.least_talk = std::chrono::minutes(30)}},
      {"unanswered", filter{.answered = false}},
      {"period", filter{.from = at("2026-11-10T02:00:00Z"), .until = at("2026-11-10T02:10:00Z")}},
      {"trunk and answered", filter{.trunk = "rare", .answered = true}},
  };
  for (const auto& [name, which] : rows)
    for (const bool oldest_first : {false, true})
      EXPECT_LE(rows_read(which, oldest_first), 150) << name << " of " << calls << (oldest_first ? " from the oldest" : "");
}

TEST_F(CallLists, ACarrierAsksByWhatItIsToldAlone) {
  const std::string id = post("/v1/carriers", R"({"name":"rare"})").string("id");
  execute("UPDATE billing.cdr SET carrier_id = '" + id + "' WHERE trunk = 'rare'");
  const std::string carrier = token_of("carrier", R"(,"carrier_id":")" + id + "\"");
  EXPECT_EQ(as(carrier, "GET", "/v1/cdrs?answered=false").at("items").as_array().size(), static_cast<std::size_t>(count("billing.cdr WHERE trunk = 'rare' AND answered_at IS NULL")));
  EXPECT_EQ(as(carrier, "GET", "/v1/cdrs?trunk=main").at("items").as_array().size(), 0U);
  for (const std::string& other : {"account_id=" + alice_, std::string("account_external_id=crm-7"), std::string("region=Satellite"), "carrier_id=" + id})
    EXPECT_EQ(as(carrier, "GET", "/v1/cdrs?" + other).status, 403U) << other;
}

TEST_F(CallLists, AFileOfThemIsMadeInTheBackgroundAndFetched) {
  const answer ordered = post("/v1/cdr_exports", R"({"format":"csv","answered":true})");
  ASSERT_EQ(ordered.status, 202U) << ordered.text;
  const std::string path = "/v1/cdr_exports/" + ordered.string("id");
  EXPECT_EQ(ordered.field("Location"), path);
  const answer done = ended(path, token_);
  ASSERT_EQ(done.string("state"), "done") << done.text;
  const auto answered = count("billing.cdr WHERE answered_at IS NOT NULL");
  EXPECT_EQ(done.integer("records"), answered);
  EXPECT_GT(count("gateway.cdr_export_part"), 5) << "part by part";
  const answer file = get(done.string("file"));
  EXPECT_EQ(file.status, 200U);
  EXPECT_THAT(file.field("Content-Type"), HasSubstr("text/csv"));
  EXPECT_EQ(file.field("Content-Length"), std::to_string(file.text.size()));
  EXPECT_EQ(done.integer("size_bytes"), static_cast<std::int64_t>(file.text.size()));
  EXPECT_EQ(std::count(file.text.begin(), file.text.end(), '\n'), answered + 1);
  EXPECT_TRUE(file.text.starts_with("call_id,account_id,"));
  EXPECT_EQ(file.text.find("\ncall_id,"), std::string::npos) << "one header";

  EXPECT_EQ(get("/v1/cdr_exports").at("items").as_array().size(), 1U);
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(get(path).status, 404U);
  EXPECT_EQ(get(path + "/file").status, 404U);
  EXPECT_EQ(count("gateway.cdr_export_part"), 0);
}

TEST_F(CallLists, ExportsCountOnceAreKeptForAWhileAndAreGoneOnWithByOthers) {
  const std::string id = "01900000-0000-7000-8000-0000000000e1", path = "/v1/cdr_exports/" + id;
  const std::string order = R"({"id":")" + id + R"(","format":"jsonl","trunk":"rare","keep_hours":1})";
  ASSERT_EQ(post("/v1/cdr_exports", order).status, 202U);
  EXPECT_EQ(post("/v1/cdr_exports", order).status, 200U);
  EXPECT_EQ(post("/v1/cdr_exports", R"({"id":")" + id + R"(","format":"jsonl","trunk":"main"})").string("code"), "export_conflict");
  const answer done = ended(path, token_);
  EXPECT_EQ(done.integer("records"), 20);
  const answer file = get(path + "/file"), head = send("HEAD", path + "/file");
  EXPECT_EQ(head.text, "");
  for (const char* name : {"Content-Type", "Content-Length", "Content-Disposition", "ETag"})
    EXPECT_EQ(head.field(name), file.field(name)) << name;
  EXPECT_EQ(file.field("RateLimit-Limit"), "6000");
  EXPECT_LT(std::stoi(file.field("RateLimit-Remaining")), 6'000);
  EXPECT_FALSE(file.field("RateLimit-Reset").empty());
  EXPECT_EQ(boost::json::parse(file.text.substr(0, file.text.find('\n'))).at("trunk").as_string(), "rare");
  execute("UPDATE gateway.cdr_export SET expires_at = now()");
  EXPECT_EQ(get(path).status, 404U);

  // A node that has ended in the middle: its lease is over, and the parts that it has made stay.
  execute("INSERT INTO gateway.cdr_export (export_id, role, format, query, state, last_call_id, parts, records, size_bytes, keep_hours, claim, busy_until) "
          "SELECT '01900000-0000-7000-8000-0000000000e2', 'admin', 'jsonl', '{\"trunk\":\"rare\"}', 'running', (SELECT call_id FROM billing.cdr WHERE trunk = 'rare' "
          "ORDER BY call_id OFFSET 4 LIMIT 1), 1, 5, 4, 1, gen_random_uuid(), now() - interval '1 s'");
  execute("INSERT INTO gateway.cdr_export_part VALUES ('01900000-0000-7000-8000-0000000000e2', 0, 'five')");
  const answer taken = ended("/v1/cdr_exports/01900000-0000-7000-8000-0000000000e2", token_);
  EXPECT_EQ(taken.string("state"), "done") << taken.text;
  EXPECT_EQ(taken.integer("records"), 20);
  const answer both = get("/v1/cdr_exports/01900000-0000-7000-8000-0000000000e2/file");
  EXPECT_TRUE(both.text.starts_with("five{"));
  EXPECT_EQ(std::count(both.text.begin(), both.text.end(), '\n'), 15);

  execute("INSERT INTO gateway.cdr_export (export_id, role, format, query, state, keep_hours, claim, busy_until) SELECT gen_random_uuid(), 'admin', 'csv', '{}', "
          "'running', 1, gen_random_uuid(), now() + interval '1 hour' FROM generate_series(1, 20)");
  const answer many = post("/v1/cdr_exports", "{}");
  EXPECT_EQ(many.string("code"), "too_many_exports");
  EXPECT_EQ(get("/v1/cdr_exports?limit=1&sort=created_at&cursor=x").status, 422U);
}

TEST_F(CallLists, AnExportThatWouldBeTooLargeFailsAndLeavesNothing) {
  const uuid id = *parse_uuid("01900000-0000-7000-8000-0000000000e3"), claim = *parse_uuid("01900000-0000-7000-8000-0000000000c1");
  const auto last = pool_->run_blocking([&](pqxx::work& tx) {
    tx.exec_params0("INSERT INTO gateway.cdr_export (export_id, role, format, query, state, keep_hours, claim, busy_until) VALUES ($1, 'admin', 'csv', '{}', "
                    "'running', 1, $2, now() + interval '1 hour')", uuid_text(id), uuid_text(claim));
    const export_bounds small{.most_bytes = 100'000, .records_of_part = 100};
    int parts = 0;
    while (advance_export(tx, id, claim, small))
      ++parts;
    return parts;
  });
  EXPECT_GT(*last, 1);
  const answer failed = get("/v1/cdr_exports/" + uuid_text(id));
  EXPECT_EQ(failed.string("state"), "failed");
  EXPECT_EQ(failed.string("error"), "too_large");
  EXPECT_EQ(count("gateway.cdr_export_part"), 0);
  EXPECT_EQ(get("/v1/cdr_exports/" + uuid_text(id) + "/file").string("code"), "export_not_done");
}

TEST_F(CallLists, ACarriersFileHasItsOwnCallsAndNothingOfSubscribers) {
  const std::string id = post("/v1/carriers", R"({"name":"rare"})").string("id"), rival = post("/v1/carriers", R"({"name":"rival"})").string("id");
  execute("UPDATE billing.cdr SET carrier_id = '" + id + "' WHERE trunk = 'rare'");
  const std::string carrier = token_of("carrier", R"(,"carrier_id":")" + id + "\""), other = token_of("carrier", R"(,"carrier_id":")" + rival + "\"");
  for (const std::string format : {"csv", "jsonl"}) {
    const answer ordered = as(carrier, "POST", "/v1/cdr_exports", R"({"format":")" + format + "\"}");
    ASSERT_EQ(ordered.status, 202U) << ordered.text;
    const std::string path = "/v1/cdr_exports/" + ordered.string("id");
    const answer done = ended(path, carrier);
    EXPECT_EQ(done.integer("records"), 20) << done.text;
    const answer file = as(carrier, "GET", path + "/file");
    for (const std::string& hidden : {alice_, std::string("account_id"), std::string("charged"), std::string("price"), std::string("rate"), std::string("cost")})
      EXPECT_THAT(file.text, Not(HasSubstr(hidden))) << format;
    EXPECT_THAT(file.text, HasSubstr("+88216000500"));
    for (const std::string& end : {path, path + "/file"})
      EXPECT_EQ(as(other, "GET", end).status, 404U);
    EXPECT_EQ(as(other, "DELETE", path).status, 404U);
  }
  EXPECT_EQ(as(other, "GET", "/v1/cdr_exports").at("items").as_array().size(), 0U);
  EXPECT_EQ(as(carrier, "GET", "/v1/cdr_exports").at("items").as_array().size(), 2U);
  EXPECT_EQ(as(carrier, "POST", "/v1/cdr_exports", R"({"account_id":")" + alice_ + "\"}").status, 422U);
}

TEST_F(CallLists, ACarriersExportsLeaveRoomForOthers) {
  const std::string id = post("/v1/carriers", R"({"name":"rare"})").string("id"), rival = post("/v1/carriers", R"({"name":"rival"})").string("id");
  const std::string carrier = token_of("carrier", R"(,"carrier_id":")" + id + "\""), other = token_of("carrier", R"(,"carrier_id":")" + rival + "\"");
  std::string path;
  for (int i = 0; i < 5; ++i) {
    const answer ordered = as(carrier, "POST", "/v1/cdr_exports", "{}");
    ASSERT_EQ(ordered.status, 202U) << ordered.text;
    path = "/v1/cdr_exports/" + ordered.string("id");
  }
  ASSERT_EQ(ended(path, carrier).string("state"), "done") << "kept, not under way";
  const answer sixth = as(carrier, "POST", "/v1/cdr_exports", "{}");
  EXPECT_EQ(sixth.status, 429U);
  EXPECT_EQ(sixth.string("code"), "too_many_exports_kept");
  EXPECT_EQ(as(other, "POST", "/v1/cdr_exports", "{}").status, 202U);
  EXPECT_EQ(post("/v1/cdr_exports", "{}").status, 202U);
  ASSERT_EQ(as(carrier, "DELETE", path).status, 204U);
  EXPECT_EQ(as(carrier, "POST", "/v1/cdr_exports", "{}").status, 202U);

  // Of 20 that are under way carriers have 15 at most.
  execute("DELETE FROM gateway.cdr_export");
  execute("INSERT INTO gateway.cdr_export (export_id, role, carrier_id, format, query, state, keep_hours, claim, busy_until) SELECT gen_random_uuid(), 'carrier', "
          "gen_random_uuid(), 'csv', '{}', 'running', 1, gen_random_uuid(), now() + interval '1 hour' FROM generate_series(1, 15)");
  EXPECT_EQ(as(carrier, "POST", "/v1/cdr_exports", "{}").string("code"), "too_many_exports");
  EXPECT_EQ(post("/v1/cdr_exports", "{}").status, 202U);

  // Nor do all of them fill the disk.
  execute("DELETE FROM gateway.cdr_export");
  execute("INSERT INTO gateway.cdr_export (export_id, role, format, query, state, size_bytes, keep_hours, expires_at) SELECT gen_random_uuid(), 'admin', 'csv', '{}', "
          "'done', 2::bigint << 30, 1, now() + interval '1 hour' FROM generate_series(1, 10)");
  EXPECT_EQ(post("/v1/cdr_exports", "{}").string("code"), "exports_full");
  execute("UPDATE gateway.cdr_export SET expires_at = now()");
  EXPECT_EQ(post("/v1/cdr_exports", "{}").status, 202U);
}

class CallListsWithoutStreams : public CallLists {
 protected:
  void adjust(server_options& options) override { options.streams = 0; }
};

TEST_F(CallListsWithoutStreams, AFileIsSentInAPlaceOfAStream) {
  const answer ordered = post("/v1/cdr_exports", R"({"trunk":"rare"})");
  ASSERT_EQ(ordered.status, 202U) << ordered.text;
  const answer done = ended("/v1/cdr_exports/" + ordered.string("id"), token_);
  ASSERT_EQ(done.string("state"), "done") << done.text;
  const answer file = get(done.string("file"));
  EXPECT_EQ(file.status, 429U);
  EXPECT_EQ(file.string("code"), "too_many_streams");
}

class Logs : public Api {
 protected:
  void execute(const std::string& sql) {
    const auto done = pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); });
    ASSERT_FALSE(done.has_error()) << done.error().message();
  }
  std::vector<std::string> members(const std::string& target, const char* name) {
    const answer found = get(target);
    EXPECT_EQ(found.status, 200U) << found.text;
    std::vector<std::string> out;
    if (found.status == 200)
      for (const auto& each : found.at("items").as_array())
        out.emplace_back(each.at(name).as_string());
    return out;
  }
};

TEST_F(Logs, TheAuditIsAskedByWhoWhatAndWhen) {
  using testing::Each;
  const std::string alice = create_account("alice");
  const answer support = post("/v1/api_tokens", R"({"label":"desk","role":"support"})");
  const std::string admin = std::exchange(token_, support.string("token"));
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"display_name":"Alice"})").status, 200U);
  token_ = admin;
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550100","area":"x"})").status, 201U);
  const std::string own = "/v1/accounts/" + alice;
  EXPECT_THAT(members("/v1/audit_log?role=support", "target"), testing::ElementsAre(own));
  EXPECT_THAT(members("/v1/audit_log?token_id=" + support.string("id"), "target"), testing::ElementsAre(own));
  EXPECT_THAT(members("/v1/audit_log?operation=PATCH%20/v1/accounts/%7B%7D", "target"), testing::ElementsAre(own));
  EXPECT_THAT(members("/v1/audit_log?operation=POST", "method"), testing::AllOf(Each("POST"), testing::SizeIs(3)));
  EXPECT_THAT(members("/v1/audit_log?operation=POST%20/v1/accounts", "target"), testing::ElementsAre("/v1/accounts"));
  EXPECT_THAT(members("/v1/audit_log?resource=" + own, "method"), testing::ElementsAre("PATCH"));
  EXPECT_THAT(members("/v1/audit_log?resource=/v1/accounts", "method"), testing::ElementsAre("PATCH", "POST"));
  EXPECT_TRUE(members("/v1/audit_log?resource=/v1/acc", "method").empty()) << "a path, not any beginning";
  EXPECT_EQ(members("/v1/audit_log?from=2026-01-01T00:00:00Z", "method").size(), 4U);
  EXPECT_TRUE(members("/v1/audit_log?until=2026-01-01T00:00:00Z", "method").empty());
  EXPECT_EQ(members("/v1/audit_log?role=admin&operation=POST&resource=/v1/numbers&sort=id", "method").size(), 1U);
  for (const char* bad : {"role=king", "operation=LOOK", "operation=POST%20/v1/nothing", "resource=accounts", "resource=/v1/%C3%A4", "from=x"})
    EXPECT_EQ(get(std::string("/v1/audit_log?") + bad).status, 422U) << bad;
}

TEST_F(Logs, APageOfThemReadsItsPageOnly) {
  const std::string nobody = "01900000-0000-7000-8000-00000000000f";
  execute("SELECT gateway.add_audit_month('2026-01-01')");
  execute("INSERT INTO gateway.audit (at, request_id, token_id, role, address, method, target, status) SELECT '2026-01-01'::timestamptz + make_interval(mins => i), "
          "gen_random_uuid(), CASE WHEN i % 500 = 0 THEN '" + nobody + "'::uuid END, CASE WHEN i % 500 = 0 THEN 'rates' ELSE 'admin' END, '', "
          "CASE WHEN i % 500 = 0 THEN 'DELETE' ELSE 'POST' END, CASE WHEN i % 500 = 0 THEN '/v1/trunks/x' ELSE '/v1/payments' END, 201 FROM generate_series(1, 40000) i");
  execute("INSERT INTO gateway.event (event_id, type, at, account_id, carrier_id, resource, data) SELECT gen_random_uuid(), 'call.ended', "
          "'2026-01-01'::timestamptz + make_interval(mins => i), NULL, NULL, CASE WHEN i % 500 = 0 THEN 'call:rare' ELSE 'call:' || i END, '{}' FROM generate_series(1, 10000) i");
  execute("ANALYZE gateway.audit");
  execute("ANALYZE gateway.event");
  const auto rows_read = [&](auto list) {
    return *pool_->run_blocking([&](pqxx::work& tx) {
      const auto so_far = [&] {
        return tx.exec1("SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_xact_all_tables "
                        "WHERE schemaname = 'gateway' AND (relname LIKE 'audit\\_2%' OR relname = 'event')")[0].as<std::int64_t>();
      };
      const auto before = so_far();
      EXPECT_EQ(list(tx), 10U);
      return so_far() - before;
    });
  };
  const auto from = *parse_rfc3339("2026-01-02T00:00:00Z"), until = *parse_rfc3339("2026-01-02T01:00:00Z");
  const std::pair<const char*, audit_filter> lines[] = {{"all", {}},
                                                        {"role", {.as = "rates"}},
                                                        {"method", {.method = "DELETE"}},
                                                        {"operation", {.method = "DELETE", .pattern = "/v1/trunks/{}"}},
                                                        {"resource", {.resource = "/v1/trunks/x"}},
                                                        {"token", {.token_id = *parse_uuid(nobody)}},
                                                        {"time", {.from = from, .until = until}}};
  for (const auto& [name, which] : lines)
    for (const bool oldest_first : {false, true})
      EXPECT_LE(rows_read([&](pqxx::work& tx) { return read_audit(tx, which, {.limit = 10, .oldest_first = oldest_first}).size(); }), 150) << name;
  const std::pair<const char*, events::event_filter> kinds[] = {
      {"all", {.limit = 10}}, {"resource", {.resource = "call:rare", .limit = 10}}, {"time", {.from = from, .until = until, .limit = 10}}};
  for (const auto& [name, which] : kinds)
    EXPECT_LE(rows_read([&](pqxx::work& tx) { return events::list_events(tx, which).size(); }), 150) << name;
}

}  // namespace
}  // namespace tollgate::gateway::api
