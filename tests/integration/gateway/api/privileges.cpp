// SPDX-License-Identifier: Apache-2.0
// What roles may not do within the operations that they may use: take over accounts, spend their owners' money or pay it out; and the
// owners' own pass-phrases, sessions and tokens.
#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>
#include <map>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <thread>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>

#include "fixture.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* number = "+16505550100";
constexpr const char* number_path = "/v1/numbers/%2B16505550100";

class Privileges : public Api {
 protected:
  answer as(const std::string& secret, const std::string& method, const std::string& target, const std::string& body = {},
            const std::string& type = "application/json") {
    const std::string admin = std::exchange(token_, secret);
    answer got = send(method, target, body, type);
    token_ = admin;
    return got;
  }
  std::string token_of(const std::string& role, const std::string& bound = {}) {
    const answer made = post("/v1/api_tokens", R"({"label":"test of )" + role + R"(","role":")" + role + "\"" + bound + "}");
    EXPECT_EQ(made.status, 201U) << made.text;
    return made.string("token");
  }
  std::string owner_of(const std::string& account) { return token_of("subscriber", R"(,"account_id":")" + account + "\""); }
  answer log_in(const std::string& name, const std::string& passphrase) {
    return post("/v1/sessions", R"({"name":")" + name + R"(","passphrase":")" + passphrase + "\"}");
  }
  // An account with credit that rents the number.
  std::string renter() {
    const std::string id = create_account("alice");
    EXPECT_EQ(post("/v1/payments", R"({"id":"p","amount":"20.00","account_id":")" + id + "\"}").status, 201U);
    EXPECT_EQ(post("/v1/numbers", R"({"area":"Palo Alto","number":")" + std::string(number) + "\"}").status, 201U);
    const answer ordered = post("/v1/number_orders", R"({"id":"0190a0b0-0000-7000-8000-000000000001","term_months":3,"number":")" +
                                                         std::string(number) + R"(","account_id":")" + id + "\"}");
    EXPECT_EQ(ordered.status, 201U) << ordered.text;
    return id;
  }
  static void expect_forbidden(const answer& got) {
    EXPECT_EQ(got.status, 403U) << got.text;
    EXPECT_THAT(got.text, testing::AnyOf(HasSubstr(R"("code":"forbidden")"), HasSubstr(R"("code":"refused_to_role")")));
  }
  std::string text_of(const std::string& sql) {
    return *pool_->run_blocking([&](pqxx::work& tx) { return tx.exec1(sql)[0].as<std::string>(); });
  }
  void run(const std::string& sql) { ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); }).has_error()); }
};

TEST_F(Privileges, SupportDoesNotTakeAnAccountOver) {
  const std::string alice = create_account("alice"), path = "/v1/accounts/" + alice, support = token_of("support");
  expect_forbidden(as(support, "PATCH", path, R"({"passphrase":"mine mine mine"})"));
  EXPECT_EQ(log_in("alice", "mine mine mine").status, 401U);
  EXPECT_EQ(log_in("alice", "correct horse").status, 201U);
  EXPECT_EQ(send("PATCH", path, R"({"passphrase":"another horse"})").status, 200U) << "an admin may";
  EXPECT_EQ(log_in("alice", "another horse").status, 201U);
}

TEST_F(Privileges, OwnersChangeTheirPassphraseByTheOldOne) {
  const std::string alice = create_account("alice"), bob = create_account("bob"), path = "/v1/accounts/" + alice + "/passphrase";
  const std::string own = log_in("alice", "correct horse").string("token"), other = log_in("alice", "correct horse").string("token");
  gateway_.take();
  const answer wrong = as(own, "POST", path, R"({"old_passphrase":"a guess of it","new_passphrase":"another horse"})");
  EXPECT_EQ(wrong.status, 403U);
  EXPECT_EQ(wrong.string("code"), "wrong_passphrase");
  EXPECT_EQ(as(own, "POST", path, R"({"old_passphrase":"correct horse","new_passphrase":"short"})").status, 422U);
  EXPECT_EQ(as(own, "POST", "/v1/accounts/" + bob + "/passphrase", R"({"old_passphrase":"correct horse","new_passphrase":"another horse"})").status, 403U);
  EXPECT_EQ(as(token_of("support"), "POST", path, R"({"old_passphrase":"correct horse","new_passphrase":"another horse"})").status, 403U);
  EXPECT_EQ(log_in("alice", "correct horse").status, 201U);
  EXPECT_TRUE(gateway_.take().empty());

  const answer changed = as(own, "POST", path, R"({"old_passphrase":"correct horse","new_passphrase":"another horse"})");
  ASSERT_EQ(changed.status, 200U) << changed.text;
  EXPECT_THAT(gateway_.take(), testing::Contains("revoked"));
  EXPECT_EQ(log_in("alice", "another horse").status, 201U);
  EXPECT_EQ(as(other, "GET", "/v1/accounts/" + alice).status, 401U) << "others' sessions end";
  EXPECT_EQ(as(own, "GET", "/v1/accounts/" + alice).status, 200U) << "the one that asked goes on";
  const std::string audit = get("/v1/audit_log").text;
  EXPECT_THAT(audit, HasSubstr("new_passphrase"));
  EXPECT_THAT(audit, Not(HasSubstr("another horse")));
}

TEST_F(Privileges, GuessesOfTheOldPassphraseAreLockedOut) {
  const std::string alice = create_account("alice"), own = owner_of(alice);
  unsigned last = 0;
  for (int i = 0; i < 8; ++i)
    last = as(own, "POST", "/v1/accounts/" + alice + "/passphrase", R"({"old_passphrase":"a guess","new_passphrase":"another horse"})").status;
  EXPECT_EQ(last, 429U);
}

TEST_F(Privileges, ForwardingIsPaidByItsOwnerAndAddedByNobodyElse) {
  const std::string alice = renter(), own = owner_of(alice), support = token_of("support"), path = std::string(number_path) + "/rules";
  const std::string two = R"({"forward":["+442079460958 busy 20","+442079460959 offline 20"]})";
  for (const std::string& desk : {support, token_of("numbers")}) {
    expect_forbidden(as(desk, "PUT", path, two));
    expect_forbidden(as(desk, "PATCH", number_path, R"({"auto_renew":true})"));
    EXPECT_EQ(as(desk, "PATCH", number_path, R"({"auto_renew":false})").status, 200U);
  }
  ASSERT_EQ(as(own, "PUT", path, two).status, 200U);
  EXPECT_EQ(as(own, "PATCH", number_path, R"({"auto_renew":true})").status, 200U);
  const answer fewer = as(support, "PUT", path, R"({"do_not_disturb":true,"forward":["+442079460958 busy 20"]})");
  EXPECT_EQ(fewer.status, 200U) << fewer.text;
  expect_forbidden(as(support, "PUT", path, R"({"forward":["+442079460958 busy,no_answer 20"]})"));
  EXPECT_THAT(get(path).text, HasSubstr(R"("do_not_disturb":true)"));
}

TEST_F(Privileges, TheDeskOfNumbersSetsNoPricesAndPaysNothingOut) {
  const std::string alice = renter(), desk = token_of("numbers");
  const std::string before = get("/v1/accounts/" + alice + "/balance").text;
  const std::string price = std::string(number_path) + "/prices/EUR/3";
  expect_forbidden(as(desk, "PUT", price, R"({"price":"500"})"));
  expect_forbidden(as(desk, "DELETE", price));
  EXPECT_EQ(as(token_of("rates"), "PUT", price, R"({"price":"5"})").status, 200U);
  expect_forbidden(as(desk, "POST", std::string(number_path) + "/porting", "{}"));
  const answer withdrawn = as(desk, "POST", "/v1/number_withdrawals", "number\n+16505550100\n", "text/csv");
  EXPECT_EQ(withdrawn.status, 422U) << withdrawn.text;
  EXPECT_THAT(withdrawn.text, HasSubstr("number_rented"));
  expect_forbidden(as(desk, "POST", "/v1/number_imports", "number,currency,price_3_months\n+16505550177,EUR,500\n", "text/csv"));
  EXPECT_EQ(get("/v1/numbers/%2B16505550177").status, 404U);
  EXPECT_EQ(as(desk, "POST", "/v1/number_imports", "number\n+16505550178\n", "text/csv").status, 200U);
  EXPECT_EQ(as(desk, "POST", "/v1/numbers/%2B16505550178/porting", "{}").status / 100, 2U) << "nobody has it: no money moves";
  EXPECT_EQ(get("/v1/accounts/" + alice + "/balance").text, before);
  EXPECT_EQ(post(std::string(number_path) + "/porting", "{}").status, 200U) << "an admin may";
}

TEST_F(Privileges, ANumberThatIsBeingPaidForIsNotPortedByItsDesk) {
  const std::string alice = create_account("alice"), desk = token_of("numbers"), porting = std::string(number_path) + "/porting";
  ASSERT_EQ(post("/v1/payments", R"({"id":"p","amount":"30.00","account_id":")" + alice + "\"}").status, 201U);
  ASSERT_EQ(post("/v1/numbers", R"({"area":"Palo Alto","number":")" + std::string(number) + "\"}").status, 201U);
  const auto what = pstn::phone_number::parse(number).value();
  const auto owner = boost::uuids::string_generator()(alice);
  const auto now = std::chrono::system_clock::now(), later = now + std::chrono::hours(24 * 95);
  const auto credit = [&] { return get("/v1/accounts/" + alice + "/balance").string("available"); };
  // Asks while somebody's payment, which has begun, holds the number.
  const auto asked_during = [&](const auto& payment) {
    pqxx::connection other(database());
    pqxx::work paying(other);
    EXPECT_TRUE(payment(paying));
    answer ported;
    std::thread asking([&] { ported = as(desk, "POST", porting, "{}"); });
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto waits = [&] { return text_of("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") != "0"; };
    bool waited = waits();
    while (!waited && std::chrono::steady_clock::now() < until)
      waited = waits();
    EXPECT_TRUE(waited);
    paying.commit();
    asking.join();
    return ported;
  };

  expect_forbidden(asked_during([&](pqxx::work& tx) {
    return voicemail::rent_number(tx, {.order_id = boost::uuids::random_generator()(), .account_id = owner, .number = what, .term_months = 3, .now = now});
  }));
  EXPECT_EQ(get(number_path).string("state"), "assigned");
  EXPECT_EQ(credit(), "20.00");

  ASSERT_EQ(send("PATCH", number_path, R"({"auto_renew":false})").status, 200U);
  ASSERT_EQ(pool_->run_blocking([&](pqxx::work& tx) { return voicemail::advance_terms(tx, later, 10).entered_grace; }).value(), 1);
  expect_forbidden(asked_during([&](pqxx::work& tx) { return voicemail::renew_number(tx, what, owner, later); }));
  EXPECT_EQ(get(number_path).string("state"), "assigned");
  EXPECT_EQ(credit(), "10.00");

  EXPECT_EQ(post(porting, "{}").status, 200U) << "an admin may";
  EXPECT_EQ(credit(), "20.00") << "the whole of the term to come, and of that alone";
  EXPECT_EQ(post(porting, "{}").string("code"), "number_unavailable");
  EXPECT_EQ(credit(), "20.00");
}

TEST_F(Privileges, SupportOpensWhatSupportHasShut) {
  const std::string alice = create_account("alice"), path = "/v1/accounts/" + alice, support = token_of("support"), admin = token_;
  const auto set = [&](const std::string& by, const char* status) { return as(by, "PATCH", path, R"({"status":")" + std::string(status) + "\"}"); };
  EXPECT_EQ(set(support, "blocked").status, 200U);
  EXPECT_EQ(set(support, "active").status, 200U);
  EXPECT_EQ(set(admin, "blocked").status, 200U);
  for (const char* status : {"active", "blocked", "closed"})
    expect_forbidden(set(support, status));
  EXPECT_EQ(get(path).string("status"), "blocked");
  EXPECT_EQ(set(admin, "active").status, 200U);
  const answer closed = set(support, "closed"), again = set(support, "closed");
  EXPECT_EQ(closed.status, 200U);
  EXPECT_EQ(again.status, 200U) << "the answer may have been lost";
  EXPECT_EQ(again.text, closed.text);
  expect_forbidden(set(support, "active"));
  expect_forbidden(set(support, "blocked"));
  EXPECT_EQ(get(path).string("status"), "closed");
  EXPECT_EQ(set(admin, "closed").status, 200U);
  expect_forbidden(set(support, "closed"));
}

TEST_F(Privileges, ARegionIsTheCountryOfTheTaxesToo) {
  const std::string alice = create_account("alice"), path = "/v1/accounts/" + alice;
  expect_forbidden(as(token_of("support"), "PATCH", path, R"({"region":"FR"})"));
  ASSERT_EQ(send("PATCH", path, R"({"region":"FR"})").status, 200U);
  EXPECT_EQ(text_of("SELECT country FROM billing.account WHERE account_id = '" + alice + "'"), "FR");
  EXPECT_EQ(send("PATCH", path, R"({"region":"nowhere"})").status, 422U);
  EXPECT_EQ(text_of("SELECT country FROM billing.account WHERE account_id = '" + alice + "'"), "FR");
}

TEST_F(Privileges, AreToldByTheRoles) {
  std::map<std::string, std::string> refused;
  const answer roles = get("/v1/roles");
  for (const auto& each : roles.at("items").as_array())
    refused[std::string(each.at("role").as_string())] = boost::json::serialize(each.at("refused"));
  EXPECT_EQ(refused["admin"], "[]");
  EXPECT_THAT(refused["support"], HasSubstr(R"("operation":"PATCH /v1/accounts/{}")"));
  EXPECT_THAT(refused["support"], HasSubstr(R"("member":"passphrase")"));
  EXPECT_THAT(refused["numbers"], HasSubstr(R"("operation":"POST /v1/numbers/{}/porting")"));
  EXPECT_THAT(refused["subscriber"], HasSubstr(R"("member":"verified_numbers")"));
  EXPECT_THAT(refused["subscriber"], Not(HasSubstr("passphrase")));
}

TEST_F(Privileges, OneNewPinOfASubscriberIsHashedAtATime) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const std::string of_alice = owner_of(alice), of_bob = owner_of(bob);
  const std::string wanted = "POST /v1/mailboxes/" + alice + "/pin HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + of_alice +
                             "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  pqxx::connection held{database()};
  pqxx::work lock(held);
  lock.exec("LOCK TABLE gateway.audit_begun IN ACCESS EXCLUSIVE MODE");  // the first one waits for its line
  std::string first;
  std::thread asking([&] { first = exchange(wanted); });
  while (text_of("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "0") {
  }
  EXPECT_THAT(exchange(wanted), HasSubstr(R"("code":"overloaded")")) << "while the first is under way";
  lock.commit();
  asking.join();
  EXPECT_THAT(first, HasSubstr("200 OK"));
  EXPECT_THAT(exchange(wanted), HasSubstr("200 OK")) << "when it is done";
  EXPECT_EQ(as(of_bob, "POST", "/v1/mailboxes/" + bob + "/pin", "{}").status, 200U);
}

TEST_F(Privileges, AnAccountHasTwentySessionsAtMost) {
  const std::string alice = create_account("alice");
  std::vector<std::string> sessions;
  for (int i = 0; i < 21; ++i)
    sessions.push_back(log_in("alice", "correct horse").string("token"));
  const auto status = [&](const std::string& token) { return as(token, "GET", "/v1/accounts/" + alice).status; };
  EXPECT_EQ(status(sessions[0]), 401U) << "the oldest has ended";
  EXPECT_EQ(status(sessions[1]), 200U);
  EXPECT_EQ(status(sessions[20]), 200U);
  EXPECT_EQ(status(owner_of(alice)), 200U) << "tokens that admins make do not count";
}

TEST_F(Privileges, ATokenIsRotatedOnceAndItsEndStays) {
  const std::string alice = create_account("alice"), first = log_in("alice", "correct horse").string("token");
  const auto rotation_of = [](const std::string& id) { return "/v1/api_tokens/" + id + "/rotation"; };
  const std::string first_id = get("/v1/api_tokens?account_id=" + alice).at("items").at(0).at("id").as_string().c_str();
  EXPECT_EQ(as(first, "POST", rotation_of(first_id), "{}").status, 403U) << "a stolen one would be renewed for ever";
  const answer second = send("POST", rotation_of(first_id), R"({"overlap_s":60})");
  ASSERT_EQ(second.status, 201U) << second.text;
  EXPECT_EQ(as(second.string("token"), "GET", "/v1/accounts/" + alice).status, 200U);
  EXPECT_EQ(as(first, "GET", "/v1/accounts/" + alice).status, 200U) << "for a while";
  const answer again = send("POST", rotation_of(first_id), "{}");
  EXPECT_EQ(again.status, 409U) << again.text;
  EXPECT_EQ(again.string("code"), "token_rotated");
  const answer third = send("POST", rotation_of(second.string("id")), R"({"overlap_s":0})");
  ASSERT_EQ(third.status, 201U) << third.text;
  EXPECT_EQ(third.string("expires_at"), second.string("expires_at")) << "the end stays";
  EXPECT_EQ(as(second.string("token"), "GET", "/v1/accounts/" + alice).status, 401U);
}

TEST_F(Privileges, ARotationDoesNotOutrunARevocation) {
  const std::string alice = create_account("alice"), token = owner_of(alice);
  // The revocation has begun: it holds the account's row, and the rotation waits for it.
  auto held = std::make_unique<pqxx::connection>(database());
  auto revocation = std::make_unique<pqxx::work>(*held);
  revocation->exec("UPDATE gateway.subscriber SET credential_generation = credential_generation + 1 WHERE account_id = '" + alice + "'");
  ASSERT_EQ(as(token, "GET", "/v1/accounts/" + alice).status, 200U);
  answer rotated;
  const std::string id = get("/v1/api_tokens?account_id=" + alice).at("items").at(0).at("id").as_string().c_str();
  std::thread rotation([&] { rotated = send("POST", "/v1/api_tokens/" + id + "/rotation", "{}"); });
  for (bool waits = false; !waits;)
    waits = text_of("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") != "0";
  revocation->exec("UPDATE gateway.api_token SET revoked_at = now() WHERE account_id = '" + alice + "' AND revoked_at IS NULL");
  revocation->commit();
  rotation.join();
  EXPECT_EQ(rotated.status, 404U) << rotated.text;
  EXPECT_EQ(text_of("SELECT count(*) FROM gateway.api_token WHERE account_id = '" + alice + "' AND revoked_at IS NULL"), "0");
}

TEST_F(Privileges, WebhooksEndWithTheirAccountAndItsCredentials) {
  const std::string alice = create_account("alice"), own = owner_of(alice);
  const answer made = as(own, "POST", "/v1/webhooks", R"({"url":"https://hooks.example/alice"})");
  ASSERT_EQ(made.status, 201U) << made.text;
  const auto cause = [&] {
    run("INSERT INTO gateway.event_outbox (type, account_id, resource, data) VALUES ('balance.low', '" + alice + "', 'account:" + alice + "', '{}')");
    run("SELECT gateway.sequence_events(100)");
    return text_of("SELECT count(*) FROM gateway.webhook_delivery");
  };
  EXPECT_EQ(cause(), "1");
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"status":"closed"})").status, 200U);
  EXPECT_EQ(cause(), "1") << "of a closed account nothing is added";
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"status":"active"})").status, 200U);
  EXPECT_EQ(cause(), "2");
  ASSERT_EQ(post("/v1/accounts/" + alice + "/credentials/revocation", "").status, 200U);
  EXPECT_THAT(get("/v1/webhooks/" + made.string("id")).text, HasSubstr(R"("enabled":false)"));
}

TEST_F(Privileges, TheAuditTellsWhoAndWhatWasSet) {
  const std::string alice = create_account("alice"), own = owner_of(alice);
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"passphrase":"another horse","display_name":"Alice"})").status, 200U);
  const auto newest = [&] { return get("/v1/audit_log?limit=1").at("items").at(0).as_object(); };
  const auto reset = newest();
  EXPECT_EQ(boost::json::serialize(reset.at("fields")), R"x({"passphrase":"(left out)","display_name":"Alice"})x");
  EXPECT_TRUE(reset.at("account_id").is_null());
  ASSERT_EQ(post("/v1/adjustments", R"({"id":"a","kind":"goodwill","account_id":")" + alice + R"(","amount":"1.00","note":"a call that broke"})").status, 201U);
  EXPECT_EQ(newest().at("fields").at("note").as_string(), "a call that broke");
  const std::string fresh = owner_of(alice);
  ASSERT_EQ(as(fresh, "PUT", "/v1/accounts/" + alice + "/low_balance", R"({"amount":"3.00"})").status, 200U);
  const auto changed = newest();
  EXPECT_EQ(changed.at("account_id").as_string(), alice);
  EXPECT_EQ(changed.at("label").as_string(), "test of subscriber");
}

TEST_F(Privileges, WhatSubscribersWereRefusedLeavesNoLine) {
  const std::string alice = create_account("alice"), own = owner_of(alice);
  const auto count = [&] {
    return text_of("SELECT (SELECT count(*) FROM gateway.audit) + (SELECT count(*) FROM gateway.audit_begun)");
  };
  const std::string before = count();
  EXPECT_EQ(as(own, "DELETE", "/v1/accounts/" + alice + "/devices/nothing").status, 404U);
  EXPECT_EQ(as(own, "PUT", "/v1/accounts/" + alice + "/low_balance", R"({"colour":"red"})").status, 422U);
  EXPECT_EQ(count(), before);
  EXPECT_EQ(as(token_of("support"), "PATCH", "/v1/accounts/" + alice, R"({"colour":"red"})").status, 422U);
  EXPECT_NE(count(), before) << "of staff everything is kept";
}

}  // namespace
}  // namespace tollgate::gateway::api
