// SPDX-License-Identifier: Apache-2.0
// How long one request holds the thread of the connections, which is that of calls, too: by its processor time, which a busy machine
// does not change.
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>

#include <openssl/evp.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "billing/ledger.hpp"
#include "fixture.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

template <class F>
std::chrono::nanoseconds cost_of(F work) {
  const auto before = cpu_time();
  work();
  return cpu_time() - before;
}

class HeldThread : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    // Handler by handler from now on.
    context_.stop();
    thread_.join();
    context_.restart();
    thread_ = std::thread([this] {
      for (std::size_t done = 1; done > 0;) {
        const auto took = cost_of([&] { done = context_.run_one(); });
        longest_ = std::max(longest_.load(), took.count());
      }
    });
  }

  std::atomic<std::int64_t> longest_{0};
};

TEST_F(HeldThread, ALargeBodyIsHashedElsewhere) {
  std::string list = "number\n";
  while (list.size() < (24U << 20))
    list += "+16505550100\n";
  const auto hash = cost_of([&] {
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    EVP_Digest(list.data(), list.size(), digest.data(), &size, EVP_sha256(), nullptr);
  });
  headers_ = "Idempotency-Key: large\r\n";
  longest_ = 0;
  const answer first = send("POST", "/v1/number_withdrawals?dry_run=true", list, "text/csv");
  EXPECT_NE(first.status, 500U) << first.text.substr(0, 300);
  EXPECT_LT(longest_, hash.count() / 2) << "of " << hash.count() << " ns";
  list.back() = ' ';
  EXPECT_EQ(send("POST", "/v1/number_withdrawals?dry_run=true", list, "text/csv").string("code"), "idempotency_key_reused") << "to its last byte";
}

TEST_F(HeldThread, ABodyOfNothingButMistakesCostsNoMoreThanToParseIt) {
  const std::string account = create_account("alice");
  std::string body = R"({"account_id":")" + account + "\"";
  for (int i = 0; body.size() < (63U << 10); ++i)
    body += ",\"" + std::to_string(i) + "\":0";
  body += "}";
  const auto parse = cost_of([&] { EXPECT_TRUE(boost::json::parse(body).is_object()); });
  token_ = post("/v1/api_tokens", R"({"label":"test","role":"subscriber","account_id":")" + account + "\"}").string("token");
  EXPECT_EQ(post("/v1/number_orders", "{}").status, 403U);
  longest_ = 0;
  const answer refused = post("/v1/number_orders", body);
  EXPECT_LT(longest_, parse.count() * 6) << "it is parsed to see whose it is, and to be read: " << parse.count() << " ns each";
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(refused.at("errors").as_array().size(), 100U);
}

TEST_F(HeldThread, LongListsAreWrittenElsewhere) {
  const std::string account = create_account("alice");
  const auto paid = pool_->run_blocking([&](pqxx::work& tx) {
    for (int i = 0; i < 1'000; ++i)
      if (billing::top_up(tx, {.account_id = *parse_uuid(account), .amount = billing::units(10), .payment_id = "p-" + std::to_string(i), .note = "list", .currency = "EUR"},
                          billing::units(1))
              .has_error())
        throw std::runtime_error("not paid");
  });
  ASSERT_FALSE(paid.has_error());
  for (const std::string& target : {"/v1/accounts/" + account + "/entries", "/v1/payments?account_id=" + account}) {
    const std::string page = target + (target.find('?') == std::string::npos ? "?" : "&") + "limit=1";
    EXPECT_EQ(get(page).status, 200U) << "what is read once is read";
    longest_ = 0;
    const answer list = get(page + "000");
    const std::int64_t held = longest_;
    ASSERT_EQ(list.at("items").as_array().size(), 1'000U) << target;
    std::string again;
    const auto cost = cost_of([&] { again = boost::json::serialize(boost::json::parse(list.text)); });
    EXPECT_LT(held, cost.count() / 2) << target << ": parsed and written in " << cost.count() << " ns";
    EXPECT_EQ(again + "\n", list.text);
  }
}

}  // namespace
}  // namespace tollgate::gateway::api
