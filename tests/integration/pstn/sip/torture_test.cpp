// SPDX-License-Identifier: Apache-2.0
// The torture messages of RFC 4475 and RFC 5118, raw over UDP: each has its outcome, and the user agent takes
// calls afterwards.
#include <gtest/gtest.h>

#include <memory>

#include "far_end.hpp"
#include "torture_messages.hpp"

namespace tollgate::tests::sip {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

class Torture : public testing::TestWithParam<torture> {
 protected:
  // One user agent for all of them: what a message leaves behind must not harm the next.
  static void SetUpTestSuite() { ours_ = std::make_unique<agent>(); }
  static void TearDownTestSuite() { ours_.reset(); }

  static std::string outcome_of(wire& far) {
    const auto answers = far.settle();
    if (!ours_->events.is_empty()) {
      const auto told = ours_->events.expect<ua::incoming_invite>();
      if (!told) return "another event";
      ours_->user_agent.reject(told->key, 486, "Busy Here", 17);
      EXPECT_TRUE(ours_->events.expect<ua::ended>());
      far.settle();
      return "call";
    }
    for (const std::string& one : answers)
      if (one.starts_with("SIP/2.0 ") && !one.starts_with("SIP/2.0 1")) return one.substr(8, 3);
    return answers.empty() ? "silence" : answers.front();
  }

  static std::unique_ptr<agent> ours_;
};

std::unique_ptr<agent> Torture::ours_;

TEST_P(Torture, HasItsOutcomeAndCallsGoOn) {
  const torture& one = GetParam();
  wire far(ours_->port);
  const std::string host = "127.0.0.1:" + std::to_string(far.port);
  std::string text = replaced(one.text, "VIAHOST", host);
  text = replaced(std::move(text), "Via: VIA", "Via: SIP/2.0/UDP " + host);
  text = replaced(std::move(text), "Via:     VIA", "Via:     SIP/2.0/UDP " + host);
  text = replaced(std::move(text), "Via  : VIA", "Via  : SIP / 2.0\n /UDP\n    " + host);
  far.send(replaced(std::move(text), "\n", "\r\n"));
  EXPECT_EQ(outcome_of(far), one.expected);
  call_by_hand call(*ours_);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("BYE", call.tag, 2));
  EXPECT_TRUE(ours_->events.expect<ua::bye_received>());
  ours_->user_agent.confirm_bye(call.key);
  EXPECT_TRUE(ours_->events.expect<ua::ended>());
}

const auto name_of = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Rfc4475Parser, Torture, testing::ValuesIn(rfc_4475_parser()), name_of);
INSTANTIATE_TEST_SUITE_P(Rfc4475Layers, Torture, testing::ValuesIn(rfc_4475_layers()), name_of);
INSTANTIATE_TEST_SUITE_P(Rfc5118, Torture, testing::ValuesIn(rfc_5118()), name_of);

}  // namespace
}  // namespace tollgate::tests::sip
