// SPDX-License-Identifier: Apache-2.0
// How long one request holds the thread of the connections, which is that of calls, too: by its processor time, which a busy machine
// does not change.
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include <openssl/evp.h>

#include "fixture.hpp"

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

}  // namespace
}  // namespace tollgate::gateway::api
