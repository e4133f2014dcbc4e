// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/offer_answer.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace tollgate::pstn::sip {
namespace {

using boost::system::result;
using media::codec_description;
using media::media_description;
using media::media_direction;
using media::rtp_format;
using media::session_description;

constexpr std::chrono::milliseconds ptime_least{10};
constexpr std::chrono::milliseconds ptime_most{60};
constexpr std::chrono::milliseconds ptime_usual{20};  // RFC 3551 §4.2

bool is_ipv6(std::string_view address) {
  return address.find(':') != std::string_view::npos;
}

bool is_literal(const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(is_ipv6(address) ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) == 1;
}

/// Nowhere, of either family: what a far end without media for now may write (RFC 3264 §8.4).
bool is_unspecified(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

bool is_audio(const media_description& section) {
  return equal_ignoring_case(section.type, "audio");
}

bool is_plain_rtp(const media_description& section) {
  return equal_ignoring_case(section.protocol, "RTP/AVP") ||
         equal_ignoring_case(section.protocol, "RTP/AVPF");
}

bool is_secure_rtp(const media_description& section) {
  return equal_ignoring_case(section.protocol, "RTP/SAVP") ||
         equal_ignoring_case(section.protocol, "RTP/SAVPF");
}

bool is_telephone_event(const rtp_format& format) {
  return equal_ignoring_case(format.encoding, "telephone-event");
}

/// The audio section that can be used: the first with a port, over plain RTP unless that is not secure
/// enough, or over SRTP with a key.
result<std::size_t> find_audio(const session_description& description, media_security security) {
  sdp_error why = sdp_error::no_audio;
  for (std::size_t i = 0; i < description.media.size(); ++i) {
    const media_description& section = description.media[i];
    if (!is_audio(section) || section.port == 0) continue;
    const bool is_secure = is_secure_rtp(section);
    if ((!is_secure && !is_plain_rtp(section)) || (is_secure && security == media_security::off)) {
      why = sdp_error::unsupported_transport;
      continue;
    }
    const bool has_key = security != media_security::off && !cryptos_of(section).empty();
    if (has_key || (!is_secure && security != media_security::required)) return i;
    why = sdp_error::not_encrypted;
  }
  return why;
}

/// The packet duration that the far end asks for (RFC 8866 §6.4), within what every endpoint can do.
std::chrono::milliseconds ptime_of(const media_description& section) {
  std::chrono::milliseconds wanted = ptime_usual;
  if (const auto text = media::find_value(section.attributes, "ptime")) {
    if (const auto value = number_of(*text); value && *value > 0) wanted = std::chrono::milliseconds(*value);
  }
  if (const auto text = media::find_value(section.attributes, "maxptime")) {
    if (const auto value = number_of(*text); value && *value > 0)
      wanted = std::min(wanted, std::chrono::milliseconds(*value));
  }
  wanted = std::clamp(wanted, ptime_least, ptime_most);
  return wanted / 10 * 10;
}

std::uint16_t rtcp_port_of(const media_description& section) {
  if (const auto text = media::find_value(section.attributes, "rtcp")) {
    if (const auto value = number_of(*text); value && *value > 0 && *value <= 65535)
      return static_cast<std::uint16_t>(*value);
  }
  return static_cast<std::uint16_t>(section.port == 65535 ? 65535 : section.port + 1);
}

media_direction without_sending(media_direction direction) {
  const bool receives = direction == media_direction::sendrecv || direction == media_direction::recvonly;
  return receives ? media_direction::recvonly : media_direction::inactive;
}

/// Address, ports, packet time and direction: what does not depend on codecs.
result<negotiated> read_stream(const session_description& description, const media_description& section,
                               bool we_are_ipv6) {
  const media::sdp_connection* connection = media::connection_of(description, section);
  if (!connection || !equal_ignoring_case(connection->network_type, "IN")) return sdp_error::no_address;
  // A multicast address may carry "/ttl"; it is not a literal and is refused with the others.
  const bool is_nowhere = is_unspecified(connection->address);
  if (!is_literal(connection->address) || (!is_nowhere && is_ipv6(connection->address) != we_are_ipv6))
    return sdp_error::no_address;
  negotiated out;
  out.address = connection->address;
  out.port = section.port;
  out.rtcp_port = rtcp_port_of(section);
  out.ptime = ptime_of(section);
  out.direction = media::reversed(media::direction_of(description, section));
  if (is_nowhere) out.direction = without_sending(out.direction);  // RFC 3264 §8.4
  return out;
}

std::optional<std::uint8_t> find_telephone_event(const std::vector<rtp_format>& formats, int clock_hz) {
  const auto found = std::find_if(formats.begin(), formats.end(), [&](const rtp_format& one) {
    return is_telephone_event(one) && one.clock_hz == clock_hz;
  });
  if (found == formats.end()) return std::nullopt;
  return found->payload_type;
}

bool same_codec(const codec_description& a, const codec_description& b) {
  return a.id == b.id && a.rtp_clock_hz == b.rtp_clock_hz && a.channels == b.channels;
}

session_description description_of(const local_media& ours) {
  const std::string family = is_ipv6(ours.address) ? "IP6" : "IP4";
  session_description out;
  out.origin.session_id = std::to_string(ours.session_id);
  out.origin.session_version = std::to_string(ours.session_version);
  out.origin.address_type = family;
  out.origin.address = ours.address;
  out.name = "Tollgate";
  out.connection = media::sdp_connection{"IN", family, ours.address};
  return out;
}

/// What we offer: the stronger suite first, each with a key of its own.
void add_cryptos(media_description& section, const local_media& ours) {
  if (ours.security == media_security::off) return;
  if (ours.security == media_security::required) section.protocol = "RTP/SAVP";
  std::uint32_t tag = 1;
  for (const auto suite :
       {media::srtp_profile::aead_aes_256_gcm, media::srtp_profile::aes_cm_128_hmac_sha1_80}) {
    const bool goes_on = ours.keys && ours.keys->suite == suite;
    const crypto_attribute one{tag++, suite, goes_on ? ours.keys->local : make_srtp_key(suite)};
    media::add_attribute(section.attributes, "crypto", to_string(one));
  }
}

/// The keys of an answer to our offer: by the tag, the suite of ours (RFC 4568 §5.1.3).
result<std::optional<srtp_keys>> agreed_keys(const media_description& ours, const media_description& theirs) {
  const auto offered = cryptos_of(ours);
  for (const auto& one : cryptos_of(theirs)) {
    for (const auto& mine : offered)
      if (mine.tag == one.tag && mine.suite == one.suite)
        return std::optional(srtp_keys{mine.suite, mine.key, one.key});
  }
  if (is_secure_rtp(ours) || is_secure_rtp(theirs)) return sdp_error::not_encrypted;
  return std::optional<srtp_keys>();
}

void finish_section(media_description& section, std::chrono::milliseconds ptime, media_direction direction) {
  media::add_attribute(section.attributes, "ptime", std::to_string(ptime.count()));
  media::add_attribute(section.attributes, "maxptime", std::to_string(ptime_most.count()));
  media::add_attribute(section.attributes, std::string(media::to_string(direction)));
}

/// Both ends' wishes: one sends only if the other one receives.
media_direction common(media_direction ours, media_direction allowed) {
  const auto sends = [](media_direction d) {
    return d == media_direction::sendrecv || d == media_direction::sendonly;
  };
  const auto receives = [](media_direction d) {
    return d == media_direction::sendrecv || d == media_direction::recvonly;
  };
  const bool send = sends(ours) && sends(allowed);
  const bool receive = receives(ours) && receives(allowed);
  if (send) return receive ? media_direction::sendrecv : media_direction::sendonly;
  return receive ? media_direction::recvonly : media_direction::inactive;
}

/// A section that refuses the offered one (RFC 3264 §6: port zero, the rest repeated).
media_description refusal_of(const media_description& offered) {
  media_description out;
  out.type = offered.type;
  out.port = 0;
  out.protocol = offered.protocol;
  out.formats = offered.formats;
  return out;
}

}  // namespace

std::string make_offer(const local_media& ours) {
  session_description out = description_of(ours);
  media_description section;
  section.port = ours.port;
  std::vector<int> clocks;
  for (const codec_description& codec : ours.codecs) {
    media::add_format(section, media::to_format(codec));
    if (std::find(clocks.begin(), clocks.end(), codec.rtp_clock_hz) == clocks.end())
      clocks.push_back(codec.rtp_clock_hz);
  }
  if (ours.telephone_event_payload_type) {
    unsigned payload_type = *ours.telephone_event_payload_type;
    for (const int clock_hz : clocks) {
      const auto is_taken = [&] {
        return std::any_of(ours.codecs.begin(), ours.codecs.end(),
                           [&](const codec_description& one) { return one.payload_type == payload_type; });
      };
      while (payload_type < 127 && is_taken())
        ++payload_type;
      if (payload_type > 127) break;
      media::add_format(section,
                        media::telephone_event_format(static_cast<std::uint8_t>(payload_type++), clock_hz));
    }
  }
  finish_section(section, ours.ptime, ours.direction);
  add_cryptos(section, ours);
  out.media.push_back(std::move(section));
  return media::to_string(out);
}

result<negotiated> accept_answer(std::string_view offer, std::string_view answer) {
  const auto offered = media::parse_session_description(offer);
  const auto answered = media::parse_session_description(answer);
  if (!offered || !answered) return sdp_error::malformed;
  if (offered->media.empty() || answered->media.size() != offered->media.size())
    return sdp_error::not_an_answer;
  const bool has_keys = std::any_of(offered->media.begin(), offered->media.end(),
                                    [](const media_description& one) { return !cryptos_of(one).empty(); });
  const auto place = find_audio(*answered, has_keys ? media_security::optional : media_security::off);
  if (!place) return place.error();
  const media_description& ours = offered->media[*place];
  const media_description& theirs = answered->media[*place];
  if (!is_audio(ours)) return sdp_error::not_an_answer;
  const media::sdp_connection* our_connection = media::connection_of(*offered, ours);
  auto out = read_stream(*answered, theirs, our_connection && is_ipv6(our_connection->address));
  if (!out) return out.error();
  out->direction = common(media::direction_of(*offered, ours), out->direction);
  auto keys = agreed_keys(ours, theirs);
  if (!keys) return keys.error();
  out->srtp = std::move(*keys);

  const std::vector<rtp_format> our_formats = media::rtp_formats(ours);
  const std::vector<rtp_format> their_formats = media::rtp_formats(theirs);
  std::vector<media::leg_coding> codings;
  for (const rtp_format& one : their_formats) {
    const auto codec = media::to_codec(one);
    if (!codec) continue;
    const auto mine = std::find_if(our_formats.begin(), our_formats.end(), [&](const rtp_format& offer_of) {
      const auto known = media::to_codec(offer_of);
      return known && same_codec(*known, *codec);
    });
    if (mine == our_formats.end()) continue;
    media::leg_coding agreed{*codec, mine->payload_type, {}, {}, codec->rtp_clock_hz};
    const auto our_events = find_telephone_event(our_formats, codec->rtp_clock_hz);
    const auto their_events = find_telephone_event(their_formats, codec->rtp_clock_hz);
    if (our_events && their_events) {
      agreed.telephone_event_payload_type = their_events;
      agreed.telephone_event_payload_type_received = our_events;
    }
    codings.push_back(std::move(agreed));
  }
  if (codings.empty()) return sdp_error::no_common_codec;
  const media::leg_coding& first = codings.front();
  out->codec = first.codec;
  out->payload_type_received = *first.payload_type_received;
  out->telephone_event_payload_type = first.telephone_event_payload_type;
  out->telephone_event_payload_type_received = first.telephone_event_payload_type_received;
  out->alternatives.assign(std::next(codings.begin()), codings.end());
  return out;
}

std::optional<address_family> family_of_offer(std::string_view offer) {
  const auto offered = media::parse_session_description(offer);
  if (!offered) return std::nullopt;
  for (const media_description& section : offered->media) {
    if (!is_audio(section) || section.port == 0) continue;
    const media::sdp_connection* connection = media::connection_of(*offered, section);
    if (connection && is_literal(connection->address) && !is_unspecified(connection->address))
      return family_of(connection->address);
  }
  return std::nullopt;
}

result<offer_answered> answer_offer(std::string_view offer, const local_media& ours) {
  const auto offered = media::parse_session_description(offer);
  if (!offered) return sdp_error::malformed;
  const auto place = find_audio(*offered, ours.security);
  if (!place) return place.error();
  const media_description& theirs = offered->media[*place];
  auto agreed = read_stream(*offered, theirs, is_ipv6(ours.address));
  if (!agreed) return agreed.error();

  const std::vector<rtp_format> formats = media::rtp_formats(theirs);
  std::optional<codec_description> chosen;
  codec_description mine;
  for (const codec_description& wanted : ours.codecs) {
    for (const rtp_format& one : formats) {
      const auto codec = media::to_codec(one);
      if (!codec || !same_codec(*codec, wanted)) continue;
      chosen = codec;
      mine = wanted;
      break;
    }
    if (chosen) break;
  }
  if (!chosen) return sdp_error::no_common_codec;
  agreed->codec = *chosen;
  agreed->payload_type_received = chosen->payload_type;
  if (ours.telephone_event_payload_type)
    agreed->telephone_event_payload_type = find_telephone_event(formats, chosen->rtp_clock_hz);
  agreed->telephone_event_payload_type_received = agreed->telephone_event_payload_type;
  agreed->direction = common(ours.direction, agreed->direction);

  media_description section;
  section.port = ours.port;
  section.protocol = theirs.protocol;
  mine.payload_type = chosen->payload_type;  // the offer's numbers hold both ways (RFC 3264 §6.1)
  if (mine.id == media::codec_id::g729 && media::find_parameter(chosen->parameters, "annexb") == "no")
    mine.parameters = chosen->parameters;
  media::add_format(section, media::to_format(mine));
  if (agreed->telephone_event_payload_type) {
    media::add_format(
        section, media::telephone_event_format(*agreed->telephone_event_payload_type, chosen->rtp_clock_hz));
  }
  const auto cryptos =
      ours.security == media_security::off ? std::vector<crypto_attribute>() : cryptos_of(theirs);
  if (!cryptos.empty()) {
    const crypto_attribute& first = cryptos.front();
    const bool goes_on = ours.keys && ours.keys->suite == first.suite;
    agreed->srtp = srtp_keys{first.suite, goes_on ? ours.keys->local : make_srtp_key(first.suite), first.key};
    media::add_attribute(section.attributes, "crypto",
                         to_string(crypto_attribute{first.tag, first.suite, agreed->srtp->local}));
  }
  // Our own wish for a direction is reduced by theirs; "0.0.0.0" does not change what is said, only what is
  // sent.
  finish_section(section, ours.ptime,
                 common(ours.direction, media::reversed(media::direction_of(*offered, theirs))));

  session_description out = description_of(ours);
  out.timing = offered->timing;  // RFC 3264 §6
  for (std::size_t i = 0; i < offered->media.size(); ++i) {
    out.media.push_back(i == *place ? section : refusal_of(offered->media[i]));
  }
  return offer_answered{*agreed, media::to_string(out)};
}

}  // namespace tollgate::pstn::sip
