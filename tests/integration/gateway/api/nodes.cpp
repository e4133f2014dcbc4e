// SPDX-License-Identifier: Apache-2.0
// Gateways that share a database, and what everybody may call on all of them.
#include "gateway/api/node_store.hpp"

#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <optional>
#include <pqxx/result>

#include "fixture.hpp"
#include "gateway/subscriber/calling_policy.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Nodes : public Api {
 protected:
  using order = std::optional<node_order>;

  struct life {
    bool draining = false, stopping = false, fresh = false;
    std::int64_t obeyed = 0;
    int run = 1;
  };
  // As the other one does; answers what it was asked.
  order beat(const char* name, life of) {
    node_status now;
    now.node = name;
    now.draining = of.draining;
    now.stopping = of.stopping;
    now.calls = 3;
    uuid instance{};
    instance.data[15] = static_cast<std::uint8_t>(of.run);
    const auto written =
        pool_->run_blocking([&](pqxx::work& tx) { return keep_node(tx, instance, now, {"draining", "trunks"}, of.obeyed, of.fresh); });
    EXPECT_TRUE(written);
    return written ? *written : std::nullopt;
  }
  order beat(const char* name) { return beat(name, life{}); }
  unsigned ask(const char* path, const char* body = "") { return post(std::string("/v1/nodes/") + path, body).status; }
  std::string state(const char* name) {
    const answer shown = get(std::string("/v1/nodes/") + name);
    const auto* const told = shown.body.as_object().if_contains("order");
    if (told == nullptr) return "none";
    return std::string(told->at("wish").as_string()) + " " + std::string(told->at("state").as_string());
  }
};

TEST_F(Nodes, AnotherOneIsSeenAndDrainedThroughTheDatabase) {
  EXPECT_FALSE(beat("north", {.fresh = true}));
  const answer list = get("/v1/nodes?fields=node,alive,calls,not_ready");
  EXPECT_EQ(list.text, "{\"items\":[{\"node\":\"north\",\"alive\":true,\"calls\":3,\"not_ready\":[\"draining\",\"trunks\"]}],\"next\":null}\n");
  EXPECT_EQ(state("north"), "none");
  ASSERT_EQ(ask("north/drain"), 202U);
  EXPECT_THAT(gateway_.take(), IsEmpty()) << "this one goes on";
  EXPECT_EQ(state("north"), "drain waiting");
  const order drain = beat("north");
  ASSERT_TRUE(drain);
  EXPECT_EQ(drain->wish, node_wish::drain);
  beat("north", {.draining = true, .obeyed = drain->number});
  EXPECT_EQ(state("north"), "drain obeyed");
  ASSERT_EQ(ask("north/undrain"), 202U);
  const order back = beat("north", {.draining = true, .obeyed = drain->number});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->wish, node_wish::serve);
  EXPECT_GT(back->number, drain->number);
  beat("north", {.stopping = true});
  EXPECT_EQ(post("/v1/nodes/north/undrain", "").string("code"), "node_stopping");
  EXPECT_EQ(get("/v1/nodes/north").at("stopping").as_bool(), true);
  pool_->run_blocking([](pqxx::work& tx) { tx.exec("UPDATE gateway.node SET seen_at = now() - interval '11 s'"); });
  EXPECT_EQ(get("/v1/nodes/north").at("alive").as_bool(), false);
  EXPECT_EQ(post("/v1/nodes/north/drain", "").string("code"), "node_away");
  for (const char* nobody : {"south", "x%27y"}) {
    EXPECT_EQ(get(std::string("/v1/nodes/") + nobody).status, 404U);
    EXPECT_EQ(post(std::string("/v1/nodes/") + nobody + "/drain", "").string("code"), "no_node");
  }
  pool_->run_blocking([](pqxx::work& tx) { tx.exec("UPDATE gateway.node SET seen_at = now() - interval '8 days'"); });
  beat("east", {.fresh = true});
  EXPECT_EQ(get("/v1/nodes/north").status, 404U) << "forgotten";
}

// The node hears of them together: it has not looked in between.
TEST_F(Nodes, OfOrdersThatComeTogetherTheLastCountsAndAStopIsKept) {
  beat("north", {.fresh = true});
  ASSERT_EQ(ask("north/drain"), 202U);
  ASSERT_EQ(ask("north/undrain"), 202U);
  order heard = beat("north");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->wish, node_wish::serve);
  ASSERT_EQ(ask("north/undrain"), 202U);
  ASSERT_EQ(ask("north/drain"), 202U);
  heard = beat("north");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->wish, node_wish::drain);

  ASSERT_EQ(ask("north/drain", R"({"stop":true})"), 202U);
  EXPECT_EQ(post("/v1/nodes/north/undrain", "").string("code"), "node_stopping") << "though it has not heard yet";
  ASSERT_EQ(ask("north/drain"), 202U);
  heard = beat("north");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->wish, node_wish::stop) << "to drain is no less than it was told";
  ASSERT_EQ(ask("north/drain", R"({"stop":true})"), 202U);
  EXPECT_EQ(state("north"), "stop waiting");
}

TEST_F(Nodes, AnOrderIsForTheRunThatWasAsked) {
  beat("north", {.fresh = true, .run = 1});
  ASSERT_EQ(ask("north/drain", R"({"stop":true})"), 202U);  // it ends before it hears
  EXPECT_FALSE(beat("north", {.fresh = true, .run = 2})) << "the next one takes calls";
  EXPECT_EQ(state("north"), "stop lost");
  EXPECT_EQ(ask("north/undrain"), 202U) << "what the one before was told binds nobody";
  order heard = beat("north", {.fresh = true, .run = 2});  // as when it does not know that its first row was written
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->wish, node_wish::serve);

  ASSERT_EQ(ask("north/drain"), 202U);  // right after its start
  heard = beat("north", {.run = 2});
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->wish, node_wish::drain);
  beat("north", {.draining = true, .obeyed = heard->number, .run = 2});
  EXPECT_FALSE(beat("north", {.fresh = true, .run = 3}));
  EXPECT_EQ(state("north"), "drain obeyed");
  ASSERT_EQ(ask("north/drain"), 202U);
  heard = beat("north", {.run = 3});
  ASSERT_TRUE(heard) << "though others of its name have obeyed orders";
  EXPECT_EQ(heard->wish, node_wish::drain);
  EXPECT_EQ(state("north"), "drain waiting");
}

TEST_F(Nodes, TheOneThatIsAskedIsDrainedAtOnce) {
  EXPECT_EQ(get("/v1/nodes/test").at("ready").as_bool(), true);
  EXPECT_EQ(post("/v1/nodes/test/drain", "").status, 202U);
  EXPECT_EQ(post("/v1/nodes/test/drain", R"({"stop":true})").status, 202U);
  EXPECT_EQ(post("/v1/nodes/test/undrain", "").status, 202U);
  EXPECT_THAT(gateway_.take(), ElementsAre("drain", "drain and stop", "undrain"));
  EXPECT_EQ(post("/v1/nodes/test/drain", R"({"halt":true})").status, 422U);
}

TEST_F(Nodes, ADialPolicyIsSetForAllOfThem) {
  const char* path = "/v1/dial_policies/gateway";
  const answer configured = get(path);
  EXPECT_EQ(configured.string("source"), "configuration");
  EXPECT_EQ(configured.at("high_risk").as_bool(), false);
  const answer set = send("PUT", path, R"({"shared_cost":true,"high_risk":true,"shut_prefixes":["4487"],"shut_countries":["CU"]})");
  ASSERT_EQ(set.status, 200U) << set.text;
  EXPECT_THAT(gateway_.take(), ElementsAre("dial policy"));
  EXPECT_EQ(get(path).text, set.text);
  EXPECT_EQ(set.string("source"), "set");
  const auto stored = pool_->run_blocking([](pqxx::work& tx) { return subscriber::find_general_policy(tx); });
  ASSERT_TRUE(stored && *stored);
  EXPECT_TRUE((*stored)->shared_cost && !(*stored)->premium_rate && (*stored)->high_risk_prefixes.empty());
  EXPECT_THAT((*stored)->shut_countries, ElementsAre("CU"));
  for (const char* bad : {R"({"shut_prefixes":["+44"]})", R"({"countries":["XX"]})", R"({"premium":true})", R"({"shut_prefixes":["{1,2}"]})"})
    EXPECT_EQ(send("PUT", path, bad).status, 422U) << bad;
  headers_ = "If-Match: " + get(path).field("ETag") + "\r\n";
  EXPECT_EQ(send("PUT", path, "{}").status, 200U);
  EXPECT_EQ(send("PUT", path, R"({"satellite":true})").status, 412U);
  headers_.clear();

  const std::string first = create_account("alice"), second = create_account("bob");
  for (const std::string& id : {first, second})
    ASSERT_EQ(send("PUT", "/v1/accounts/" + id + "/calling_policy", R"({"satellite":true,"calls":1})").status, 200U);
  const answer page = get("/v1/dial_policies?limit=1");
  ASSERT_EQ(page.at("items").as_array().size(), 2U) << page.text;
  EXPECT_EQ(page.at("items").at(0).at("id").as_string(), "gateway");
  EXPECT_EQ(page.at("items").at(1).at("id").as_string(), std::min(first, second));
  const answer rest = get("/v1/dial_policies?cursor=" + page.string("next"));
  ASSERT_EQ(rest.at("items").as_array().size(), 1U) << rest.text;
  EXPECT_EQ(rest.at("items").at(0).at("calls").as_int64(), 1);
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(get(path).text, configured.text);
}

}  // namespace
}  // namespace tollgate::gateway::api
