// SPDX-License-Identifier: Apache-2.0
// Reading WebRTC descriptions into what a call needs, and making answers.
#include "gateway/overlay/webrtc_description.hpp"

#include <algorithm>
#include <charconv>

namespace tollgate::gateway::overlay {
namespace {

namespace media = pstn::media;

template <class T>
std::optional<T> to_number(std::string_view text) noexcept {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// RFC 8839 §5.4: between `least` and 256 ice-chars.
bool is_ice_text(std::string_view text, std::size_t least) noexcept {
  return text.size() >= least && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
                  c == '/';
         });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// One audio section with DTLS-SRTP and the session it stands in: attributes may be at either level (RFC 8839
// §5.4, RFC 8122 §5, RFC 4145 §4).
struct section {
  const media::session_description& session;
  const media::media_description& audio;

  std::optional<std::string_view> value(std::string_view name) const noexcept {
    if (const auto found = media::find_value(audio.attributes, name)) return found;
    return media::find_value(session.attributes, name);
  }
  bool has(std::string_view name) const noexcept {
    return media::find_attribute(audio.attributes, name) != nullptr ||
           media::find_attribute(session.attributes, name) != nullptr;
  }
};

// Several a=fingerprint lines may stand there (RFC 8122 §5): the one of SHA-256 counts.
boost::system::result<fingerprint> read_fingerprint(const section& from) {
  constexpr std::string_view algorithm = "sha-256 ";
  for (const auto* attributes : {&from.audio.attributes, &from.session.attributes}) {
    for (const auto& attribute : *attributes) {
      if (attribute.name != "fingerprint" || !attribute.value || attribute.value->size() < algorithm.size())
        continue;
      std::string name = attribute.value->substr(0, algorithm.size());
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (name == algorithm)
        return fingerprint::from_text(std::string_view(*attribute.value).substr(algorithm.size()));
    }
  }
  return overlay_error::description_unsupported;
}

boost::system::result<void> read_transport(const section& from, webrtc_description& into) {
  const auto fragment = from.value("ice-ufrag");
  const auto password = from.value("ice-pwd");
  const auto setup = from.value("setup");
  if (!fragment || !password || !setup || !from.has("rtcp-mux"))
    return overlay_error::description_unsupported;
  if (!is_ice_text(*fragment, 4) || !is_ice_text(*password, 22)) return overlay_error::description_malformed;
  into.ice = {std::string(*fragment), std::string(*password)};
  into.ice_lite = media::find_attribute(from.session.attributes, "ice-lite") != nullptr;
  if (*setup == "actpass")
    into.setup = dtls_setup::actpass;
  else if (*setup == "active")
    into.setup = dtls_setup::active;
  else if (*setup == "passive")
    into.setup = dtls_setup::passive;
  else
    return overlay_error::description_unsupported;
  const auto digest = read_fingerprint(from);
  if (!digest) return digest.error();
  into.certificate = *digest;
  return {};
}

// Candidates of other components or transports are kept as they are; malformed ones are an error.
boost::system::result<void> read_candidates(const section& from, webrtc_description& into) {
  for (const auto& attribute : from.audio.attributes) {
    if (attribute.name == "end-of-candidates") into.end_of_candidates = true;
    if (attribute.name != "candidate") continue;
    auto candidate = parse_candidate(attribute.value.value_or(""));
    if (!candidate) return candidate.error();
    if (into.candidates.size() < candidates_max) into.candidates.push_back(std::move(*candidate));
  }
  return {};
}

boost::system::result<void> read_formats(const section& from, webrtc_description& into) {
  const auto formats = media::rtp_formats(from.audio);
  bool found = false;
  for (const auto& format : formats) {
    const auto codec = media::to_codec(format);
    if (!found && codec && codec->id == media::codec_id::opus) {
      into.opus = *codec;
      found = true;
    }
  }
  if (!found) return overlay_error::description_unsupported;
  for (const auto& format : formats) {
    if (format.encoding != "telephone-event" || (format.clock_hz != 48000 && format.clock_hz != 8000))
      continue;
    // RFC 4733 §2.1: one clock for the whole stream where both are offered: Opus's.
    if (into.telephone_event && into.telephone_event_clock_hz == into.opus.rtp_clock_hz) continue;
    into.telephone_event = format.payload_type;
    into.telephone_event_clock_hz = format.clock_hz;
  }
  return {};
}

void read_stream(const section& from, webrtc_description& into) {
  into.direction = media::direction_of(from.session, from.audio);
  if (const auto ptime = from.value("ptime"))
    if (const auto ms = to_number<int>(*ptime); ms && *ms >= 10 && *ms <= 120) into.ptime_ms = *ms;
  if (const auto ssrc = from.value("ssrc")) {
    const auto blank = ssrc->find(' ');
    into.ssrc = to_number<std::uint32_t>(ssrc->substr(0, blank));
    constexpr std::string_view cname = "cname:";
    if (blank != std::string_view::npos && ssrc->substr(blank + 1).starts_with(cname))
      into.cname = ssrc->substr(blank + 1 + cname.size());
  }
}

bool bundles(const media::session_description& session, std::string_view mid) {
  const auto group = media::find_value(session.attributes, "group");
  if (!group || !group->starts_with("BUNDLE")) return false;
  std::string_view rest = group->substr(6);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == mid) return true;
    rest.remove_prefix(end);
  }
  return false;
}

bool is_webrtc_audio(const media::media_description& candidate) noexcept {
  return candidate.type == "audio" && candidate.port != 0 &&
         (candidate.protocol == "UDP/TLS/RTP/SAVPF" || candidate.protocol == "UDP/TLS/RTP/SAVP" ||
          candidate.protocol == "RTP/SAVPF");  // RFC 8829 §5.1.2: all three are read alike
}

}  // namespace

boost::system::result<webrtc_description> parse_webrtc_description(std::string_view sdp) {
  const auto session = media::parse_session_description(sdp);
  if (!session) return overlay_error::description_malformed;
  const auto audio = std::find_if(session->media.begin(), session->media.end(), is_webrtc_audio);
  if (audio == session->media.end()) return overlay_error::description_unsupported;
  const section from{*session, *audio};
  webrtc_description result;
  result.session_id = session->origin.session_id;
  result.session_version = session->origin.session_version;
  result.audio_index = static_cast<std::size_t>(audio - session->media.begin());
  for (auto other = session->media.begin(); other != session->media.end(); ++other)
    if (other != audio) result.refused.push_back(*other);
  if (const auto mid = media::find_value(audio->attributes, "mid")) {
    if (!is_token(*mid)) return overlay_error::description_malformed;
    result.mid = *mid;
  } else {
    result.mid.clear();
  }
  result.bundle = bundles(*session, result.mid);
  for (const auto step : {read_transport, read_candidates, read_formats})
    if (const auto done = step(from, result); !done) return done.error();
  read_stream(from, result);
  return result;
}

webrtc_description make_answer(const webrtc_description& offer, const answer_parameters& own) {
  webrtc_description answer;
  answer.session_id = std::to_string(own.ssrc);
  answer.ice = own.ice;
  answer.ice_lite = own.ice_lite;
  answer.certificate = own.certificate;
  answer.setup = offer.setup == dtls_setup::passive ? dtls_setup::active : dtls_setup::passive;
  answer.mid = offer.mid;
  answer.bundle = offer.bundle;
  answer.candidates = own.candidates;
  answer.end_of_candidates = !own.candidates.empty();
  answer.opus = pstn::media::default_description(pstn::media::codec_id::opus);
  answer.opus.payload_type = offer.opus.payload_type;
  answer.telephone_event = offer.telephone_event;
  answer.telephone_event_clock_hz = offer.telephone_event_clock_hz;
  answer.direction = pstn::media::reversed(offer.direction);
  answer.ssrc = own.ssrc;
  answer.cname = own.cname;
  answer.audio_index = offer.audio_index;
  answer.refused = offer.refused;
  return answer;
}

dtls_role role_of(dtls_setup own, dtls_setup other) noexcept {
  if (own == dtls_setup::actpass) return other == dtls_setup::active ? dtls_role::server : dtls_role::client;
  return own == dtls_setup::active ? dtls_role::client : dtls_role::server;
}

}  // namespace tollgate::gateway::overlay
