// SPDX-License-Identifier: Apache-2.0
// Candidates as text, and printing WebRTC descriptions.
#include <algorithm>
#include <charconv>

#include "gateway/overlay/webrtc_description.hpp"

namespace tollgate::gateway::overlay {
namespace {

namespace media = pstn::media;

// Takes the next word off a text whose words are parted by single blanks.
std::string_view next_word(std::string_view& text) noexcept {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <class T>
bool read_number(std::string_view text, T& into) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_printable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string_view to_text(dtls_setup setup) noexcept {
  switch (setup) {
    case dtls_setup::actpass:
      return "actpass";
    case dtls_setup::active:
      return "active";
    case dtls_setup::passive:
      return "passive";
  }
  return "";
}

// The default destination of m= and c= (RFC 8839 §4.2.1.2): the first IPv4 UDP candidate, or nowhere.
void set_destination(const webrtc_description& from, media::media_description& into) {
  into.port = 9;
  into.connection = media::sdp_connection{};
  for (const auto& candidate : from.candidates) {
    const bool literal = candidate.address.find_first_not_of("0123456789.") == std::string::npos;
    if (literal && candidate.component == 1 && candidate.port != 0) {
      into.port = candidate.port;
      into.connection->address = candidate.address;
      return;
    }
  }
}

void add_transport(const webrtc_description& from, media::media_description& into) {
  media::add_attribute(into.attributes, "rtcp", "9 IN IP4 0.0.0.0");
  media::add_attribute(into.attributes, "ice-ufrag", from.ice.username_fragment);
  media::add_attribute(into.attributes, "ice-pwd", from.ice.password);
  media::add_attribute(into.attributes, "ice-options", "trickle");
  media::add_attribute(into.attributes, "fingerprint", "sha-256 " + from.certificate.to_text());
  media::add_attribute(into.attributes, "setup", std::string(to_text(from.setup)));
  for (const auto& candidate : from.candidates)
    media::add_attribute(into.attributes, "candidate", to_string(candidate));
  if (from.end_of_candidates) media::add_attribute(into.attributes, "end-of-candidates");
}

media::media_description audio_section(const webrtc_description& from) {
  media::media_description audio;
  audio.protocol = "UDP/TLS/RTP/SAVPF";
  set_destination(from, audio);
  if (!from.mid.empty()) media::add_attribute(audio.attributes, "mid", from.mid);
  media::add_attribute(audio.attributes, std::string(media::to_string(from.direction)));
  media::add_attribute(audio.attributes, "rtcp-mux");
  add_transport(from, audio);
  media::add_format(audio, media::to_format(from.opus));
  if (from.telephone_event)
    media::add_format(audio,
                      media::telephone_event_format(*from.telephone_event, from.telephone_event_clock_hz));
  if (from.ptime_ms) media::add_attribute(audio.attributes, "ptime", std::to_string(*from.ptime_ms));
  if (from.ssrc) {
    media::add_attribute(audio.attributes, "msid", "- tollgate");
    media::add_attribute(audio.attributes, "ssrc", std::to_string(*from.ssrc) + " cname:" + from.cname);
  }
  return audio;
}

// RFC 3264 §6: a refused stream keeps its place, type, protocol and formats, with port 0.
media::media_description refusal_of(const media::media_description& offered) {
  media::media_description result;
  result.type = offered.type;
  result.protocol = offered.protocol;
  result.formats = offered.formats;
  result.connection = media::sdp_connection{};
  if (const auto mid = media::find_value(offered.attributes, "mid"))
    media::add_attribute(result.attributes, "mid", std::string(*mid));
  media::add_attribute(result.attributes, "inactive");
  return result;
}

}  // namespace

boost::system::result<ice_candidate> parse_candidate(std::string_view text) {
  constexpr std::string_view prefix = "candidate:";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  if (text.size() > 512 || !is_printable(text)) return overlay_error::description_malformed;
  ice_candidate result;
  result.foundation = next_word(text);
  const auto component = next_word(text);
  result.transport = next_word(text);
  const auto priority = next_word(text);
  result.address = next_word(text);
  const auto port = next_word(text);
  const auto marker = next_word(text);
  result.type = next_word(text);
  result.extension = text;
  if (result.foundation.empty() || result.foundation.size() > 32 ||
      !read_number(component, result.component) || result.component < 1 || result.component > 256 ||
      result.transport.empty() || !read_number(priority, result.priority) || result.address.empty() ||
      !read_number(port, result.port) || marker != "typ" || result.type.empty())
    return overlay_error::description_malformed;
  return result;
}

std::string to_string(const ice_candidate& candidate) {
  auto text = candidate.foundation + ' ' + std::to_string(candidate.component) + ' ' + candidate.transport +
              ' ' + std::to_string(candidate.priority) + ' ' + candidate.address + ' ' +
              std::to_string(candidate.port) + " typ " + candidate.type;
  if (!candidate.extension.empty()) text += ' ' + candidate.extension;
  return text;
}

ice_candidate host_candidate(std::string address, std::uint16_t port) {
  // RFC 8445 §5.1.2.1: type preference 126, local preference 65535, component 1.
  constexpr std::uint32_t priority = (126U << 24) + (65535U << 8) + (256U - 1U);
  return {.priority = priority, .address = std::move(address), .port = port};
}

ice_candidate passive_tcp_candidate(std::string address, std::uint16_t port) {
  // RFC 6544 §4.2: type preference of UDP less a step, since a stream delays what comes behind a loss;
  // direction preference 4 of a passive host candidate, other preference 8191.
  constexpr std::uint32_t priority = (90U << 24) + (((4U << 13) + 8191U) << 8) + (256U - 1U);
  return {.foundation = "2",
          .transport = "tcp",
          .priority = priority,
          .address = std::move(address),
          .port = port,
          .extension = "tcptype passive"};
}

std::string to_string(const webrtc_description& description) {
  media::session_description session;
  session.origin.session_id = description.session_id;
  session.origin.session_version = description.session_version;
  if (description.ice_lite) media::add_attribute(session.attributes, "ice-lite");
  if (description.bundle && !description.mid.empty())
    media::add_attribute(session.attributes, "group", "BUNDLE " + description.mid);
  media::add_attribute(session.attributes, "msid-semantic", " WMS *");
  for (const auto& other : description.refused)
    session.media.push_back(refusal_of(other));
  const auto place = std::min(description.audio_index, session.media.size());
  session.media.insert(session.media.begin() + static_cast<std::ptrdiff_t>(place),
                       audio_section(description));
  return media::to_string(session);
}

}  // namespace tollgate::gateway::overlay
