// SPDX-License-Identifier: Apache-2.0
// Who gets in, as what, and how far: every operation by every role, sessions, tokens, the audit log.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <pqxx/result>
#include <set>

#include "billing/ledger.hpp"
#include "billing/rate_deck.hpp"
#include "fixture.hpp"
#include "gateway/api/api_token.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr const char* own_number = "+16505550100";
constexpr const char* nobodys_id = "01900000-0000-7000-8000-000000000001";

class Access : public Api {
 protected:
  struct operation {
    std::string method, path;
    std::set<std::string> roles;
    bool open = false;
  };

  // As the document tells them: it is the promise, the router's table is what is tried.
  static std::vector<operation> operations() {
    std::ifstream in(TOLLGATE_SOURCE_DIR "/gateway/api/openapi.json");
    const auto document = boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
    std::vector<operation> all;
    for (const auto& [path, methods] : document.at("paths").as_object())
      for (const auto& [method, what] : methods.as_object()) {
        operation one{
            std::string(method), std::string(path), {"admin"}, what.as_object().contains("security")};
        for (char& c : one.method)
          c = static_cast<char>(c - 'a' + 'A');
        if (const auto* const roles = what.as_object().if_contains("x-roles"))
          for (const auto& each : roles->as_array())
            one.roles.emplace(each.as_string());
        all.push_back(std::move(one));
      }
    return all;
  }

  // The path about this account and its number.
  static std::string about(std::string path, const std::string& account, const std::string& number) {
    const std::map<std::string, std::string> known{{"{account_id}", account},
                                                   {"{number}", "%2B" + number.substr(1)}};
    for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{')) {
      const std::string name = path.substr(at, path.find('}') - at + 1);
      const auto found = known.find(name);
      path.replace(at, name.size(), found == known.end() ? nobodys_id : found->second);
    }
    return path;
  }

  answer as(const std::string& secret, const std::string& method, const std::string& target,
            const std::string& body = {}) {
    const std::string admin = std::exchange(token_, secret);
    answer got = send(method, target, body);
    token_ = admin;
    return got;
  }

  static bool is_forbidden(const answer& got) {
    return got.status == 403 && got.body.is_object() && got.string("code") == "forbidden";
  }
  static bool is_unauthorized(const answer& got) {
    return got.status == 401 && got.body.is_object() && got.string("code") == "unauthorized";
  }

  // What an operation answers to who may use it: what was asked for or, where the request names nothing that there is (nobodys_id)
  // or has no body of the right form, the problem that says so.
  static bool is_state_of(const operation& of, const answer& got) {
    if (got.status < 300) return true;
    if (of.path == "/ready" && got.status == 503) return true;
    const auto* const code = got.body.is_object() ? got.body.as_object().if_contains("code") : nullptr;
    if (code == nullptr) return false;
    const std::string told(code->as_string());
    const bool names_nothing = of.path.find('{') != std::string::npos;
    if (got.status == 404) return names_nothing && told != "not_found";
    if (got.status == 403) return told == "number_not_yours";  // somebody before has released it
    if (got.status == 415) return told == "media_type" && of.method != "GET";
    if (got.status == 401) return of.path == "/v1/payment_events" && told != "unauthorized";  // by its signature
    if (of.method != "GET") return got.status == 422 || got.status == 409 || (got.status == 400 && told == "malformed_json");
    return got.status == 422 && told == "invalid_request" && !got.at("errors").as_array().empty();  // a parameter is needed
  }

  std::string make_carrier(const std::string& name) {
    const answer made = post("/v1/carriers", R"({"name":")" + name + "\"}");
    EXPECT_EQ(made.status, 201U) << made.text;
    return made.string("id");
  }

  std::string make_token_for(const std::string& name, const std::string& bound = {}) {
    const answer made = post("/v1/api_tokens", R"({"label":"test","role":")" + name + "\"" + bound + "}");
    EXPECT_EQ(made.status, 201U) << made.text;
    return made.string("token");
  }

  // An account with a number of its own.
  std::string account_with(const std::string& name, const std::string& number, const std::string& order) {
    const std::string id = create_account(name);
    EXPECT_EQ(
        post("/v1/payments", R"({"id":"pay )" + name + R"(","account_id":")" + id + R"(","amount":"20.00"})")
            .status,
        201U);
    EXPECT_EQ(post("/v1/numbers", R"({"number":")" + number + R"(","area":"Palo Alto"})").status, 201U);
    const answer ordered =
        post("/v1/number_orders", R"({"id":")" + order + R"(","account_id":")" + id + R"(","number":")" +
                                      number + R"(","term_months":3})");
    EXPECT_EQ(ordered.status, 201U) << ordered.text;
    return id;
  }

  void change_tokens(const std::string& sql) {
    ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); }).has_error());
  }
};

TEST_F(Access, ASubscriberShowsANumberThatOthersHaveVerified) {
  const std::string alice = create_account("alice");
  const std::string path = "/v1/accounts/" + alice + "/caller_id";
  const std::string token = make_token_for("subscriber", R"(,"account_id":")" + alice + "\"");
  EXPECT_EQ(as(token, "PUT", path, R"({"verified_numbers":["+442079460958"]})").status, 422U);
  EXPECT_EQ(send("PUT", path, R"({"verified_numbers":["+442079460958"]})").status, 200U);
  const answer chosen = as(token, "PUT", path, R"({"number":"+442079460958","withheld":true})");
  EXPECT_EQ(chosen.status, 200U) << chosen.text;
  const answer now = as(token, "GET", path);
  EXPECT_EQ(now.string("number"), "+442079460958");
  EXPECT_THAT(now.text, HasSubstr(R"("verified_numbers":["+442079460958"])"));
  EXPECT_THAT(now.text, HasSubstr(R"("withheld":true)"));
}

TEST_F(Access, EveryOperationByEveryRole) {
  const std::string alice = account_with("alice", own_number, "01900000-0000-7000-8000-00000000a11c");
  const std::string bob = account_with("bob", "+16505550101", "01900000-0000-7000-8000-000000000b0b");
  const std::string session = post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})").string("token");
  const std::string carrier = make_carrier("one");
  const std::map<std::string, std::string> tokens{
      {"admin", make_token_for("admin")},
      {"auditor", make_token_for("auditor")},
      {"rates", make_token_for("rates")},
      {"numbers", make_token_for("numbers")},
      {"support", make_token_for("support")},
      {"carrier", make_token_for("carrier", R"(,"carrier_id":")" + carrier + "\"")},
      {"subscriber", make_token_for("subscriber", R"(,"account_id":")" + alice + "\"")},
      {"subscriber by a session", session}};
  const std::string of_alice = R"({"account_id":")" + alice + "\"}",
                    of_bob = R"({"account_id":")" + bob + "\"}";
  ASSERT_EQ(send("POST", "/v1/rate_imports", "prefix,region,price\n44,UK,0.03\n", "text/csv").status, 201U);
  int tried = 0;
  for (const operation& each : operations()) {
    if (each.path == "/v1/sessions/current") continue;  // ends the token: SessionOfASubscriber
    if (each.path == "/v1/accounts/{account_id}/credentials/revocation") continue;  // likewise (devices.cpp)
    const bool reads = each.method == "GET";
    const bool bound = each.path.find("{account_id}") != std::string::npos ||
                       each.path.find("{number}") != std::string::npos || each.path == "/v1/number_orders" ||
                       each.path == "/v1/rates";
    std::string own = about(each.path, alice, own_number), other = about(each.path, bob, "+16505550101");
    if (each.path == "/v1/number_orders" && reads) {
      own += "?account_id=" + alice;
      other += "?account_id=" + bob;
    }
    if (each.path == "/v1/rates") {
      own += "?number=%2B442079460958&account_id=" + alice;
      other += "?number=%2B442079460958&account_id=" + bob;
    }
    for (const auto& [name, secret] : tokens) {
      SCOPED_TRACE(name + ": " + each.method + " " + each.path);
      const bool is_subscriber = name.starts_with("subscriber");
      const answer got = as(secret, each.method, own, reads ? "" : of_alice);
      EXPECT_FALSE(is_unauthorized(got));
      const bool may = each.open || each.roles.contains(is_subscriber ? "subscriber" : name);
      EXPECT_EQ(is_forbidden(got), !may) << got.text;
      EXPECT_TRUE(!may || is_state_of(each, got)) << got.status << " " << got.text;
      if (is_subscriber && bound) {
        const answer others = as(secret, each.method, other, reads ? "" : of_bob);
        EXPECT_TRUE(is_forbidden(others)) << others.text;
      }
      ++tried;
    }
  }
  EXPECT_GT(tried, 600);
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
}

TEST_F(Access, NobodyGetsInWithoutATokenThatIsGood) {
  const std::string alice = create_account("alice");
  const std::string expired = make_token_for("admin", R"(,"expires_in_days":1)");
  change_tokens(
      "UPDATE gateway.api_token SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL");
  const answer made = post("/v1/api_tokens", R"({"label":"test","role":"admin"})");
  ASSERT_EQ(as(made.string("token"), "GET", "/v1/status").status, 200U);
  ASSERT_EQ(send("DELETE", "/v1/api_tokens/" + made.string("id")).status, 200U);
  std::string forged = token_;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const operation& each : operations())
    for (const auto& secret : {std::string(), forged, expired, made.string("token")}) {
      const answer got = as(secret, each.method, about(each.path, alice, own_number));
      EXPECT_EQ(is_unauthorized(got), !each.open) << each.method << " " << each.path << " " << got.text;
    }
}

TEST_F(Access, NobodyGetsInWhoseAccountOrCarrierIsNoMore) {
  std::map<std::string, std::string> ended;  // what of whom: the secret
  for (const char* status : {"blocked", "closed"}) {
    const std::string name = std::string("alice-") + status, id = create_account(name);
    ended[std::string(status) + ", by a token"] = make_token_for("subscriber", R"(,"account_id":")" + id + "\"");
    const answer opened = post("/v1/sessions", R"({"name":")" + name + R"(","passphrase":"correct horse"})");
    ASSERT_EQ(opened.status, 201U) << opened.text;
    ended[std::string(status) + ", by a session"] = opened.string("token");
    for (const char* by : {", by a token", ", by a session"})
      ASSERT_EQ(as(ended[status + std::string(by)], "GET", "/v1/accounts/" + id).status, 200U) << status << by;
    ASSERT_EQ(send("PATCH", "/v1/accounts/" + id, R"({"status":")" + std::string(status) + "\"}").status, 200U);
    EXPECT_GE(post("/v1/sessions", R"({"name":")" + name + R"(","passphrase":"correct horse"})").status, 400U) << status;
  }
  const std::string carrier = make_carrier("one"), other = make_carrier("other");
  ended["of a removed carrier"] = make_token_for("carrier", R"(,"carrier_id":")" + carrier + "\"");
  const std::string rival = make_token_for("carrier", R"(,"carrier_id":")" + other + "\"");
  ASSERT_EQ(as(ended["of a removed carrier"], "GET", "/v1/cdrs").status, 200U);
  ASSERT_EQ(send("DELETE", "/v1/carriers/" + carrier).status, 204U);
  const std::string there_is = create_account("carol");
  for (const operation& each : operations())
    for (const auto& [what, secret] : ended) {
      const answer got = as(secret, each.method, about(each.path, there_is, own_number));
      EXPECT_EQ(is_unauthorized(got), !each.open) << what << ": " << each.method << " " << each.path << " " << got.text;
    }
  EXPECT_EQ(as(rival, "GET", "/v1/cdrs").status, 200U) << "the other one is still there";
}

TEST_F(Access, TokensOfSubscribersAreListedWhereTheyAreAskedFor) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const std::string of_alice = make_token_for("subscriber", R"(,"account_id":")" + alice + "\"");
  make_token_for("subscriber", R"(,"account_id":")" + bob + "\"");
  make_token_for("auditor");
  const auto count = [&](const std::string& query) { return get("/v1/api_tokens" + query).at("items").as_array().size(); };
  EXPECT_EQ(count(""), 2U) << "the first one and the auditor's";
  EXPECT_EQ(count("?role=auditor"), 1U);
  EXPECT_EQ(count("?role=subscriber"), 2U);
  EXPECT_EQ(count("?account_id=" + alice), 1U);
  const answer page = get("/v1/api_tokens?role=subscriber&limit=1");
  EXPECT_EQ(count("?role=subscriber&limit=1&cursor=" + page.string("next")), 1U);
  EXPECT_THAT(get("/v1/api_tokens?account_id=" + alice).text, Not(HasSubstr(of_alice)));
  EXPECT_EQ(get("/v1/api_tokens?role=king").status, 422U);
}

TEST_F(Access, SessionOfASubscriber) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  EXPECT_EQ(post("/v1/sessions", R"({"name":"alice","passphrase":"wrong wrong"})").status, 401U);
  token_.swap(forgotten_);  // no token is needed
  const answer opened = post("/v1/sessions", R"({"name":"Alice","passphrase":"correct horse","hours":1})");
  token_.swap(forgotten_);
  ASSERT_EQ(opened.status, 201U) << opened.text;
  EXPECT_EQ(opened.string("account_id"), alice);
  const std::string session = opened.string("token");
  EXPECT_EQ(as(session, "GET", "/v1/accounts/" + alice + "/balance").status, 200U);
  EXPECT_EQ(as(session, "GET", "/v1/accounts/" + bob + "/balance").status, 403U);
  EXPECT_EQ(as(session, "GET", "/v1/accounts").status, 403U);
  EXPECT_TRUE(get("/v1/api_tokens").text.find(opened.string("id")) == std::string::npos);

  EXPECT_EQ(as(session, "DELETE", "/v1/sessions/current").status, 204U);
  EXPECT_EQ(as(session, "GET", "/v1/accounts/" + alice + "/balance").status, 401U);

  const std::string again =
      post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})").string("token");
  ASSERT_EQ(as(again, "GET", "/v1/accounts/" + alice).status, 200U);
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"passphrase":"another horse"})").status, 200U);
  EXPECT_EQ(as(again, "GET", "/v1/accounts/" + alice).status, 401U) << "a new pass-phrase ends sessions";
  const std::string third =
      post("/v1/sessions", R"({"name":"alice","passphrase":"another horse"})").string("token");
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"status":"blocked"})").status, 200U);
  EXPECT_EQ(as(third, "GET", "/v1/accounts/" + alice).status, 401U) << "a block ends sessions";
}

TEST_F(Access, GuessesOfAPassphraseAreLockedOut) {
  create_account("alice");
  unsigned last = 0;
  for (int i = 0; i < 8; ++i)
    last = post("/v1/sessions", R"({"name":"alice","passphrase":"a guess"})").status;
  EXPECT_EQ(last, 429U);
  EXPECT_EQ(post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})").status, 429U);
}

TEST_F(Access, TokensAreShownOnceRotatedAndRevoked) {
  const answer made =
      post("/v1/api_tokens", R"({"label":"billing job","role":"auditor","expires_in_days":30})");
  ASSERT_EQ(made.status, 201U) << made.text;
  const std::string path = "/v1/api_tokens/" + made.string("id");
  EXPECT_THAT(get("/v1/api_tokens").text, Not(HasSubstr(made.string("token"))));
  EXPECT_EQ(get(path).string("label"), "billing job");
  EXPECT_TRUE(get(path).at("expires_at").is_string());

  const answer rotated = post(path + "/rotation", R"({"overlap_s":0})");
  ASSERT_EQ(rotated.status, 201U) << rotated.text;
  EXPECT_EQ(rotated.string("role"), "auditor");
  EXPECT_EQ(as(made.string("token"), "GET", "/v1/status").status, 401U);
  EXPECT_EQ(as(rotated.string("token"), "GET", "/v1/status").status, 200U);
  EXPECT_EQ(post(path + "/rotation", "{}").status, 404U) << "what has ended is not renewed";

  const answer next = post("/v1/api_tokens/" + rotated.string("id") + "/rotation", "{}");
  ASSERT_EQ(next.status, 201U);
  EXPECT_EQ(as(rotated.string("token"), "GET", "/v1/status").status, 200U) << "both live for a while";
  EXPECT_EQ(send("DELETE", "/v1/api_tokens/" + next.string("id")).status, 200U);
  EXPECT_EQ(as(next.string("token"), "GET", "/v1/status").status, 401U);

  for (const char* bad :
       {R"({"label":"x","role":"king"})", R"({"label":"x","role":"carrier"})", R"({"role":"admin"})",
        R"({"label":"x","role":"admin","carrier_id":"01900000-0000-7000-8000-000000000001"})",
        R"({"label":"x","role":"admin","expires_in_days":0})"})
    EXPECT_EQ(post("/v1/api_tokens", bad).status, 422U) << bad;
  EXPECT_EQ(post("/v1/api_tokens",
                 R"({"label":"x","role":"carrier","carrier_id":")" + std::string(nobodys_id) + "\"}")
                .status,
            404U);
}

TEST_F(Access, RolesTellWhatTheyMayDo) {
  const answer roles = get("/v1/roles");
  std::map<std::string, std::string> operations;
  for (const auto& each : roles.at("items").as_array())
    operations[std::string(each.at("role").as_string())] = boost::json::serialize(each.at("operations"));
  EXPECT_EQ(operations.size(), 7U);
  EXPECT_THAT(operations["rates"], HasSubstr("POST /v1/rate_imports"));
  EXPECT_THAT(operations["support"], Not(HasSubstr("POST /v1/payments")));
  EXPECT_THAT(operations["auditor"], Not(HasSubstr("/audio")));
}

TEST_F(Access, SupportChoosesNoPrices) {
  const std::string support = make_token_for("support"), alice = create_account("alice");
  EXPECT_EQ(as(support, "PATCH", "/v1/accounts/" + alice, R"({"display_name":"Alice"})").status, 200U);
  EXPECT_EQ(as(support, "PATCH", "/v1/accounts/" + alice, R"({"rate_deck":"cheap"})").status, 403U);
  EXPECT_EQ(as(support, "POST", "/v1/accounts",
               R"({"name":"carol","passphrase":"correct horse","rate_deck":"cheap"})")
                .status,
            403U);
}

TEST_F(Access, PricesAreToldToSubscribersByTheirOwnDecksAndWithoutCosts) {
  const auto import = [&](const char* name, const char* price) {
    EXPECT_EQ(send("POST", std::string("/v1/rate_imports?deck=") + name,
                   std::string("prefix,region,price\n44,UK,") + price + "\n", "text/csv")
                  .status,
              201U);
  };
  import("default", "0.03");
  import("bobs", "0.01");
  import("acme-cost&kind=cost", "0.005");
  const std::string alice = create_account("alice"), bob = create_account("bob");
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + bob, R"({"own_rate_deck":"bobs"})").status, 200U);
  ASSERT_EQ(
      send("PUT", "/v1/carriers/" + make_carrier("acme") + "/cost_deck", R"({"deck":"acme-cost"})").status,
      200U);
  const std::string of_bob = make_token_for("subscriber", R"(,"account_id":")" + bob + "\"");
  const std::string path = "/v1/rates?duration_s=60&number=%2B442079460958";
  ASSERT_EQ(get(path).at("costs").as_array().size(), 1U);
  for (const std::string& asked : {path, path + "&account_id=" + bob}) {
    const answer told = as(of_bob, "GET", asked);
    ASSERT_EQ(told.status, 200U) << told.text;
    EXPECT_EQ(told.string("price"), "0.01") << "by the own deck, named or not";
    EXPECT_THAT(told.text, Not(HasSubstr("cost")));
    EXPECT_THAT(told.text, Not(HasSubstr("acme")));
    EXPECT_THAT(told.text, Not(HasSubstr("deck"))) << "what the operator calls its decks is no part of a price";
    EXPECT_THAT(told.text, Not(HasSubstr("version")));
  }
  for (const std::string& asked : {path + "&account_id=" + alice, path + "&account_id=x",
                                   path + "&deck=default", path + "&deck=acme-cost"})
    EXPECT_TRUE(is_forbidden(as(of_bob, "GET", asked))) << asked;
}

TEST_F(Access, RecordsShowEachReaderWhatIsTheirs) {
  const std::string alice = create_account("alice");
  const std::string ours = make_carrier("ours"), theirs = make_carrier("theirs");
  const auto trunk_of = [](const std::string& carrier, const std::string& name) {
    return R"({"carrier_id":")" + carrier + R"(","name":")" + name +
           R"(","host":"127.0.0.1","port":5070,"served_prefixes":["44"]})";
  };
  std::string our_trunk, their_trunk;
  for (const auto& [carrier, name, id] :
       {std::tuple(ours, "ours-1", &our_trunk), std::tuple(theirs, "theirs-1", &their_trunk)}) {
    const answer made = post("/v1/trunks", trunk_of(carrier, name));
    ASSERT_EQ(made.status, 201U) << made.text;
    *id = made.string("id");
  }
  const uuid account = *parse_uuid(alice);
  ASSERT_FALSE(
      pool_
          ->run_blocking([&](pqxx::work& tx) {
            billing::top_up(tx, {.account_id = account, .amount = billing::units(20), .payment_id = "p"})
                .value();
            billing::import_deck(tx, {.name = "retail",
                                      .csv = "prefix,destination,price_per_minute\n44,UK,0.017\n",
                                      .effective_from = std::chrono::system_clock::now()});
            const auto rate_id = tx.exec1("SELECT rate_id FROM billing.rate")[0].as<std::int64_t>();
            int number = 10;
            for (const char* trunk : {"ours-1", "theirs-1"}) {
              billing::hold_request hold;
              hold.account_id = account;
              hold.call_id = *parse_uuid("01a20320-a200-7000-8000-0000000000" + std::to_string(number++));
              hold.node = "test";
              hold.terms = {
                  .rate_id = rate_id, .prefix = "44", .destination = "UK", .price_per_minute = {17'000}};
              hold.currency = "EUR";
              hold.wanted = {17'000};
              hold.callee = "+442079460958";
              billing::open_hold(tx, hold);
              billing::stop_record stop;
              stop.account_id = account;
              stop.call_id = hold.call_id;
              stop.callee = hold.callee;
              stop.talk = 60s;
              stop.trunk = trunk;
              stop.carrier_id = *parse_uuid(trunk == std::string("ours-1") ? ours : theirs);
              billing::settle(tx, stop);
            }
          })
          .has_error());
  const std::string carrier = make_token_for("carrier", R"(,"carrier_id":")" + ours + "\"");
  const answer records = as(carrier, "GET", "/v1/cdrs");
  ASSERT_EQ(records.at("items").as_array().size(), 1U) << records.text;
  const auto& record = records.at("items").as_array()[0].as_object();
  EXPECT_EQ(record.at("trunk"), "ours-1");
  for (const char* hidden : {"account_id", "charged", "charged_micros", "price", "rate", "rate_deck",
                             "rate_deck_version", "cost", "margin", "attempts"})
    EXPECT_FALSE(record.contains(hidden)) << hidden;
  EXPECT_TRUE(is_forbidden(as(carrier, "GET", "/v1/cdrs?account_id=" + alice)));

  const std::string subscriber = make_token_for("subscriber", R"(,"account_id":")" + alice + "\"");
  const answer own = as(subscriber, "GET", "/v1/accounts/" + alice + "/calls");
  ASSERT_EQ(own.at("items").as_array().size(), 2U);
  EXPECT_TRUE(own.at("items").as_array()[0].as_object().contains("charged"));
  for (const char* hidden : {"trunk", "cost", "margin", "attempts", "node", "rate_deck", "rate_deck_version"})
    EXPECT_FALSE(own.at("items").as_array()[0].as_object().contains(hidden)) << hidden;
  const answer all = get("/v1/cdrs");
  ASSERT_EQ(all.at("items").as_array().size(), 2U);
  const auto& whole = all.at("items").as_array()[0].as_object();
  EXPECT_EQ(whole.at("rate_deck"), "retail");
  EXPECT_EQ(whole.at("rate_deck_version"), 1);

  // Whatever becomes of the trunk, its name and who has them.
  const std::string rival = make_token_for("carrier", R"(,"carrier_id":")" + theirs + "\"");
  const auto trunks_in = [&](const std::string& reader) {
    std::vector<std::string> names;
    const answer shown = as(reader, "GET", "/v1/cdrs");
    for (const auto& each : shown.at("items").as_array())
      names.emplace_back(each.at("trunk").as_string());
    return names;
  };
  const auto is_as_before = [&] {
    EXPECT_THAT(trunks_in(carrier), testing::ElementsAre("ours-1"));
    EXPECT_THAT(trunks_in(rival), testing::ElementsAre("theirs-1"));
  };
  ASSERT_EQ(send("PUT", "/v1/trunks/" + our_trunk, trunk_of(ours, "renamed")).status, 200U);
  is_as_before();
  ASSERT_EQ(send("DELETE", "/v1/trunks/" + their_trunk).status, 204U);
  ASSERT_EQ(post("/v1/trunks", trunk_of(ours, "theirs-1")).status, 201U);  // used again
  is_as_before();
  ASSERT_EQ(send("PUT", "/v1/trunks/" + our_trunk, trunk_of(theirs, "ours-1")).status, 200U);  // moved
  is_as_before();

  // Records of before, which have no carrier, are those of whoever is known to have had the trunk then.
  ASSERT_FALSE(pool_
                   ->run_blocking([&](pqxx::work& tx) {
                     tx.exec("UPDATE billing.cdr SET carrier_id = NULL");
                     tx.exec_params("INSERT INTO billing.carrier_of_trunk SELECT 'theirs-1', $1, min(call_id::text)::uuid, "
                                    "'ffffffff-ffff-ffff-ffff-ffffffffffff' FROM billing.cdr WHERE trunk = 'theirs-1'",
                                    theirs);
                     tx.exec_params("INSERT INTO billing.carrier_of_trunk SELECT 'ours-1', $1, "
                                    "'00000000-0000-0000-0000-000000000000', min(call_id::text)::uuid FROM billing.cdr WHERE "
                                    "trunk = 'ours-1'",
                                    ours);
                   })
                   .has_error());
  EXPECT_THAT(trunks_in(carrier), testing::ElementsAre());
  EXPECT_THAT(trunks_in(rival), testing::ElementsAre("theirs-1"));
}

TEST_F(Access, AuditTellsWhoChangedWhatFromWhatToWhat) {
  const std::string alice = create_account("alice");
  const answer support = post("/v1/api_tokens", R"({"label":"desk","role":"support"})");
  const std::string secret = support.string("token");
  ASSERT_EQ(
      as(secret, "PATCH", "/v1/accounts/" + alice, R"({"display_name":"Alice"})").status, 200U);
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"passphrase":"another horse"})").status, 200U);
  ASSERT_EQ(as(secret, "PATCH", "/v1/accounts/" + alice, R"({"ring_timeout_s":1})").status, 422U);
  ASSERT_EQ(as(secret, "DELETE", "/v1/trunks/" + std::string(nobodys_id)).status, 403U);
  const answer log = get("/v1/audit_log?token_id=" + support.string("id"));
  const auto& lines = log.at("items").as_array();
  ASSERT_EQ(lines.size(), 2U) << log.text;  // what was not let in has changed nothing
  EXPECT_EQ(lines[0].at("status"), 422);
  EXPECT_TRUE(lines[0].at("before").is_null() && lines[0].at("after").is_null());
  EXPECT_EQ(lines[1].at("role"), "support");
  EXPECT_EQ(lines[1].at("method"), "PATCH");
  EXPECT_EQ(lines[1].at("before").at("display_name"), "");
  EXPECT_EQ(lines[1].at("after").at("display_name"), "Alice");
  const std::string all = get("/v1/audit_log").text;
  for (const std::string& hidden : {secret, std::string("another horse"), std::string("correct horse")})
    EXPECT_THAT(all, Not(HasSubstr(hidden)));
  EXPECT_THAT(all, HasSubstr("(left out)"));
  const auto first = get("/v1/audit_log?limit=1");
  EXPECT_EQ(get("/v1/audit_log?limit=1&before=" + first.string("next")).at("items").as_array().size(), 1U);
  EXPECT_TRUE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("DELETE FROM gateway.audit"); }).has_error());
}

}  // namespace
}  // namespace tollgate::gateway::api
