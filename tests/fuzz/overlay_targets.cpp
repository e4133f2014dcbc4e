// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "gateway/overlay/call_token.hpp"
#include "gateway/overlay/credential.hpp"
#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/jws.hpp"
#include "gateway/overlay/stream_framing.hpp"
#include "gateway/overlay/stun.hpp"
#include "gateway/overlay/webrtc_description.hpp"
#include "target.hpp"

namespace tollgate::fuzz {
namespace {

namespace overlay = gateway::overlay;

constexpr overlay::wall_time now{std::chrono::seconds(1'800'000'000)};

const char* const browser_offer =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 "
    "126\r\nc=IN IP4 "
    "0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
    "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB\r\na="
    "setup:actpass\r\na=mid:0\r"
    "\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 "
    "minptime=10;useinbandfec=1\r\na=rtpmap:126 "
    "telephone-event/8000\r\na=candidate:1 1 udp 2113937151 192.0.2.7 54321 typ host generation "
    "0\r\na=ssrc:7 cname:x\r\n";

bool read_description(std::string_view text) {
  const auto read = overlay::parse_webrtc_description(text);
  if (!read) return false;
  const auto again = overlay::parse_webrtc_description(to_string(*read));
  insist(again.has_value() && again->ice == read->ice && again->certificate == read->certificate,
         "a description that was printed can be read");
  overlay::answer_parameters own;
  own.ice = overlay::ice_credentials{"abcdefgh", "abcdefghijklmnopqrstuvwx"};
  overlay::make_answer(*read, own);
  return true;
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string check() {
  overlay::stun_writer writer(overlay::stun_class::request, overlay::stun_binding, {});
  writer.username("ours:theirs").priority(1).use_candidate().controlling(7).integrity("password");
  writer.fingerprint();
  return text_of(writer.datagram());
}

bool read_stun(std::string_view text) {
  const auto datagram = overlay::bytes_of(text);
  overlay::classify(datagram);
  overlay::local_username_fragment(datagram);
  const auto read = overlay::parse_stun(datagram);
  if (!read) return false;
  overlay::verify_integrity(*read, "password");
  insist(read->username.size() <= text.size() && read->integrity_offset <= text.size(),
         "it lies within the datagram");
  return true;
}

bool read_framed_stream(std::string_view text) {
  overlay::frame_reader reader;
  auto bytes = overlay::bytes_of(text);
  std::size_t packets = 0;
  while (!bytes.empty() && !reader.broken()) {
    const auto space = reader.space();
    insist(!space.empty(), "there is room");
    const std::size_t size = std::min({space.size(), bytes.size(), std::size_t{37}});
    std::copy_n(bytes.begin(), size, space.begin());
    reader.fill(size);
    bytes = bytes.subspan(size);
    while (const auto packet = reader.next()) {
      insist(packet->size() <= overlay::framed_packet_max_bytes && !packet->empty(),
             "a packet within bounds");
      ++packets;
    }
  }
  return packets > 0 && !reader.broken();
}

// A forged signature is never good: only the very token is taken.
struct tokens {
  bool read_credential(std::string_view text) const {
    const bool good =
        overlay::verify_credential(text, authority_.public_part(), overlay::credential_role::subscriber, now)
            .has_value();
    insist(good == (text == credential_), "a credential that was changed is refused");
    return good;
  }
  bool read_proof(std::string_view text) const {
    const bool good = overlay::verify_attach_proof(text, holder_, "node", "nonce", now).has_value();
    insist(good == (text == proof_), "a proof that was changed is refused");
    return good;
  }

  const overlay::private_key authority_ = overlay::private_key::generate();
  const overlay::private_key device_ = overlay::private_key::generate();
  const overlay::credential holder_{.name = "alice",
                                    .holder = device_.public_part(),
                                    .issued_at = now,
                                    .expires_at = now + overlay::credential_lifetime};
  const std::string credential_ = overlay::sign_credential(authority_, holder_);
  const std::string proof_ = overlay::sign_attach_proof(device_, "alice", "node", "nonce", now);
};

}  // namespace

std::vector<target> overlay_targets() {
  const auto known = std::make_shared<tokens>();
  const std::string framed = std::string("\x00\x03", 2) + "abc" + std::string("\x00\x00\x00\x01", 4) + "z";
  return {
      {"frame",
       {R"({"v":1,"t":"offer","id":7,"to":"+442079460958","call":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","body":{"sdp":"v=0"}})",
        R"({"v":1,"t":"hello"})", R"({"v":1,"t":"x","body":{"a":[[[[[1]]]]]}})"},
       [](std::string_view text) { return overlay::parse_frame(text).has_value(); }},
      {"description", {browser_offer}, read_description},
      {"credential",
       {known->credential_},
       [known](std::string_view text) { return known->read_credential(text); }},
      {"call_token", {known->proof_}, [known](std::string_view text) { return known->read_proof(text); }},
      {"stun", {check()}, read_stun},
      {"framed_stream", {framed}, read_framed_stream},
  };
}

}  // namespace tollgate::fuzz
