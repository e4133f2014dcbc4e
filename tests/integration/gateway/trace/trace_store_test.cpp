// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/trace_store.hpp"

#include <gtest/gtest.h>

#include <pqxx/connection>
#include <pqxx/transaction>

#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway::trace {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr wall_time noon{seconds(1'800'000'000)};

call_trace trace_of(std::uint8_t number, wall_time ended, const std::string& text = "BYE x\r\n\r\n") {
  call_trace call{{}, "it's a node", noon + microseconds(123'456), ended, 3};
  call.call_id.data[15] = number;
  call.messages = {{noon, true, "udp", {"192.0.2.1", 5060}, {"192.0.2.7", 5070}, "landline", text}};
  return call;
}

class TraceStore : public tests::postgres_test {
 protected:
  void SetUp() override {
    tests::postgres_test::SetUp();
    connection_ = std::make_unique<pqxx::connection>(database());
  }
  std::unique_ptr<pqxx::connection> connection_;
};

TEST_F(TraceStore, KeepsWhatItIsGivenAndASecondTimeChangesNothing) {
  pqxx::work tx{*connection_};
  using namespace std::string_literals;
  const std::string odd = "INFO x'; DROP TABLE y; --\r\n\xc3\xa9 \\ \"\r\n\r\n\0z"s;
  save_traces(tx, {trace_of(1, noon + seconds(9), odd), trace_of(2, noon)});
  save_traces(tx, {trace_of(1, noon, "other")});
  save_traces(tx, {});
  const auto found = find_trace(tx, trace_of(1, noon).call_id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->node, "it's a node");
  EXPECT_EQ(found->began, noon + microseconds(123'456));
  EXPECT_EQ(found->ended, noon + seconds(9));
  EXPECT_EQ(found->left_out, 3U);
  ASSERT_EQ(found->messages.size(), 1U);
  EXPECT_EQ(found->messages[0].text, odd);
  EXPECT_FALSE(find_trace(tx, trace_of(3, noon).call_id));
}

TEST_F(TraceStore, RemovesTheOldestFirstAndNoNewOnes) {
  pqxx::work tx{*connection_};
  save_traces(tx, {trace_of(1, noon), trace_of(2, noon + seconds(1)), trace_of(3, noon + seconds(10))});
  EXPECT_EQ(purge_traces(tx, noon + seconds(5), 1), 1);
  EXPECT_FALSE(find_trace(tx, trace_of(1, noon).call_id));
  EXPECT_EQ(purge_traces(tx, noon + seconds(5), 10), 1);
  EXPECT_EQ(purge_traces(tx, noon + seconds(5), 10), 0);
  EXPECT_TRUE(find_trace(tx, trace_of(3, noon).call_id));
}

}  // namespace
}  // namespace tollgate::gateway::trace
