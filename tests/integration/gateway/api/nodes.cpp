// SPDX-License-Identifier: Apache-2.0
// Gateways that share a database, and what everybody may call on all of them.
#include "gateway/api/node_store.hpp"

#include <gmock/gmock.h>

#include <boost/json/object.hpp>
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
  // As the other one does; answers what it was asked.
  node_order beat(const char* name, bool draining = false, bool stopping = false, bool fresh = false) {
    node_status now;
    now.node = name;
    now.draining = draining;
    now.stopping = stopping;
    now.calls = 3;
    const auto written = pool_->run_blocking([&](pqxx::work& tx) { return keep_node(tx, uuid{}, now, {"draining", "trunks"}, fresh); });
    return written ? *written : node_order{-1};
  }
};

TEST_F(Nodes, AnotherOneIsSeenAndDrainedThroughTheDatabase) {
  EXPECT_EQ(beat("north", false, false, true).number, 0);
  const answer list = get("/v1/nodes?fields=node,alive,calls,not_ready");
  EXPECT_EQ(list.text, "{\"items\":[{\"node\":\"north\",\"alive\":true,\"calls\":3,\"not_ready\":[\"draining\",\"trunks\"]}],\"next\":null}\n");
  ASSERT_EQ(post("/v1/nodes/north/drain", R"({"stop":true})").status, 202U);
  EXPECT_THAT(gateway_.take(), IsEmpty()) << "this one goes on";
  EXPECT_EQ(beat("north").wish, node_wish::stop);
  ASSERT_EQ(post("/v1/nodes/north/undrain", "").status, 202U);
  const node_order back = beat("north", true, true);
  EXPECT_EQ(back.wish, node_wish::serve);
  EXPECT_EQ(back.number, 2);
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
  beat("east", false, false, true);
  EXPECT_EQ(get("/v1/nodes/north").status, 404U) << "forgotten";
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
