// SPDX-License-Identifier: Apache-2.0
// Session descriptions as trunks and browsers write them, and as nobody should.
#include "pstn/media/session_description.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <random>

#include "pstn/media/error.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr std::string_view trunk_offer =
    "v=0\r\n"
    "o=carrier 53655765 2353687637 IN IP4 192.0.2.4\r\n"
    "s=call\r\n"
    "i=ignored\r\n"
    "c=IN IP4 192.0.2.4\r\n"
    "b=AS:84\r\n"
    "t=0 0\r\n"
    "a=sendonly\r\n"
    "m=audio 49170/2 RTP/AVP 8 0 18 101 96 200\r\n"
    "c=IN IP4 192.0.2.5\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 useinbandfec=1; maxaveragebitrate=20000\r\n"
    "a=ptime:20\r\n"
    "m=video 0 RTP/AVP 31\r\n"
    "a=recvonly\r\n";

TEST(SessionDescription, ReadsAnOffer) {
  const auto read = parse_session_description(trunk_offer);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->origin.session_version, "2353687637");
  EXPECT_EQ(read->connection->address, "192.0.2.4");
  EXPECT_EQ(read->bandwidths.at(0), (sdp_bandwidth{"AS", 84}));
  ASSERT_EQ(read->media.size(), 2u);
  const media_description& audio = read->media[0];
  EXPECT_EQ(audio.port, 49170);
  EXPECT_EQ(connection_of(*read, audio)->address, "192.0.2.5");
  EXPECT_EQ(connection_of(*read, read->media[1])->address, "192.0.2.4");
  EXPECT_EQ(find_value(audio.attributes, "ptime"), "20");
  EXPECT_EQ(find_value(audio.attributes, "absent"), std::nullopt);
  EXPECT_EQ(direction_of(*read, audio), media_direction::sendonly);
  EXPECT_EQ(direction_of(*read, read->media[1]), media_direction::recvonly);
  EXPECT_EQ(reversed(media_direction::sendonly), media_direction::recvonly);
}

TEST(SessionDescription, NamesTheFormats) {
  const auto read = parse_session_description(trunk_offer);
  const std::vector<rtp_format> expected{{8, "PCMA", 8000, 1, ""},
                                         {0, "PCMU", 8000, 1, ""},
                                         {18, "G729", 8000, 1, ""},
                                         {101, "telephone-event", 8000, 1, "0-15"},
                                         {96, "opus", 48000, 2, "useinbandfec=1; maxaveragebitrate=20000"}};
  const auto formats = rtp_formats(read->media[0]);
  EXPECT_EQ(formats, expected);
  EXPECT_EQ(to_codec(formats[0])->id, codec_id::pcma);
  EXPECT_FALSE(to_codec(formats[3]));
  const auto opus = to_codec(formats[4]);
  ASSERT_TRUE(opus);
  EXPECT_EQ(find_parameter(opus->parameters, "MaxAverageBitrate"), "20000");
  EXPECT_EQ(find_parameter(opus->parameters, "cbr"), std::nullopt);
  EXPECT_FALSE(to_codec({96, "opus", 16000, 2, ""}));
  EXPECT_TRUE(to_codec({9, "g722", 8000, 1, ""}));
  EXPECT_FALSE(to_codec({9, "G722", 16000, 1, ""}));          // RFC 3551 §4.5.2: the clock has 8000
  EXPECT_FALSE(to_codec({97, "AAL2-G726-32", 8000, 1, ""}));  // RFC 3551 §4.5.4: packed otherwise
  EXPECT_TRUE(to_codec({97, "G726-32", 8000, 1, ""}));
}

// RFC 3551 §6.
TEST(SessionDescription, StaticPayloadTypesNeedNoMapping) {
  media_description audio;
  audio.formats = {"0", "2", "3", "4", "8", "9", "18", "96"};
  std::string named;
  for (const rtp_format& format : rtp_formats(audio))
    named += std::to_string(format.payload_type) + " " + format.encoding + "/" +
             std::to_string(format.clock_hz) + " ";
  EXPECT_EQ(named, "0 PCMU/8000 3 GSM/8000 8 PCMA/8000 9 G722/8000 18 G729/8000 ");
}

TEST(SessionDescription, PrintsWhatItReads) {
  session_description made;
  made.connection = sdp_connection{"IN", "IP6", "2001:db8::1"};
  add_attribute(made.attributes, "group", "BUNDLE 0");
  made.media.push_back({});
  made.media[0].port = 9;
  made.media[0].protocol = "UDP/TLS/RTP/SAVPF";
  add_format(made.media[0], to_format(default_description(codec_id::opus)));
  add_format(made.media[0], telephone_event_format(126, 48000));
  add_attribute(made.media[0].attributes, "rtcp-mux");
  const auto read = parse_session_description(to_string(made));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, made);
}

TEST(SessionDescription, KeepsLineEndsOutOfPrintedValues) {
  session_description made;
  made.name = "call\r\na=evil:1";
  EXPECT_TRUE(parse_session_description(to_string(made))->attributes.empty());
}

struct broken {
  const char* name;
  std::string text;
  media_error error;
};
std::ostream& operator<<(std::ostream& out, const broken& of) {
  return out << of.name;
}

std::string begun(std::string rest) {
  return "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n" + rest;
}
std::string repeated(const std::string& line, int times) {
  std::string text;
  for (int i = 0; i < times; ++i)
    text += line;
  return text;
}

class SessionDescriptionRefuses : public testing::TestWithParam<broken> {};

TEST_P(SessionDescriptionRefuses, WhatIsBroken) {
  const auto read = parse_session_description(GetParam().text);
  ASSERT_TRUE(read.has_error());
  EXPECT_EQ(read.error(), make_error_code(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, SessionDescriptionRefuses,
    testing::Values(
        broken{"nothing", "", media_error::sdp_malformed},
        broken{"no_version", "o=- 1 1 IN IP4 h\r\ns=-\r\n", media_error::sdp_malformed},
        broken{"version_1", "v=1\r\no=- 1 1 IN IP4 h\r\ns=-\r\n", media_error::sdp_malformed},
        broken{"no_name", "v=0\r\no=- 1 1 IN IP4 h\r\n", media_error::sdp_malformed},
        broken{"origin_short", "v=0\r\no=- 1 1 IN IP4\r\ns=-\r\n", media_error::sdp_malformed},
        broken{"origin_letters", "v=0\r\no=- x 1 IN IP4 h\r\ns=-\r\n", media_error::sdp_malformed},
        broken{"no_equals", begun("a\r\n"), media_error::sdp_malformed},
        broken{"unknown_line", begun("x=1\r\n"), media_error::sdp_malformed},
        broken{"port_too_big", begun("m=audio 65536 RTP/AVP 0\r\n"), media_error::sdp_malformed},
        broken{"port_negative", begun("m=audio -1 RTP/AVP 0\r\n"), media_error::sdp_malformed},
        broken{"no_formats", begun("m=audio 1 RTP/AVP\r\n"), media_error::sdp_malformed},
        broken{"null_byte", begun(std::string("a=x\0y\r\n", 7)), media_error::sdp_malformed},
        broken{"attribute_nameless", begun("a=:v\r\n"), media_error::sdp_malformed},
        broken{"too_large", begun(repeated("a=x:0123456789\r\n", 2000)), media_error::sdp_too_large},
        broken{"too_many_attributes", begun(repeated("a=x\r\n", 257)), media_error::sdp_too_large},
        broken{"too_many_media", begun(repeated("m=audio 1 RTP/AVP 0\r\n", 17)), media_error::sdp_too_large},
        broken{"line_too_long", begun("a=" + std::string(3000, 'x') + "\r\n"), media_error::sdp_too_large}),
    [](const testing::TestParamInfo<broken>& of) { return of.param.name; });

TEST(SessionDescription, SurvivesMutation) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(trunk_offer);
    for (int k = 0; k < 4; ++k)
      text[random() % text.size()] = static_cast<char>(random());
    if (i % 3 == 0) text.resize(random() % text.size());
    const auto read = parse_session_description(text);
    if (!read) continue;
    for (const media_description& media : read->media)
      for (const rtp_format& format : rtp_formats(media))
        (void)to_codec(format);
    EXPECT_TRUE(parse_session_description(to_string(*read)).has_value()) << text;
  }
}

}  // namespace
}  // namespace tollgate::pstn::media
