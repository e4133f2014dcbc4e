// SPDX-License-Identifier: Apache-2.0
// Refusals as exit codes, and the gateway's address.
#include "gateway/peer/refusal.hpp"

#include <gtest/gtest.h>

#include "gateway/peer/gateway_address.hpp"

namespace tollgate::gateway::peer {
namespace {

struct refusal_row {
  const char* code;
  exit_code expected;
};

class RefusalExitCode : public testing::TestWithParam<refusal_row> {};

TEST_P(RefusalExitCode, FollowsFromItsCode) {
  EXPECT_EQ(exit_code_of({GetParam().code, ""}, exit_code::call_refused), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, RefusalExitCode,
                         testing::Values(refusal_row{"connection_failed", exit_code::cannot_connect},
                                         refusal_row{"tls_failed", exit_code::cannot_connect},
                                         refusal_row{"deadline_passed", exit_code::cannot_connect},
                                         refusal_row{"credential_expired", exit_code::login_refused},
                                         refusal_row{"locked", exit_code::login_refused},
                                         refusal_row{"emergency", exit_code::call_refused},
                                         refusal_row{"", exit_code::call_refused}),
                         [](const auto& row) { return *row.param.code == 0 ? "none" : row.param.code; });

struct host_row {
  const char* url;
  const char* host;
};

class HostOf : public testing::TestWithParam<host_row> {};

TEST_P(HostOf, IsTheNameAlone) {
  EXPECT_EQ(host_of(GetParam().url), GetParam().host);
}

INSTANTIATE_TEST_SUITE_P(Rows, HostOf,
                         testing::Values(host_row{"wss://gate.example:8443/", "gate.example"},
                                         host_row{"wss://gate.example", "gate.example"},
                                         host_row{"wss://[::1]:8443", "::1"}, host_row{"wss://[::1", ""},
                                         host_row{"https://gate.example", ""}, host_row{"", ""}));

TEST(ReachedOverLoopback, OnlyWhereTheAddressIsLoopback) {
  EXPECT_TRUE(reached_over_loopback("wss://127.0.0.1:8443"));
  EXPECT_TRUE(reached_over_loopback("wss://[::1]:8443/"));
  EXPECT_FALSE(reached_over_loopback("wss://192.0.2.1:8443"));
  EXPECT_FALSE(reached_over_loopback("nonsense"));
}

}  // namespace
}  // namespace tollgate::gateway::peer
