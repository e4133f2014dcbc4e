// SPDX-License-Identifier: Apache-2.0
// The log of events, its stream, and webhooks: who sees what, and what is delivered when.
#include "gateway/events/event_store.hpp"

#include <gmock/gmock.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/array.hpp>
#include <memory>
#include <pqxx/result>
#include <thread>

#include "fixture.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/events/webhook_store.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;
using testing::Not;
using namespace std::chrono_literals;

class Events : public Api {
 protected:
  void adjust(server_options& options) override {
    options.streams = 2;
    options.stream_check = 50ms;
  }

  template <class Work>
  auto within(Work work) {
    auto done = pool_->run_blocking(std::move(work));
    EXPECT_FALSE(done.has_error());
    return done;
  }

  void put(const std::string& type, const std::string& resource, const std::optional<uuid>& account = {},
           const std::optional<uuid>& carrier = {}) {
    within([&](pqxx::work& tx) {
      events::new_event one{.type = type, .at = std::chrono::system_clock::now(), .account_id = account, .carrier_id = carrier, .resource = resource};
      one.data["trunk"] = "the operator's";
      one.data["node"] = "the operator's";
      one.data["text"] = "caf\u00e9 \"quoted\"";
      events::add_events(tx, {one});
      events::sequence_events(tx, 100);
    });
  }

  static std::vector<std::string> types(const answer& got) {
    std::vector<std::string> out;
    for (const auto& each : got.at("items").as_array())
      out.emplace_back(each.at("type").as_string());
    return out;
  }

  answer as(const std::string& secret, const std::string& method, const std::string& target, const std::string& body = {}) {
    const std::string own = std::exchange(token_, secret);
    answer got = send(method, target, body);
    token_ = own;
    return got;
  }

  std::string token_of(const std::string& role, const std::string& bound) {
    return post("/v1/api_tokens", R"({"label":"test","role":")" + role + "\"," + bound + "}").string("token");
  }

  std::vector<events::webhook_work> take() {
    return within([](pqxx::work& tx) { return events::take_webhooks(tx, 10, 9, 10, 60s); }).value();
  }
};

TEST_F(Events, AreSeenByThoseWhomTheyAreAbout) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const std::string carrier = post("/v1/carriers", R"({"name":"north"})").string("id");
  put("call.ended", "call:1", parse_uuid(alice));
  put("fraud.limit", "fraud:1", parse_uuid(alice));
  put("balance.low", "account:2", parse_uuid(bob));
  put("trunk.down", "trunk:1", {}, parse_uuid(carrier));
  EXPECT_THAT(types(get("/v1/events")), ElementsAre("call.ended", "fraud.limit", "balance.low", "trunk.down"));
  EXPECT_THAT(types(get("/v1/events?sort=-position&limit=2")), ElementsAre("trunk.down", "balance.low"));
  const answer first = get("/v1/events?limit=3");
  EXPECT_THAT(types(get("/v1/events?limit=3&after=" + first.string("next"))), ElementsAre("trunk.down"));
  EXPECT_THAT(types(get("/v1/events?type=fraud.limit,balance.low")), ElementsAre("fraud.limit", "balance.low"));
  EXPECT_THAT(types(get("/v1/events?account_id=" + alice)), ElementsAre("call.ended", "fraud.limit"));
  EXPECT_THAT(types(get("/v1/events?resource=call:1")), ElementsAre("call.ended"));
  EXPECT_THAT(first.text, HasSubstr("caf\u00e9"));
  EXPECT_EQ(get("/v1/events?type=call.sung").status, 422U);
  EXPECT_EQ(get("/v1/events?sort=type").status, 422U);

  const std::string of_alice = token_of("subscriber", R"("account_id":")" + alice + "\"");
  EXPECT_THAT(types(as(of_alice, "GET", "/v1/events")), ElementsAre("call.ended"));
  EXPECT_THAT(types(as(of_alice, "GET", "/v1/events?type=fraud.limit")), ElementsAre());
  EXPECT_THAT(types(as(of_alice, "GET", "/v1/events?account_id=" + bob)), ElementsAre());
  const std::string of_north = token_of("carrier", R"("carrier_id":")" + carrier + "\"");
  EXPECT_THAT(types(as(of_north, "GET", "/v1/events")), ElementsAre("trunk.down"));

  constexpr const char *node = R"("node":)", *trunk = R"("trunk":)";
  EXPECT_THAT(get("/v1/events?resource=call:1").text, AllOf(HasSubstr(node), HasSubstr(trunk)));
  EXPECT_THAT(as(of_alice, "GET", "/v1/events").text, Not(AnyOf(HasSubstr(node), HasSubstr(trunk))));
  EXPECT_THAT(as(of_north, "GET", "/v1/events").text, AllOf(Not(HasSubstr(node)), HasSubstr(trunk))) << "its own";
}

TEST_F(Events, AreWrittenByWhatCausesThem) {
  const std::string alice = create_account("alice");
  const std::string path = "/v1/accounts/" + alice + "/low_balance";
  EXPECT_EQ(get(path).string("amount"), "2.00");
  EXPECT_EQ(send("PUT", path, R"({"amount":"-1"})").status, 422U);
  EXPECT_EQ(send("PUT", path, R"({"amount":"15.00"})").string("amount"), "15.00");
  post("/v1/payments", R"({"id":"one","account_id":")" + alice + R"(","amount":"20.00"})");
  const auto adjust = [&](const char* id, const char* amount) {
    return post("/v1/adjustments", R"({"id":")" + std::string(id) + R"(","account_id":")" + alice +
                                       R"(","kind":"adjustment","note":"a test","amount":")" + amount + "\"}");
  };
  EXPECT_LT(adjust("two", "-4.00").status, 300U);
  within([](pqxx::work& tx) { events::sequence_events(tx, 100); });
  EXPECT_THAT(types(get("/v1/events")), ElementsAre());
  EXPECT_LT(adjust("three", "-4.00").status, 300U);
  EXPECT_LT(adjust("four", "-4.00").status, 300U) << "it is low already";
  within([](pqxx::work& tx) { events::sequence_events(tx, 100); });
  EXPECT_THAT(types(get("/v1/events")), ElementsAre("balance.low"));
  EXPECT_THAT(get("/v1/events").text, HasSubstr(R"("balance_micros":12000000)"));
  const auto failed = pool_->run_blocking([&](pqxx::work& tx) -> boost::system::result<void> {
    tx.exec("INSERT INTO billing.event (account_id, event_key, kind, at) VALUES ('" + alice + "', 'k', 'credit_lapse_notice', now())");
    return make_error_code(boost::system::errc::operation_canceled);
  });
  EXPECT_TRUE(failed.has_error());
  within([&](pqxx::work& tx) {
    for (const char* kind : {"credit_lapse_notice", "voicemail_pin_changed", "credit_lapsed", "credit_reactivated", "credit_locked", "number_term_notice",
                             "number_in_grace", "number_withdrawn", "number_given_up", "number_ported"})
      tx.exec("INSERT INTO billing.event (account_id, event_key, kind, at) VALUES ('" + alice + "', '" + kind + "', '" + kind + "', now())");
    tx.exec("INSERT INTO billing.fraud_event (scope, measure, hour, first_at, last_at, figure, most, action) VALUES ('all', 'spend_day', now(), now(), now(), 2, 1, 'event')");
    events::sequence_events(tx, 100);
  });
  EXPECT_THAT(types(get("/v1/events")), ElementsAre("balance.low", "credit.expiring", "credit.expired", "credit.reactivated", "credit.locked", "number.expiring",
                                                      "number.in_grace", "number.withdrawn", "number.given_up", "number.ported", "fraud.limit"));
}

TEST_F(Events, GoToTheWebhooksThatWantThem) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  EXPECT_EQ(post("/v1/webhooks", R"({"url":"ftp://x"})").status, 422U);
  EXPECT_EQ(post("/v1/webhooks", R"({"url":"https://x.example","event_types":["call.sung"]})").status, 422U);
  EXPECT_EQ(post("/v1/webhooks", R"({"event_types":[]})").status, 422U);
  EXPECT_EQ(post("/v1/webhooks", R"({"url":"https://user:password@x.example/"})").status, 422U);
  const answer all = post("/v1/webhooks", R"({"url":"https://x.example/all"})");
  ASSERT_EQ(all.status, 201U) << all.text;
  EXPECT_EQ(all.string("secret").size(), 64U);
  const std::string of_alice = token_of("subscriber", R"("account_id":")" + alice + "\"");
  const std::string of_bob = token_of("subscriber", R"("account_id":")" + bob + "\"");
  EXPECT_EQ(as(of_alice, "POST", "/v1/webhooks", R"({"url":"https://x.example","account_id":")" + bob + "\"}").status, 403U);
  EXPECT_EQ(as(of_alice, "POST", "/v1/webhooks", R"({"url":"https://x.example","event_types":["fraud.limit"]})").status, 422U);
  const answer own = as(of_alice, "POST", "/v1/webhooks", R"({"url":"https://x.example/of-alice"})");
  EXPECT_EQ(as(of_alice, "POST", "/v1/webhooks", R"({"url":"mailto:alice@x.example"})").status, 422U) << "also of calls";
  const std::string few = R"({"url":"mailto:alice@x.example","event_types":["credit.expiring"]})";
  const answer letters = as(of_alice, "POST", "/v1/webhooks", few);
  EXPECT_EQ(letters.status, 201U);
  EXPECT_EQ(as(of_alice, "PATCH", "/v1/webhooks/" + letters.string("id"), R"({"event_types":["call.ended"]})").status, 422U);
  EXPECT_EQ(as(of_alice, "PATCH", "/v1/webhooks/" + letters.string("id"), R"({"url":"mailto:b@x.example"})").status, 200U);
  EXPECT_LT(as(of_alice, "DELETE", "/v1/webhooks/" + letters.string("id")).status, 300U);
  ASSERT_EQ(own.status, 201U) << own.text;
  const std::string path = "/v1/webhooks/" + own.string("id");
  EXPECT_EQ(as(of_bob, "POST", "/v1/webhooks", R"({"url":"https://x.example","id":")" + own.string("id") + "\"}").status, 409U);
  EXPECT_EQ(as(of_bob, "GET", path).status, 404U);
  EXPECT_EQ(as(of_bob, "DELETE", path).status, 404U);
  EXPECT_EQ(as(of_bob, "POST", path + "/replay", "{}").status, 404U);
  EXPECT_THAT(get("/v1/webhooks").text, Not(HasSubstr(all.string("secret"))));
  EXPECT_EQ(as(of_alice, "GET", "/v1/webhooks").at("items").as_array().size(), 1U);

  put("call.started", "call:1", parse_uuid(alice));
  put("fraud.limit", "fraud:1", parse_uuid(alice));
  put("call.ended", "call:1", parse_uuid(alice));
  put("call.started", "call:2", parse_uuid(bob));
  EXPECT_EQ(get(path).integer("waiting"), 2);
  EXPECT_EQ(get("/v1/webhooks/" + all.string("id")).integer("waiting"), 4);

  EXPECT_EQ(as(of_alice, "PATCH", path, R"({"enabled":false})").status, 200U);
  auto works = take();
  ASSERT_EQ(works.size(), 1U) << "the other one is off";
  EXPECT_EQ(works[0].what.size(), 3U) << "of the first call the first event alone";
  EXPECT_TRUE(take().empty()) << "somebody is at it";
  EXPECT_EQ(as(of_alice, "PATCH", path, R"({"enabled":true})").status, 200U);
  works = take();
  ASSERT_EQ(works.size(), 1U);
  ASSERT_EQ(works[0].what.size(), 1U);
  const std::int64_t first = works[0].what[0].what.position;
  EXPECT_EQ(as(of_alice, "PATCH", path, R"({"description":"new"})").status, 200U);
  EXPECT_TRUE(take().empty()) << "a change does not hand out what somebody is at";

  // It fails, is tried later, and holds up what is behind it; given up it does not.
  const auto end = [&](const events::delivery_outcome& outcome) {
    within([&](pqxx::work& tx) { events::end_work(tx, works[0].to.webhook_id, {outcome}); });
  };
  end({first, false, "answered with 500", 0s});
  works = take();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].what.at(0).what.position, first);
  EXPECT_EQ(works[0].what.at(0).attempts, 1);
  EXPECT_EQ(works[0].what.size(), 1U);
  end({first, false, "answered with 500", std::nullopt});
  const answer given_up = get(path + "/deliveries");
  EXPECT_EQ(given_up.at("items").as_array().size(), 1U);
  EXPECT_THAT(given_up.text, HasSubstr("answered with 500"));
  works = take();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].what.at(0).what.type, "call.ended");
  end({works[0].what[0].what.position, true, {}, {}});
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(get(path).integer("waiting"), 0);

  EXPECT_EQ(as(of_alice, "POST", path + "/replay", R"({"position":999999})").integer("replayed"), 0);
  EXPECT_EQ(as(of_alice, "POST", path + "/replay").integer("replayed"), 1);
  works = take();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].what.at(0).what.position, first);

  const std::string old = works[0].to.secret;
  EXPECT_NE(as(of_alice, "POST", path + "/secret", R"({"overlap_s":60})").string("secret"), old);
  const auto rotated = within([&](pqxx::work& tx) { return events::find_webhook(tx, works[0].to.webhook_id); }).value();
  EXPECT_EQ(rotated->old_secret, old);
  const auto again = [&](const char* made) {  // what a repetition under an Idempotency-Key does, after an answer that was lost
    within([&](pqxx::work& tx) { events::change_secret(tx, works[0].to.webhook_id, made, 60s, parse_uuid("01900000-0000-7000-8000-00000000000a")); });
    return within([&](pqxx::work& tx) { return events::find_webhook(tx, works[0].to.webhook_id); }).value();
  };
  EXPECT_EQ(again("lost")->old_secret, rotated->secret);
  const auto told = again("told");
  EXPECT_EQ(told->secret, "told");
  EXPECT_EQ(told->old_secret, rotated->secret) << "which is the receiver's until it is told of the new one";
  EXPECT_EQ(as(of_alice, "DELETE", path).status, 204U);
  EXPECT_EQ(as(of_alice, "GET", path).status, 404U);
  for (int i = 0; i < events::webhooks_of_account_most; ++i)
    EXPECT_EQ(as(of_alice, "POST", "/v1/webhooks", R"({"url":"https://x.example"})").status, 201U);
  EXPECT_EQ(as(of_alice, "POST", "/v1/webhooks", R"({"url":"https://x.example"})").status, 409U);
}

TEST_F(Events, OneThatIsStoredTwiceHasOneId) {
  events::event_queue queue;
  for (const char* type : {"trunk.down", "trunk.up"})
    queue.put({.type = type, .at = std::chrono::system_clock::now(), .resource = "trunk:1"});
  const auto batch = queue.take(10);
  for (int attempt = 0; attempt < 2; ++attempt)  // nobody knows what became of the first
    within([&](pqxx::work& tx) { events::add_events(tx, batch); });
  within([](pqxx::work& tx) { events::sequence_events(tx, 100); });
  const answer listed = get("/v1/events");
  ASSERT_THAT(types(listed), ElementsAre("trunk.down", "trunk.up", "trunk.down", "trunk.up"));
  const auto id = [&](std::size_t i) { return listed.at("items").as_array()[i].at("id").as_string(); };
  EXPECT_EQ(id(0), id(2));
  EXPECT_EQ(id(1), id(3));
  EXPECT_NE(id(0), id(1));
}

TEST_F(Events, AWebhookIsRemovedAtOnceHoweverMuchWaitsForIt) {
  const std::string id = post("/v1/webhooks", R"({"url":"https://x.example/all"})").string("id"), path = "/v1/webhooks/" + id;
  within([&](pqxx::work& tx) {
    tx.exec("INSERT INTO gateway.webhook_delivery (webhook_id, position, resource, failed_at) SELECT '" + id +
            "', n, 'call:' || n, CASE WHEN n > 500 THEN now() END FROM generate_series(1, 12000) n");
  });
  EXPECT_EQ(get(path).integer("waiting"), 500);
  EXPECT_EQ(get(path).integer("failed"), 1'000) << "counted no further";
  EXPECT_EQ(post(path + "/replay", "").integer("replayed"), events::replayed_at_once);
  EXPECT_EQ(post(path + "/replay", "").integer("replayed"), 1'500);
  EXPECT_EQ(send("PATCH", path, R"({"enabled":false})").status, 200U);
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(get(path).status, 404U);
  EXPECT_EQ(send("PATCH", path, R"({"enabled":true})").status, 404U);
  EXPECT_EQ(send("DELETE", path).status, 404U);
  EXPECT_TRUE(get("/v1/webhooks").at("items").as_array().empty());
  put("trunk.down", "trunk:1");
  EXPECT_TRUE(take().empty());
  const auto purge = [&] { return within([](pqxx::work& tx) { return events::purge_removed(tx, 10'000); }).value(); };
  EXPECT_EQ(purge(), 10'000);
  EXPECT_EQ(purge(), 2'000) << "and nothing of the new event";
  const auto rows = within([](pqxx::work& tx) { return tx.exec1("SELECT count(*) FROM gateway.webhook")[0].as<int>(); });
  EXPECT_EQ(rows.value(), 0);
}

TEST_F(Events, AreForgottenInTime) {
  post("/v1/webhooks", R"({"url":"https://x.example/all"})");
  put("trunk.down", "trunk:1");
  within([](pqxx::work& tx) { tx.exec("UPDATE gateway.event SET at = now() - interval '25 hours'"); });
  put("trunk.up", "trunk:1");
  EXPECT_EQ(within([](pqxx::work& tx) { return events::forget_events(tx, std::chrono::hours(24), 100); }).value(), 1);
  EXPECT_THAT(types(get("/v1/events")), ElementsAre("trunk.up"));
  const auto works = take();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].what.at(0).what.type, "trunk.up");
}

// A client of the stream.
class reader {
 public:
  reader(std::uint16_t port, const std::string& token, const std::string& target, const std::string& headers = {}) : socket_(own_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    boost::asio::write(socket_, boost::asio::buffer("GET " + target + " HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n" + headers +
                                                    "Authorization: Bearer " + token + "\r\n\r\n"));
  }
  // As far as this text.
  // Until the server ends it.
  std::string read_all() { return read("\x01 is in no stream"); }
  std::string read(const std::string& until) {
    boost::system::error_code ended;
    const std::size_t size = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(buffer_), until, ended);
    std::string out = buffer_.substr(0, ended ? buffer_.size() : size);
    buffer_.erase(0, out.size());
    return out;
  }

 private:
  boost::asio::io_context own_;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
};

TEST_F(Events, AreStreamed) {
  const std::string alice = create_account("alice");
  put("call.started", "call:1", parse_uuid(alice));
  put("trunk.down", "trunk:1");
  const std::string of_alice = token_of("subscriber", R"("account_id":")" + alice + "\"");
  reader all(port_, token_, "/v1/events");
  EXPECT_THAT(all.read("retry: 2000\n\n"), testing::AllOf(HasSubstr("Content-Type: text/event-stream"), HasSubstr("RateLimit-Limit: 6000\r\n"),
                                               HasSubstr("RateLimit-Remaining: "), HasSubstr("RateLimit-Reset: ")));
  {
    reader own(port_, of_alice, "/v1/events", "Last-Event-ID: 0\r\n");
    EXPECT_THAT(own.read("call.started\n"), HasSubstr("\nid: "));
    reader third(port_, of_alice, "/v1/events");
    EXPECT_THAT(third.read("too_many_streams"), HasSubstr(" 429 "));
    put("trunk.up", "trunk:1");
    put("call.ended", "call:1", parse_uuid(alice));
    EXPECT_THAT(own.read("event: call.ended\n"), Not(HasSubstr("trunk")));
  }
  const std::string told = all.read("event: call.ended\n");
  EXPECT_THAT(told, HasSubstr("trunk.up"));
  EXPECT_THAT(told, Not(HasSubstr("call.started"))) << "it was before";
  EXPECT_EQ(get("/v1/events").status, 200U);
}

TEST_F(Events, StreamsEndWithTheirTokensAndAccounts) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const answer revoked = post("/v1/api_tokens", R"({"label":"test","role":"auditor"})");
  const answer expired = post("/v1/api_tokens", R"({"label":"test","role":"auditor","expires_in_days":1})");
  const auto open = [&](const std::string& token) {
    auto one = std::make_unique<reader>(port_, token, "/v1/events");
    EXPECT_THAT(one->read("retry: 2000\n\n"), HasSubstr(" 200 "));
    return one;
  };
  {
    const auto one = open(expired.string("token")), other = open(revoked.string("token"));
    within([&](pqxx::work& tx) { tx.exec("UPDATE gateway.api_token SET expires_at = now() - interval '1 s' WHERE token_id = '" + expired.string("id") + "'"); });
    EXPECT_LT(send("DELETE", "/v1/api_tokens/" + revoked.string("id")).status, 300U);
    one->read_all();
    other->read_all();
  }
  {
    const auto stream = open(token_of("subscriber", R"("account_id":")" + alice + "\""));
    EXPECT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"status":"blocked"})").status, 200U);
    stream->read_all();
  }
  {
    const auto stream = open(token_of("subscriber", R"("account_id":")" + bob + "\""));
    EXPECT_EQ(send("PATCH", "/v1/accounts/" + bob, R"({"status":"closed"})").status, 200U);
    stream->read_all();
  }
  open(token_);  // there is room for two: those above are gone
}

class ManyStreams : public Events {
 protected:
  void adjust(server_options& options) override { options.streams = 16; }
};

TEST_F(ManyStreams, AreSharedByAccountAndSomeAreKeptForStaff) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  std::vector<std::unique_ptr<reader>> streams;
  const auto opens = [&](const std::string& token) {
    streams.push_back(std::make_unique<reader>(port_, token, "/v1/events"));
    return streams.back()->read("\r\n\r\n").find(" 200 ") != std::string::npos;
  };
  for (int i = 0; i < 8; ++i)
    EXPECT_TRUE(opens(token_of("subscriber", R"("account_id":")" + alice + "\"")));
  EXPECT_FALSE(opens(token_of("subscriber", R"("account_id":")" + alice + "\""))) << "with yet another token";
  const std::string of_bob = token_of("subscriber", R"("account_id":")" + bob + "\"");
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(opens(of_bob));
  EXPECT_FALSE(opens(of_bob)) << "the other four are for staff";
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(opens(token_));
  EXPECT_FALSE(opens(token_));
}

class SlowReaders : public Events {
 protected:
  void adjust(server_options& options) override {
    options.streams = 1;
    options.stream_check = 50ms;
    options.request_timeout = 1s;
  }
};

// The kernel takes some megabytes for a reader that reads nothing; then it is cut, and its place is free.
TEST_F(SlowReaders, AreCut) {
  within([](pqxx::work& tx) {
    events::new_event one{.type = "trunk.up", .at = std::chrono::system_clock::now(), .resource = "trunk:1"};
    one.data["text"] = std::string(100'000, 'x');
    events::add_events(tx, std::vector<events::new_event>(300, one));
    events::sequence_events(tx, 1'000);
  });
  reader slow(port_, token_, "/v1/events", "Last-Event-ID: 0\r\n");
  EXPECT_THAT(slow.read("retry: 2000\n\n"), HasSubstr(" 200 "));
  const auto opens = [&] { return reader(port_, token_, "/v1/events").read("\r\n\r\n").find(" 200 ") != std::string::npos; };
  const auto patience = std::chrono::steady_clock::now() + 60s;
  bool free = false;
  for (; !free && std::chrono::steady_clock::now() < patience; free = opens())
    std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(free);
  EXPECT_THAT(slow.read_all().size(), AllOf(Gt(100'000U), Lt(300U * 100'000U))) << "it got what it had room for";
}

}  // namespace
}  // namespace tollgate::gateway::api
