// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/ladder.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::trace {
namespace {

using std::chrono::microseconds;

call_trace two_trunks() {
  call_trace call{{}, "node-1", noon, noon + std::chrono::seconds(2)};
  call.messages = {message(microseconds(0), true, "192.0.2.7", invite("one")),
                   message(microseconds(1'500), false, "192.0.2.7", answer("one", "503 Service Unavailable")),
                   message(microseconds(2'000), true, "2001:db8::8", invite("two")),
                   message(microseconds(1'002'000), false, "2001:db8::8", answer("two", "200 OK"))};
  return call;
}

std::string line_of(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) return {};
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

TEST(Ladder, HasAColumnForEachFarEndAndAnArrowForEachMessage) {
  const std::string text = to_ladder(two_trunks(), false);
  EXPECT_NE(line_of(text, "192.0.2.1:5060").find("[2001:db8::8]:5070"), std::string::npos) << text;
  const std::string refused = line_of(text, "503 Service Unavailable (INVITE)");
  EXPECT_NE(refused.find("+0.001500"), std::string::npos) << text;
  EXPECT_NE(refused.find("|<---"), std::string::npos) << text;
  EXPECT_NE(refused.find("---|"), std::string::npos) << text;
  const std::string second = line_of(text, "+0.002000");
  EXPECT_NE(second.find("INVITE sdp"), std::string::npos) << text;
  EXPECT_NE(second.find(">|"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "200 OK (INVITE)").find("+1.002000"), std::string::npos) << text;
  EXPECT_EQ(text.find("Content-Length"), std::string::npos) << "no message text unless asked for";
}

TEST(Ladder, ShowsTextsWhenAskedForAndNoControlCharacters) {
  auto call = two_trunks();
  call.messages[0].text += "\x1b[2J\x07";
  call.messages[0].trunk = "x\x1b[31m";
  const std::string text = to_ladder(call, true);
  EXPECT_NE(text.find("Content-Length: 5\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Ladder, OfNoMessagesSaysSo) {
  EXPECT_NE(to_ladder({{}, "n", noon, std::nullopt}, true).find("no SIP message"), std::string::npos);
}

TEST(TraceJson, ComesBackAsItWas) {
  auto call = two_trunks();
  call.messages[1].text += std::string("\xff\x00\x1f", 3);  // no UTF-8: taken for Latin-1
  const auto back = messages_from_json(to_json(call.messages));
  ASSERT_EQ(back.size(), call.messages.size());
  for (std::size_t i : {0U, 2U, 3U}) {
    EXPECT_EQ(back[i].text, call.messages[i].text);
    EXPECT_EQ(back[i].at, call.messages[i].at);
    EXPECT_EQ(back[i].sent, call.messages[i].sent);
    EXPECT_EQ(to_string(back[i].remote), to_string(call.messages[i].remote));
    EXPECT_EQ(back[i].trunk, "landline");
  }
  EXPECT_TRUE(back[1].text.ends_with(std::string("\xc3\xbf\x00\x1f", 4)));
}

TEST(HeaderOf, FindsNamesInAnyLettersCompactOnesAndNoneInTheBody) {
  EXPECT_EQ(header_of("a b c\r\nCALL-id :  x@y \r\n\r\n", "Call-ID", 'i'), "x@y");
  EXPECT_EQ(header_of("a b c\r\ni:x\r\n\r\n", "Call-ID", 'i'), "x");
  EXPECT_EQ(header_of("a b c\r\n\r\nCall-ID: x\r\n", "Call-ID", 'i'), "");
  EXPECT_EQ(header_of("", "Call-ID", 'i'), "");
}

}  // namespace
}  // namespace tollgate::gateway::trace
