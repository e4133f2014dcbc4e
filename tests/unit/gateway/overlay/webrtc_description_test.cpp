// SPDX-License-Identifier: Apache-2.0
// Descriptions: our own both ways, a browser's, the answers to them, and what is refused.
#include "gateway/overlay/webrtc_description.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

// In the form of Chromium's createOffer() for audio and video, shortened.
const std::string browser_offer =
    "v=0\r\n"
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=group:BUNDLE 0 1\r\n"
    "a=extmap-allow-mixed\r\n"
    "a=msid-semantic: WMS stream\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:F7gI\r\n"
    "a=ice-pwd:x9cml/YzichV2+XlhiMu8g1k\r\n"
    "a=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 "
    "49:66:12:17:0D:1C:91:AE:57:4C:C6:36:DD:D5:97:D2:7D:62:C9:9A:7F:B9:A3:F4:70:03:E7:43:91:73:23:5E\r\n"
    "a=setup:actpass\r\n"
    "a=mid:0\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=sendrecv\r\n"
    "a=msid:stream track\r\n"
    "a=rtcp-mux\r\n"
    "a=rtcp-rsize\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "a=rtcp-fb:111 transport-cc\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:63 red/48000/2\r\n"
    "a=fmtp:63 111/111\r\n"
    "a=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:13 CN/8000\r\n"
    "a=rtpmap:110 telephone-event/48000\r\n"
    "a=rtpmap:126 telephone-event/8000\r\n"
    "a=candidate:1467250027 1 udp 2122260223 b1f4e9a6-3c2a-4f1e-9a36-f7f0a7d1a9b1.local 46243 typ host "
    "generation 0 network-id 1\r\n"
    "a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=mid:1\r\n"
    "a=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\n";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

answer_parameters own_parameters() {
  return {.ice = make_ice_credentials(),
          .ice_lite = true,
          .certificate = sample::make_certificate().digest(),
          .candidates = {host_candidate("192.0.2.1", 3478)},
          .ssrc = 42,
          .cname = "gateway"};
}

TEST(WebrtcDescription, PrintedAndReadIsTheSame) {
  auto original = sample::make_description(sample::make_certificate().digest());
  original.ptime_ms = 20;
  const auto read = parse_webrtc_description(to_string(original));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ice, original.ice);
  EXPECT_EQ(read->certificate, original.certificate);
  EXPECT_EQ(read->setup, original.setup);
  EXPECT_EQ(read->mid, "0");
  EXPECT_TRUE(read->bundle);
  EXPECT_FALSE(read->ice_lite);
  EXPECT_EQ(read->candidates, original.candidates);
  EXPECT_EQ(read->opus, original.opus);
  EXPECT_EQ(read->telephone_event, 101);
  EXPECT_EQ(read->telephone_event_clock_hz, 48000);
  EXPECT_EQ(read->ptime_ms, 20);
  EXPECT_EQ(read->ssrc, 0x1234U);
  EXPECT_EQ(read->cname, "sample");
}

TEST(WebrtcDescription, ReadsABrowsersOffer) {
  const auto read = parse_webrtc_description(browser_offer);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ice.username_fragment, "F7gI");
  EXPECT_EQ(read->opus.payload_type, 111);
  EXPECT_EQ(read->telephone_event, 110);  // at Opus's clock where both are offered
  EXPECT_EQ(read->setup, dtls_setup::actpass);
  ASSERT_EQ(read->candidates.size(), 1U);
  EXPECT_TRUE(read->candidates[0].address.ends_with(".local"));
  EXPECT_EQ(read->refused.size(), 1U);
  EXPECT_EQ(read->ssrc, 3570614608U);
  const auto only_8k =
      parse_webrtc_description(replaced(browser_offer, "a=rtpmap:110 telephone-event/48000\r\n", ""));
  ASSERT_TRUE(only_8k);
  EXPECT_EQ(only_8k->telephone_event, 126);
  EXPECT_EQ(only_8k->telephone_event_clock_hz, 8000);
}

TEST(WebrtcDescription, AnswerEchoesTheOffer) {
  const auto offer = parse_webrtc_description(browser_offer);
  ASSERT_TRUE(offer);
  const auto text = to_string(make_answer(*offer, own_parameters()));
  const auto answer = parse_webrtc_description(text);
  ASSERT_TRUE(answer) << text;
  EXPECT_TRUE(answer->ice_lite);
  EXPECT_EQ(answer->setup, dtls_setup::passive);
  EXPECT_EQ(answer->opus.payload_type, 111);
  EXPECT_EQ(answer->telephone_event, 110);
  EXPECT_EQ(answer->mid, "0");
  EXPECT_EQ(answer->audio_index, 0U);
  ASSERT_EQ(answer->refused.size(), 1U);
  EXPECT_EQ(answer->refused[0].port, 0);
  EXPECT_EQ(answer->refused[0].type, "video");
  ASSERT_EQ(answer->candidates.size(), 1U);
  EXPECT_EQ(answer->candidates[0].port, 3478);
  EXPECT_TRUE(answer->end_of_candidates);
}

TEST(WebrtcDescription, SectionsKeepTheirOrder) {
  auto offer = parse_webrtc_description(browser_offer);
  ASSERT_TRUE(offer);
  offer->audio_index = 1;
  const auto answer =
      pstn::media::parse_session_description(to_string(make_answer(*offer, own_parameters())));
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->media.size(), 2U);
  EXPECT_EQ(answer->media[0].type, "video");
  EXPECT_EQ(answer->media[1].type, "audio");
}

TEST(WebrtcDescription, DtlsRolesBySetup) {
  EXPECT_EQ(role_of(dtls_setup::passive, dtls_setup::actpass), dtls_role::server);
  EXPECT_EQ(role_of(dtls_setup::actpass, dtls_setup::passive), dtls_role::client);
  EXPECT_EQ(role_of(dtls_setup::actpass, dtls_setup::active), dtls_role::server);
  EXPECT_EQ(role_of(dtls_setup::active, dtls_setup::actpass), dtls_role::client);
}

TEST(WebrtcDescription, WhatIsNoWebrtcCallIsRefused) {
  const struct {
    const char* from;
    const char* to;
    overlay_error error;
  } rows[] = {
      {"v=0", "v=1", overlay_error::description_malformed},
      {"a=ice-ufrag:F7gI\r\n", "", overlay_error::description_unsupported},
      {"a=ice-ufrag:F7gI", "a=ice-ufrag:F7", overlay_error::description_malformed},
      {"a=ice-pwd:x9cml/YzichV2+XlhiMu8g1k", "a=ice-pwd:short", overlay_error::description_malformed},
      {"a=setup:actpass", "a=setup:holdconn", overlay_error::description_unsupported},
      {"a=rtcp-mux\r\n", "", overlay_error::description_unsupported},
      {"a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ", overlay_error::description_unsupported},
      {"49:66:12", "49:66:1G", overlay_error::description_malformed},
      {"UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", overlay_error::description_unsupported},
      {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 speex/16000", overlay_error::description_unsupported},
      {"m=audio 9", "m=audio 0", overlay_error::description_unsupported},
      {"a=candidate:1467250027 1", "a=candidate:1467250027 x", overlay_error::description_malformed},
      {"a=mid:0", "a=mid:0 0", overlay_error::description_malformed},
  };
  for (const auto& row : rows)
    EXPECT_EQ(parse_webrtc_description(replaced(browser_offer, row.from, row.to)).error(), row.error)
        << row.from;
  EXPECT_FALSE(parse_webrtc_description(""));
}

TEST(WebrtcDescription, MutationsDoNoHarm) {
  std::mt19937 random(8866);
  for (int round = 0; round < 5000; ++round) {
    auto changed = browser_offer;
    for (auto count = 1 + random() % 5; count > 0; --count)
      changed[random() % changed.size()] = static_cast<char>(random() & 0xff);
    const auto read = parse_webrtc_description(changed);
    if (read) {
      EXPECT_TRUE(parse_webrtc_description(to_string(make_answer(*read, own_parameters()))));
    }
  }
}

TEST(IceCandidate, TextAndBack) {
  for (const auto* text : {"1 1 udp 2130706431 192.0.2.1 5004 typ host",
                           "2 1 UDP 1694498815 203.0.113.1 4000 typ srflx raddr 10.0.0.1 rport 5000",
                           "3 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active"}) {
    const auto read = parse_candidate(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(to_string(*read), text);
    EXPECT_EQ(parse_candidate("candidate:" + std::string(text))->port, read->port);
  }
  for (const auto* text :
       {"", "1", "1 1 udp 1 a 1 type host", "1 1 udp 4294967296 a 1 typ host", "1 1 udp 1 a 65536 typ host",
        "1 1 udp 1 a 1 typ", "1 1 udp 1 a 1 typ host\r\na=x"})
    EXPECT_FALSE(parse_candidate(text)) << text;
}

TEST(WebrtcDescription, TheTcpCandidateComesBehindUdpAndWaitsForConnections) {
  const auto candidate = passive_tcp_candidate("192.0.2.1", 7444);
  EXPECT_LT(candidate.priority, host_candidate("192.0.2.1", 7444).priority);
  const auto text = to_string(candidate);
  EXPECT_TRUE(text.ends_with(" 192.0.2.1 7444 typ host tcptype passive")) << text;
  EXPECT_TRUE(text.starts_with("2 1 tcp ")) << text;
  EXPECT_EQ(candidate, parse_candidate(text).value());
}

}  // namespace
}  // namespace tollgate::gateway::overlay
