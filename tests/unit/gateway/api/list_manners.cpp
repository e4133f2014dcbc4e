// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/list_manners.hpp"

#include <gtest/gtest.h>

#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

class Lists : public testing::Test {
 protected:
  // The refusal's status, or 0.
  unsigned wish(const std::string& target) {
    from_ = {};
    from_.method = "GET";
    wish_ = {};
    EXPECT_TRUE(parse_target(target, from_));
    const routing chosen = choose_route(routes(), from_);
    EXPECT_NE(chosen.found, nullptr) << target;
    const auto refused = take_wish(*chosen.found, from_, wish_);
    return refused ? refused->status : 0;
  }
  std::string fulfilled(const std::string& body) const {
    reply out;
    out.body = body;
    fulfil(wish_, out);
    return out.body;
  }

  request from_;
  list_wish wish_;
};

constexpr const char* three = R"({"items":[{"name":"b","n":10},{"name":"a","n":9},{"n":-1}],"next":null})";

TEST_F(Lists, ThatComeWholeAreSortedAndPaged) {
  EXPECT_EQ(wish("/v1/trunks?sort=name"), 0U);
  EXPECT_EQ(fulfilled(three), "{\"items\":[{\"n\":-1},{\"name\":\"a\",\"n\":9},{\"name\":\"b\",\"n\":10}],\"next\":null}\n");
  EXPECT_EQ(wish("/v1/trunks?sort=-n&limit=2&fields=n"), 0U);
  EXPECT_EQ(fulfilled(three), "{\"items\":[{\"n\":10},{\"n\":9}],\"next\":\"2\"}\n");
  EXPECT_EQ(wish("/v1/trunks?sort=-n&limit=2&cursor=2"), 0U);
  EXPECT_EQ(fulfilled(three), "{\"items\":[{\"n\":-1}],\"next\":null}\n");
  EXPECT_EQ(wish("/v1/trunks?cursor=7"), 0U);
  EXPECT_EQ(fulfilled(three), "{\"items\":[],\"next\":null}\n");
  EXPECT_EQ(wish("/v1/trunks?limit=1&fields=n"), 0U);
  EXPECT_EQ(fulfilled(R"({"items":[{"n":1},{"n":2}]})"), "{\"items\":[{\"n\":1}],\"next\":\"1\"}\n") << "had no next";
  EXPECT_TRUE(from_.query.empty()) << "the resource knows nothing of it";
  for (const char* bad : {"?limit=0", "?limit=1001", "?limit=x", "?cursor=-1", "?sort=", "?sort=-", "?fields=", "?fields=,"})
    EXPECT_EQ(wish(std::string("/v1/trunks") + bad), 422U) << bad;
}

TEST_F(Lists, OfPagesHaveACursorUnderOneName) {
  EXPECT_EQ(wish("/v1/audit_log?cursor=17&limit=3"), 0U);
  EXPECT_EQ(from_.query, (std::map<std::string, std::string>{{"before", "17"}, {"limit", "3"}}));
  EXPECT_EQ(wish("/v1/numbers?cursor=%2B44"), 0U);
  EXPECT_EQ(from_.query.at("after"), "+44");
  EXPECT_EQ(wish("/v1/events?cursor=5"), 0U);
  EXPECT_EQ(from_.query.at("after"), "5");
  EXPECT_EQ(wish("/v1/events?cursor=5&sort=-position"), 0U);
  EXPECT_EQ(from_.query.at("before"), "5");
}

TEST_F(Lists, OfPagesHaveTheOrdersOfTheirTable) {
  const std::string account = "/v1/accounts/01900000-0000-7000-8000-000000000001";
  struct row {
    std::string target;
    std::vector<std::string> orders;
  };
  for (const auto& [target, orders] : {row{"/v1/accounts", {"name", "-name", "created_at", "-created_at"}},
                                       row{"/v1/cdrs", {"started_at", "-started_at"}},
                                       row{account + "/calls", {"started_at", "-started_at"}},
                                       row{account + "/entries", {"sequence", "-sequence"}},
                                       row{"/v1/audit_log", {"id", "-id"}},
                                       row{"/v1/api_tokens", {"created_at", "-created_at"}},
                                       row{"/v1/numbers", {"number", "-number"}},
                                       row{"/v1/number_imports", {}}}) {
    for (const auto& order : orders) {
      EXPECT_EQ(wish(target + "?sort=" + order), 0U) << target;
      auto fields = field_reader::of_query(from_);
      const auto chosen = order_of(fields, "-other");
      EXPECT_EQ((chosen.descending ? "-" : "") + chosen.by, order) << "is left to the resource";
    }
    for (const char* bad : {"", "-", "nam", "name%20-name", "--name", "id;"})
      EXPECT_EQ(wish(target + "?sort=" + bad), 422U) << target << bad;
  }
  EXPECT_EQ(wish("/v1/accounts"), 0U);
  auto fields = field_reader::of_query(from_);
  EXPECT_TRUE(order_of(fields, "-other").descending) << "none is chosen";
}

TEST_F(Lists, AndSingleOnesGiveAPart) {
  EXPECT_EQ(wish("/v1/accounts/01900000-0000-7000-8000-000000000001?fields=id,status,nothing"), 0U);
  EXPECT_EQ(fulfilled(R"({"id":"x","name":"alice","status":"active"})"), R"({"id":"x","status":"active"})");
  EXPECT_EQ(wish("/v1/accounts"), 0U);
  EXPECT_EQ(fulfilled(three), three);
}

}  // namespace
}  // namespace tollgate::gateway::api
