// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/offer_answer.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tollgate::pstn::sip {
namespace {

using namespace std::chrono_literals;
using media::codec_id;
using media::media_direction;

local_media ours(std::vector<codec_id> codecs = {codec_id::pcma, codec_id::pcmu}) {
  local_media out;
  out.address = "192.0.2.10";
  out.port = 20000;
  for (const codec_id id : codecs)
    out.codecs.push_back(media::default_description(id));
  out.session_id = 77;
  return out;
}

std::string sdp(const std::string& audio, const std::string& before = {}) {
  return "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\n" + before + "c=IN IP4 198.51.100.7\r\nt=0 0\r\n" +
         audio;
}

TEST(Offer, NamesAddressCodecsInOrderEventsAndPacketTime) {
  EXPECT_EQ(make_offer(ours()),
            "v=0\r\no=- 77 1 IN IP4 192.0.2.10\r\ns=Tollgate\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
            "m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 "
            "0-15\r\na=ptime:20\r\na=maxptime:60\r\na=sendrecv\r\n");
}

TEST(Offer, WithoutEventsHasNone) {
  local_media mine = ours({codec_id::pcmu});
  mine.telephone_event_payload_type.reset();
  mine.direction = media_direction::recvonly;
  const std::string offer = make_offer(mine);
  EXPECT_EQ(offer.find("telephone-event"), std::string::npos);
  EXPECT_NE(offer.find("a=recvonly\r\n"), std::string::npos);
}

TEST(Offer, OfSeveralClockRatesHasEventsOfEach) {
  const std::string offer = make_offer(ours({codec_id::opus, codec_id::pcma}));
  EXPECT_NE(offer.find("telephone-event/48000"), std::string::npos);
  EXPECT_NE(offer.find("telephone-event/8000"), std::string::npos);
}

TEST(Offer, TellsTheFamilyThatItsAudioIsToBeIn) {
  const auto offer = [](const std::string& session, const std::string& audio) {
    return "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" + session +
           "t=0 0\r\nm=video 4000 RTP/AVP 31\r\nc=IN IP4 192.0.2.1\r\nm=audio 4002 RTP/AVP 8\r\n" + audio;
  };
  using enum address_family;
  EXPECT_EQ(family_of_offer(offer("c=IN IP4 192.0.2.1\r\n", "")), ipv4);
  EXPECT_EQ(family_of_offer(offer("c=IN IP6 2001:db8::1\r\n", "")), ipv6);
  EXPECT_EQ(family_of_offer(offer("c=IN IP4 192.0.2.1\r\n", "c=IN IP6 2001:db8::1\r\n")), ipv6);
  EXPECT_EQ(family_of_offer(offer("c=IN IP4 0.0.0.0\r\n", "")), std::nullopt);
  EXPECT_EQ(family_of_offer(offer("c=IN IP6 ::\r\n", "")), std::nullopt);
  EXPECT_EQ(family_of_offer(offer("", "")), std::nullopt);
  EXPECT_EQ(family_of_offer("nonsense"), std::nullopt);
}

TEST(Answer, ToAnAddressOfNowhereIsInOurFamily) {
  local_media six = ours();
  six.address = "2001:db8::7";
  for (const char* nowhere : {"IN IP4 0.0.0.0", "IN IP6 ::"}) {
    const auto answered = answer_offer("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=" + std::string(nowhere) +
                                           "\r\nt=0 0\r\nm=audio 4002 RTP/AVP 8\r\n",
                                       six);
    ASSERT_TRUE(answered) << nowhere;
    EXPECT_NE(answered->sdp.find("c=IN IP6 2001:db8::7"), std::string::npos);
    EXPECT_EQ(answered->agreed.direction, media::media_direction::recvonly);
  }
}

TEST(Offer, OfAnIpv6AddressSaysSo) {
  local_media mine = ours();
  mine.address = "2001:db8::1";
  EXPECT_NE(make_offer(mine).find("c=IN IP6 2001:db8::1\r\n"), std::string::npos);
}

struct row {
  std::string name;
  std::string theirs;  // their offer, or their answer to make_offer(ours())
  codec_id codec = codec_id::pcma;
  int payload_type = 8;
  int event_payload_type = -1;
  int port = 4000;
  int rtcp_port = 4001;
  std::chrono::milliseconds ptime{20};
  media_direction direction = media_direction::sendrecv;

  friend void PrintTo(const row& one, std::ostream* out) { *out << one.name; }
};

void expect_row(const negotiated& agreed, const row& wanted) {
  EXPECT_EQ(agreed.address, wanted.name.starts_with("Held") ? "0.0.0.0" : "198.51.100.7");
  EXPECT_EQ(agreed.codec.id, wanted.codec);
  EXPECT_EQ(agreed.codec.payload_type, wanted.payload_type);
  EXPECT_EQ(agreed.telephone_event_payload_type ? *agreed.telephone_event_payload_type : -1,
            wanted.event_payload_type);
  EXPECT_EQ(agreed.port, wanted.port);
  EXPECT_EQ(agreed.rtcp_port, wanted.rtcp_port);
  EXPECT_EQ(agreed.ptime, wanted.ptime);
  EXPECT_EQ(agreed.direction, wanted.direction);
}

class TheirOffer : public testing::TestWithParam<row> {};

TEST_P(TheirOffer, IsAnswered) {
  const auto answered = answer_offer(GetParam().theirs, ours());
  ASSERT_TRUE(answered) << answered.error().message();
  expect_row(answered->agreed, GetParam());
  // The answer is one: the offerer, if it were we, would accept it, and comes to the same codec.
  const auto accepted = accept_answer(GetParam().theirs, answered->sdp);
  ASSERT_TRUE(accepted) << accepted.error().message() << answered->sdp;
  EXPECT_EQ(accepted->codec.id, GetParam().codec);
  EXPECT_EQ(accepted->address, "192.0.2.10");
  EXPECT_EQ(accepted->port, 20000);
}

class TheirAnswer : public testing::TestWithParam<row> {};

TEST_P(TheirAnswer, IsAccepted) {
  const auto accepted = accept_answer(make_offer(ours()), GetParam().theirs);
  ASSERT_TRUE(accepted) << accepted.error().message();
  expect_row(*accepted, GetParam());
}

const auto common_rows = testing::Values(
    row{.name = "StaticTypeWithoutMapping", .theirs = sdp("m=audio 4000 RTP/AVP 8\r\n")},
    row{.name = "MuLawOnly",
        .theirs = sdp("m=audio 4000 RTP/AVP 0\r\n"),
        .codec = codec_id::pcmu,
        .payload_type = 0},
    row{.name = "Events",
        .theirs = sdp("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\n"),
        .event_payload_type = 96},
    row{.name = "EventsOfAnotherClockRate",
        .theirs = sdp("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/16000\r\n")},
    row{.name = "UnknownCodecsFirst",
        .theirs = sdp("m=audio 4000 RTP/AVP 18 9 8\r\na=rtpmap:18 G729/8000\r\na=rtpmap:9 G722/8000\r\n")},
    row{.name = "NamesInLowerCase",
        .theirs = sdp("m=audio 4000 rtp/avp 97\r\na=rtpmap:97 pcma/8000/1\r\n"),
        .payload_type = 97},
    row{.name = "PacketTime", .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=ptime:30\r\n"), .ptime = 30ms},
    row{.name = "PacketTimeBeyondMost",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=ptime:40\r\na=maxptime:25\r\n"),
        .ptime = 20ms},
    row{.name = "PacketTimeTooLarge",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=ptime:900\r\n"),
        .ptime = 60ms},
    row{.name = "PacketTimeNonsense", .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=ptime:x\r\n")},
    row{.name = "RtcpElsewhere",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=rtcp:4999\r\n"),
        .rtcp_port = 4999},
    row{.name = "HighestPort",
        .theirs = sdp("m=audio 65535 RTP/AVP 8\r\n"),
        .port = 65535,
        .rtcp_port = 65535},
    row{.name = "SendOnly",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"),
        .direction = media_direction::recvonly},
    row{.name = "ReceiveOnlyBySession",
        .theirs = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 "
                  "0\r\na=recvonly\r\nm=audio 4000 "
                  "RTP/AVP 8\r\n",
        .direction = media_direction::sendonly},
    row{.name = "Inactive",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\na=inactive\r\n"),
        .direction = media_direction::inactive},
    row{.name = "HeldByAddress",
        .theirs = sdp("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n"),
        .direction = media_direction::recvonly},
    row{.name = "LineFeedsOnly",
        .theirs =
            "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 4000 RTP/AVP 8\n"});

const auto name_of = [](const auto& which) { return which.param.name; };

INSTANTIATE_TEST_SUITE_P(Common, TheirOffer, common_rows, name_of);
INSTANTIATE_TEST_SUITE_P(Common, TheirAnswer, common_rows, name_of);

INSTANTIATE_TEST_SUITE_P(
    Offers, TheirOffer,
    testing::Values(
        row{.name = "OurOrderDecides", .theirs = sdp("m=audio 4000 RTP/AVP 0 8\r\n")},
        row{.name = "Feedback", .theirs = sdp("m=audio 4000 RTP/AVPF 8\r\n")},
        row{.name = "VideoBesides",
            .theirs = sdp("m=audio 4000 RTP/AVP 8\r\nm=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n")},
        row{.name = "SecureAudioBesides",
            .theirs = sdp("m=audio 5000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                          "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm\r\nm=audio 4000 RTP/AVP 8\r\n")}),
    name_of);

INSTANTIATE_TEST_SUITE_P(Answers, TheirAnswer,
                         testing::Values(row{.name = "TheirOrderDecides",
                                             .theirs = sdp("m=audio 4000 RTP/AVP 0 8\r\n"),
                                             .codec = codec_id::pcmu,
                                             .payload_type = 0}),
                         name_of);

TEST(Answer, KeepsTheOffersSectionsAndRefusesTheOthers) {
  const auto answered =
      answer_offer(sdp("m=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 4000 RTP/AVP 8 96\r\n"
                       "a=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"),
                   ours());
  ASSERT_TRUE(answered);
  EXPECT_EQ(
      answered->sdp,
      "v=0\r\no=- 77 1 IN IP4 192.0.2.10\r\ns=Tollgate\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
      "m=video 0 RTP/AVP 96\r\nm=audio 20000 RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\n"
      "a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=maxptime:60\r\na=recvonly\r\n");
}

TEST(Offer, OfEveryCodecHasItsPayloadTypeAndParameters) {
  const std::string offer = make_offer(ours({media::all_codecs.begin(), media::all_codecs.end()}));
  EXPECT_NE(offer.find("m=audio 20000 RTP/AVP 8 0 9 102 3 18 111 101 103\r\n"), std::string::npos) << offer;
  for (const std::string line :
       {"rtpmap:9 G722/8000", "rtpmap:102 G726-32/8000", "rtpmap:3 GSM/8000", "rtpmap:18 G729/8000",
        "fmtp:18 annexb=yes", "rtpmap:111 opus/48000/2", "fmtp:111 minptime=10;useinbandfec=1",
        "rtpmap:101 telephone-event/8000", "rtpmap:103 telephone-event/48000"})
    EXPECT_NE(offer.find("a=" + line + "\r\n"), std::string::npos) << line;
}

struct codec_row {
  std::string name;
  std::string theirs;  // what of their offer follows "m=audio 4000 RTP/AVP "
  std::vector<codec_id> ours;
  std::string answer;  // what of our answer follows "m=audio 20000 RTP/AVP ", up to a=ptime
  codec_id codec;
  int payload_type;
  std::chrono::milliseconds ptime{20};

  friend void PrintTo(const codec_row& one, std::ostream* out) { *out << one.name; }
};

class CodecOffered : public testing::TestWithParam<codec_row> {};

TEST_P(CodecOffered, IsAnswered) {
  const codec_row& row = GetParam();
  const auto answered = answer_offer(sdp("m=audio 4000 RTP/AVP " + row.theirs), ours(row.ours));
  ASSERT_TRUE(answered) << answered.error().message();
  EXPECT_NE(answered->sdp.find("m=audio 20000 RTP/AVP " + row.answer + "a=ptime:20\r\n"), std::string::npos)
      << answered->sdp;
  EXPECT_EQ(answered->agreed.codec.id, row.codec);
  EXPECT_EQ(answered->agreed.codec.payload_type, row.payload_type);
  EXPECT_EQ(answered->agreed.payload_type_received, row.payload_type);  // the offer's number holds both ways
  EXPECT_EQ(answered->agreed.ptime, row.ptime);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CodecOffered,
    testing::Values(
        codec_row{"G722WithoutMapping",
                  "9\r\n",
                  {codec_id::g722},
                  "9\r\na=rtpmap:9 G722/8000\r\n",
                  codec_id::g722,
                  9},
        codec_row{
            "GsmWithoutMapping", "3\r\n", {codec_id::gsm}, "3\r\na=rtpmap:3 GSM/8000\r\n", codec_id::gsm, 3},
        codec_row{"G729WithAnnexB",
                  "18\r\na=ptime:30\r\n",
                  {codec_id::g729},
                  "18\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=yes\r\n",
                  codec_id::g729,
                  18,
                  30ms},
        codec_row{"G729WithoutAnnexB",
                  "18\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n",
                  {codec_id::g729},
                  "18\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n",
                  codec_id::g729,
                  18},
        codec_row{"G726UnderTheirNumber",
                  "99\r\na=rtpmap:99 G726-32/8000\r\n",
                  {codec_id::g726_32},
                  "99\r\na=rtpmap:99 G726-32/8000\r\n",
                  codec_id::g726_32,
                  99},
        codec_row{"TheOtherPackingIsAnotherCodec",
                  "99 3\r\na=rtpmap:99 AAL2-G726-32/8000\r\n",
                  {codec_id::g726_32, codec_id::gsm},
                  "3\r\na=rtpmap:3 GSM/8000\r\n",
                  codec_id::gsm,
                  3},
        codec_row{"OpusUnderTheirNumberWithEvents",
                  "96 97\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 maxaveragebitrate=20000\r\n"
                  "a=rtpmap:97 telephone-event/48000\r\na=maxptime:40\r\na=ptime:60\r\n",
                  {codec_id::opus, codec_id::pcma},
                  "96 97\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=10;useinbandfec=1\r\n"
                  "a=rtpmap:97 telephone-event/48000\r\na=fmtp:97 0-15\r\n",
                  codec_id::opus,
                  96,
                  40ms},
        codec_row{"OurOrder",
                  "0 8 9 18\r\n",
                  {codec_id::g722, codec_id::pcma},
                  "9\r\na=rtpmap:9 G722/8000\r\n",
                  codec_id::g722,
                  9}),
    name_of);

// RFC 3264 §6.1: what is sent has the number of the answer, what comes has that of the offer.
TEST(TheirAnswerToOurs, MayHaveOtherPayloadTypes) {
  const auto agreed = accept_answer(make_offer(ours({codec_id::opus, codec_id::g726_32})),
                                    sdp("m=audio 4000 RTP/AVP 120 121\r\na=rtpmap:120 "
                                        "opus/48000/2\r\na=rtpmap:121 telephone-event/48000\r\n"));
  ASSERT_TRUE(agreed);
  EXPECT_EQ(agreed->codec.payload_type, 120);
  EXPECT_EQ(agreed->payload_type_received, 111);
  EXPECT_EQ(agreed->telephone_event_payload_type, 121);
  EXPECT_EQ(agreed->telephone_event_payload_type_received, 101);
}

// §7: the far end may use any codec of its answer, in any packet.
TEST(TheirAnswerToOurs, MayHaveSeveralCodecs) {
  const auto agreed =
      accept_answer(make_offer(ours({codec_id::g722, codec_id::pcma, codec_id::opus})),
                    sdp("m=audio 4000 RTP/AVP 8 18 120 9 102 121\r\na=rtpmap:120 opus/48000/2\r\n"
                        "a=rtpmap:102 telephone-event/8000\r\na=rtpmap:121 telephone-event/48000\r\n"));
  ASSERT_TRUE(agreed);
  EXPECT_EQ(agreed->codec.id, codec_id::pcma);
  ASSERT_EQ(agreed->alternatives.size(), 2u);  // G.729 was not offered
  EXPECT_EQ(agreed->alternatives[0].codec.id, codec_id::opus);
  EXPECT_EQ(agreed->alternatives[0].codec.payload_type, 120);
  EXPECT_EQ(agreed->alternatives[0].payload_type_received, 111);
  EXPECT_EQ(agreed->alternatives[0].telephone_event_payload_type, 121);
  EXPECT_EQ(agreed->alternatives[0].telephone_event_clock_hz, 48000);
  EXPECT_EQ(agreed->alternatives[1].codec.id, codec_id::g722);
  EXPECT_EQ(agreed->alternatives[1].telephone_event_payload_type, 102);
}

TEST(Answer, WithoutEventsOfOursHasNone) {
  local_media mine = ours();
  mine.telephone_event_payload_type.reset();
  const auto answered =
      answer_offer(sdp("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"), mine);
  ASSERT_TRUE(answered);
  EXPECT_FALSE(answered->agreed.telephone_event_payload_type);
  EXPECT_EQ(answered->sdp.find("telephone-event"), std::string::npos);
}

struct refusal_row {
  std::string name;
  std::string theirs;
  sdp_error error;

  friend void PrintTo(const refusal_row& one, std::ostream* out) { *out << one.name; }
};

class Refused : public testing::TestWithParam<refusal_row> {};

TEST_P(Refused, AsOfferAndAsAnswer) {
  const auto answered = answer_offer(GetParam().theirs, ours());
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), make_error_code(GetParam().error)) << answered.error().message();
  EXPECT_FALSE(accept_answer(make_offer(ours()), GetParam().theirs));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Refused,
    testing::Values(
        refusal_row{"Empty", "", sdp_error::malformed},
        refusal_row{"Nonsense", "hello", sdp_error::malformed},
        refusal_row{"Nuls", std::string(100, '\0'), sdp_error::malformed},
        refusal_row{"Endless", "v=0\r\n" + std::string(100'000, 'a'), sdp_error::malformed},
        refusal_row{"PortOutOfRange", sdp("m=audio 70000 RTP/AVP 8\r\n"), sdp_error::malformed},
        refusal_row{"NoMedia", sdp(""), sdp_error::no_audio},
        refusal_row{"VideoOnly", sdp("m=video 5000 RTP/AVP 96\r\n"), sdp_error::no_audio},
        refusal_row{"PortZero", sdp("m=audio 0 RTP/AVP 8\r\n"), sdp_error::no_audio},
        refusal_row{"SecureOnly", sdp("m=audio 4000 RTP/SAVP 8\r\n"), sdp_error::unsupported_transport},
        refusal_row{"OverDtls", sdp("m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n"),
                    sdp_error::unsupported_transport},
        refusal_row{"NoConnection",
                    "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
                    sdp_error::no_address},
        refusal_row{"HostName", sdp("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 media.example.com\r\n"),
                    sdp_error::no_address},
        refusal_row{"Multicast", sdp("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 224.2.1.1/127\r\n"),
                    sdp_error::no_address},
        refusal_row{"OtherFamily", sdp("m=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::7\r\n"),
                    sdp_error::no_address},
        refusal_row{"OtherCodecs", sdp("m=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"),
                    sdp_error::no_common_codec},
        refusal_row{"DynamicWithoutMapping", sdp("m=audio 4000 RTP/AVP 96\r\n"), sdp_error::no_common_codec},
        refusal_row{"WrongClockRate", sdp("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/16000\r\n"),
                    sdp_error::no_common_codec},
        refusal_row{"EventsOnly", sdp("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 telephone-event/8000\r\n"),
                    sdp_error::no_common_codec}),
    name_of);

TEST(TheirAnswerToOurs, WithAnotherNumberOfSectionsIsNone) {
  const auto accepted =
      accept_answer(make_offer(ours()), sdp("m=audio 4000 RTP/AVP 8\r\nm=video 5000 RTP/AVP 96\r\n"));
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error(), make_error_code(sdp_error::not_an_answer));
}

TEST(Malformed, EveryBeginningOfADescriptionIsReadOrRefused) {
  const std::string whole = make_offer(ours({codec_id::opus, codec_id::pcma}));
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    (void)answer_offer(whole.substr(0, length), ours());
    (void)accept_answer(whole, whole.substr(0, length));
    std::string broken = whole;
    if (length < whole.size()) broken[length] = '\xff';
    (void)answer_offer(broken, ours());
    (void)accept_answer(broken, whole);
  }
}

}  // namespace
}  // namespace tollgate::pstn::sip
