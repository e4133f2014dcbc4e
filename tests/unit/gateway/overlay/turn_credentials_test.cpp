// SPDX-License-Identifier: Apache-2.0
// What the relay will compute, too; the password below is by Python's hmac.
#include "gateway/overlay/turn_credentials.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::overlay {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

const system_clock::time_point now{seconds(1'700'000'000)};
constexpr std::string_view account = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

TEST(TurnCredentials, TheUsernameEndsAndThePasswordIsItsHmac) {
  const turn_options relay{{"turn:relay.example"}, "a secret of the relay", seconds(600)};
  const auto made = make_turn_credentials(relay, account, now);
  EXPECT_EQ("1700000600:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", made.username);
  EXPECT_EQ("Fm1NP55NLTDO2dPw4rqzyoTEaQk=", made.password);
}

TEST(TurnCredentials, AnotherAccountTimeOrSecretIsAnotherPassword) {
  const turn_options relay{{}, "a secret of the relay", seconds(600)};
  const auto password = make_turn_credentials(relay, account, now).password;
  EXPECT_NE(password, make_turn_credentials(relay, "another", now).password);
  EXPECT_NE(password, make_turn_credentials(relay, account, now + seconds(1)).password);
  EXPECT_NE(password, make_turn_credentials({{}, "another secret", seconds(600)}, account, now).password);
}

}  // namespace
}  // namespace tollgate::gateway::overlay
