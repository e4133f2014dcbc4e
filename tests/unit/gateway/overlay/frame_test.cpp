// SPDX-License-Identifier: Apache-2.0
// Frames: what is read, what is refused, and that no mutation harms.
#include "gateway/overlay/frame.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

TEST(Frame, WrittenAndReadIsTheSame) {
  frame original{.type = "offer", .id = 7, .to = "+442079460958", .call = sample::call_id};
  original.body = {{"sdp", "v=0\r\n"}};
  const auto text = to_text(original);
  ASSERT_TRUE(text);
  const auto read = parse_frame(*text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->type, original.type);
  EXPECT_EQ(read->id, original.id);
  EXPECT_EQ(read->to, original.to);
  EXPECT_EQ(read->call, original.call);
  EXPECT_EQ(read->body, original.body);
}

TEST(Frame, UnknownMembersAreIgnored) {
  EXPECT_TRUE(parse_frame(R"({"v":1,"t":"hello","later":[1,2,{"x":null}]})"));
}

TEST(Frame, MalformedFramesAreRefused) {
  const std::string deep(40, '[');
  const std::pair<std::string, overlay_error> rows[] = {
      {"", overlay_error::frame_malformed},
      {"[]", overlay_error::frame_malformed},
      {"{}", overlay_error::frame_malformed},
      {R"({"v":1})", overlay_error::frame_malformed},
      {R"({"v":2,"t":"hello"})", overlay_error::frame_unsupported},
      {R"({"v":"1","t":"hello"})", overlay_error::frame_malformed},
      {R"({"v":1,"t":""})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"Hello"})", overlay_error::frame_malformed},
      {R"({"v":1,"t":7})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","id":-1})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","id":1.5})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","id":9007199254740992})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","id":18446744073709551615})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","call":"1"})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","call":"0190A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B"})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","to":"a\nb"})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","to":")" + std::string(257, '1') + "\"}", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","body":[]})", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x","body":{"a":)" + deep + "}}", overlay_error::frame_malformed},
      {R"({"v":1,"t":"x"} {"v":1})", overlay_error::frame_malformed},
      {"{\"v\":1,\"t\":\"x\",\"to\":\"\xff\"}", overlay_error::frame_malformed},
      {std::string(frame_size_max_bytes + 1, ' '), overlay_error::frame_too_large},
  };
  for (const auto& [text, error] : rows)
    EXPECT_EQ(parse_frame(text).error(), error) << text.substr(0, 80);
}

TEST(Frame, TooLargeIsNotWritten) {
  frame large{.type = "voicemail"};
  large.body["audio"] = std::string(frame_size_max_bytes, 'A');
  EXPECT_EQ(to_text(large).error(), overlay_error::frame_too_large);
}

TEST(Frame, MutationsDoNoHarm) {
  const std::string text =
      R"({"v":1,"t":"trickle","id":12,"to":"+4420","call":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",)"
      R"("body":{"candidates":["1 1 udp 1 192.0.2.1 9 typ host"],"n":[1,2.5e3,null,true,"\u00e4"]}})";
  std::mt19937 random(8259);
  for (int round = 0; round < 100'000; ++round) {
    auto changed = text;
    for (auto count = 1 + random() % 4; count > 0; --count)
      changed[random() % changed.size()] = static_cast<char>(random() & 0xff);
    const auto read = parse_frame(changed);
    if (read) {
      EXPECT_TRUE(to_text(*read));
    }
  }
}

TEST(CallId, IsMadeInTheFormThatIsRead) {
  EXPECT_TRUE(is_call_id(make_call_id()));
  EXPECT_NE(make_call_id(), make_call_id());
}

}  // namespace
}  // namespace tollgate::gateway::overlay
