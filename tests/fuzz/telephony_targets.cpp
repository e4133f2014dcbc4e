// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/certificate.hpp"
#include "pstn/identity/identity_header.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/rtcp.hpp"
#include "pstn/media/rtp.hpp"
#include "pstn/media/session_description.hpp"
#include "pstn/media/telephone_event.hpp"
#include "pstn/number/dial_policy.hpp"
#include "pstn/number/phone_number.hpp"
#include "pstn/sip/digest.hpp"
#include "pstn/sip/dtmf_info.hpp"
#include "pstn/sip/offer_answer.hpp"
#include "pstn/sip/uri.hpp"
#include "target.hpp"

namespace tollgate::fuzz {
namespace {

namespace media = pstn::media;
namespace sip = pstn::sip;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

const char* const carrier_offer =
    "v=0\r\no=carrier 53655765 2353687637 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\nt=0 "
    "0\r\nm=audio 49172 RTP/AVP 8 0 18 "
    "101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:101 "
    "telephone-event/8000\r\na=fmtp:101 "
    "0-15\r\na=rtcp:49999 IN IP4 192.0.2.1\r\na=ptime:30\r\na=maxptime:60\r\na=sendonly\r\nm=video 0 RTP/AVP "
    "31\r\n";
const char* const crypto_offer =
    "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 5000/2 RTP/SAVP "
    "96\r\na=rtpmap:96 "
    "opus/48000/2\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
    "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n";

bool read_sdp(std::string_view text) {
  const auto read = media::parse_session_description(text);
  if (!read) return false;
  const std::string printed = media::to_string(*read);
  const auto again = media::parse_session_description(printed);
  insist(again.has_value() && media::to_string(*again) == printed,
         "a description that was printed can be read");
  for (const auto& section : read->media) {
    for (const auto& format : media::rtp_formats(section))
      media::to_codec(format);
    media::connection_of(*read, section);
    media::direction_of(*read, section);
  }
  return true;
}

bool read_offer(std::string_view text) {
  sip::local_media ours;
  ours.address = "192.0.2.9";
  ours.port = 40'000;
  for (const char* name : {"PCMA", "G722", "opus", "PCMU"})
    if (const auto codec = media::find_codec(name)) ours.codecs.push_back(media::default_description(*codec));
  const auto answered = sip::answer_offer(text, ours);
  const std::string offer = sip::make_offer(ours);
  const bool accepted = sip::accept_answer(offer, text).has_value();
  if (!answered) return accepted;
  insist(answered->agreed.ptime >= std::chrono::milliseconds(10) &&
             answered->agreed.ptime <= std::chrono::milliseconds(60),
         "packets of 10 to 60 ms");
  insist(sip::accept_answer(text, answered->sdp).has_value(), "our answer is one");
  return true;
}

// {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://c.example/a.pem"} and its claims.
const std::string shaken_identity =
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jLmV4YW1wbGUvYS5wZW0i"
    "fQ."
    "eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MTIxMyJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJvcmlnIjp7InRuIjoi"
    "MTIxNTU1NTEyMTIifSwib3JpZ2lkIjoieCJ9.AAAA;info=<https://c.example/a.pem>";

bool read_authority(std::string_view text) {
  const auto read = pstn::identity::read_number_authority(
      {reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  if (!read) return false;
  insist(!read->numbers.empty() || !read->providers.empty(), "a list has entries");
  read->covers("12155551212");
  return true;
}

bool read_rtp(std::string_view text) {
  const auto packet = bytes_of(text);
  media::is_rtcp(packet);
  const auto read = media::parse_rtp(packet);
  if (!read) return false;
  insist(
      read->payload.empty() || (read->payload.data() >= packet.data() &&
                                read->payload.data() + read->payload.size() <= packet.data() + packet.size()),
      "the payload lies within the packet");
  return true;
}

std::string rtcp_example() {
  std::array<std::byte, 512> buffer{};
  media::rtcp_report report;
  report.ssrc = 7;
  report.cname = "x@y";
  report.sender = media::sender_information{1, 2, 3, 4};
  report.block = media::report_block{};
  report.goodbye = true;
  const std::size_t size = media::write_rtcp(report, buffer);
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

bool read_uri(std::string_view text) {
  const std::string user = sip::user_of(text);
  const std::string_view host = sip::host_of(text);
  insist(user.size() <= text.size() && host.size() <= text.size(), "parts are no longer than the whole");
  return !user.empty() && !host.empty();
}

bool read_dialled(std::string_view text) {
  const auto number = pstn::phone_number::parse(text);
  if (number) insist(number->e164() == text, "a number is as it was written");
  for (const char* region : {"GB", "US", "IT"})
    if (const auto dialled = pstn::number::read_number(text, region)) {
      insist(pstn::phone_number::parse(dialled->number.e164()).has_value(), "what was dialled is a number");
      return true;
    }
  return number.has_value();
}

}  // namespace

std::vector<target> telephony_targets() {
  using namespace std::string_literals;
  return {
      {"sdp", {carrier_offer, crypto_offer}, read_sdp},
      {"offer_answer", {carrier_offer, crypto_offer}, read_offer},
      {"rtp",
       {"\x80\x08\x00\x01\x00\x00\x00\xa0\x00\x00\x00\x07"s + std::string(160, '\xd5'),
        "\xb1\x88\x00\x01\x00\x00\x00\xa0\x00\x00\x00\x07\x00\x00\x00\x01\xbe\xde\x00\x01\x10\xff\x00\x00payload\x00\x00\x03"s},
       read_rtp},
      {"rtcp",
       {rtcp_example()},
       [](std::string_view text) { return media::parse_rtcp(bytes_of(text), 7).has_value(); }},
      {"telephone_event",
       {"\x05\x8a\x03\x20"s},
       [](std::string_view text) { return media::parse_telephone_event(bytes_of(text)).has_value(); }},
      {"sip_uri",
       {"sip:+442079460958;npdi@[2001:db8::1]:5060;transport=udp?Subject=x",
        "sips:us%65r:pass@host.example;lr", "tel:+44-20-7946-0958;phone-context=+44;ext=7",
        "sip:host.example"},
       read_uri},
      {"number",
       {"+442079460958", "020 7946 0958", "(650) 555-0100", "0044 20 7946 0958", "06 698 12345"},
       read_dialled},
      {"dtmf_info",
       {"Signal=5\r\nDuration=160\r\n", "Signal= *\n", "5"},
       [](std::string_view text) {
         const bool relayed = sip::parse_dtmf_info("application/dtmf-relay", text).has_value();
         return sip::parse_dtmf_info("application/dtmf", text).has_value() || relayed;
       }},
      {"identity",
       {shaken_identity, shaken_identity + ";ppt=\"shaken\";alg=ES256"s},
       [](std::string_view text) { return pstn::identity::read_identity({std::string(text)}).has_value(); }},
      {"number_authority",
       {"\x30\x08\xa0\x06\x16\x04\x37\x30\x39\x4a"s,
        "\x30\x1f\xa1\x0e\x30\x0c\x16\x07\x34\x34\x32\x30\x37\x39\x34\x02\x01\x0a\xa2\x0d\x16\x0b\x31\x32\x31\x35\x35\x35\x35\x31\x32\x31\x32"s},
       read_authority},
      {"digest",
       {"auth,auth-int", "auth", "MD5", "sha-256-sess"},
       [](std::string_view text) {
         const bool offered = sip::offers_auth(text);
         return sip::find_digest_algorithm(text).has_value() || offered;
       }},
  };
}

}  // namespace tollgate::fuzz
