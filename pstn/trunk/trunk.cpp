// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/trunk.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>

#include "pstn/media/codec.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "pstn/trunk/failure.hpp"
#include "pstn/trunk/inbound.hpp"
#include "pstn/trunk/target_book.hpp"

namespace tollgate::pstn::trunk {

std::string_view name(transport value) {
  switch (value) {
    case transport::udp:
      return "udp";
    case transport::tcp:
      return "tcp";
    case transport::tls:
      return "tls";
  }
  return "udp";
}

std::string_view name(dtmf_mode value) {
  switch (value) {
    case dtmf_mode::rfc4733:
      return "rfc4733";
    case dtmf_mode::info:
      return "info";
    case dtmf_mode::in_band:
      return "in_band";
  }
  return "rfc4733";
}

std::string_view name(caller_id_mode value) {
  switch (value) {
    case caller_id_mode::p_asserted_identity:
      return "p_asserted_identity";
    case caller_id_mode::remote_party_id:
      return "remote_party_id";
    case caller_id_mode::from:
      return "from";
  }
  return "p_asserted_identity";
}

std::string_view name(number_format value) {
  switch (value) {
    case number_format::e164_plus:
      return "e164_plus";
    case number_format::e164:
      return "e164";
    case number_format::international_00:
      return "international_00";
    case number_format::national:
      return "national";
  }
  return "e164_plus";
}

std::string_view name(inbound_proof value) {
  switch (value) {
    case inbound_proof::address:
      return "address";
    case inbound_proof::digest:
      return "digest";
    case inbound_proof::both:
      return "both";
  }
  return "address";
}

std::string_view name(redirection_headers value) {
  switch (value) {
    case redirection_headers::diversion:
      return "diversion";
    case redirection_headers::history_info:
      return "history_info";
    case redirection_headers::both:
      return "both";
  }
  return "both";
}

std::string_view name(sip::media_security value) {
  switch (value) {
    case sip::media_security::off:
      return "off";
    case sip::media_security::optional:
      return "optional";
    case sip::media_security::required:
      return "required";
  }
  return "off";
}

namespace {

template <class Enum, std::size_t count>
std::optional<Enum> named(std::string_view text, const std::array<Enum, count>& values) {
  const auto found = std::ranges::find_if(values, [&](Enum value) { return name(value) == text; });
  return found == values.end() ? std::nullopt : std::optional{*found};
}

constexpr std::size_t most_name_bytes = 64;
constexpr std::size_t most_list_entries = 256;

bool printable(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;  // RFC 1035 §2.3.4
  in6_addr ignored{};
  if (inet_pton(AF_INET6, std::string{text}.c_str(), &ignored) == 1) return true;
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
}

bool is_prefix(std::string_view text) {
  return !text.empty() && text.size() <= phone_number::most_digits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= most_name_bytes && printable(text);
}

bool inbound_credentials_fit(const trunk& value) {
  if (!value.inbound_digest) return value.inbound_by == inbound_proof::address;
  const inbound_account& account = *value.inbound_digest;
  for (const std::string* text : {&account.username, &account.password}) {
    if (text->empty() || text->size() > 256 || !printable(*text) || text->find('"') != text->npos)
      return false;
  }
  return true;
}

bool credentials_fit(const trunk& value) {
  if (!value.digest) return !value.registers;
  const digest_account& account = *value.digest;
  for (const std::string* text : {&account.username, &account.password, &account.realm}) {
    if (text->size() > 256 || !printable(*text) || text->find('"') != text->npos) return false;
  }
  return !account.username.empty();
}

bool codecs_fit(const std::vector<std::string>& codecs) {
  return !codecs.empty() && std::ranges::all_of(codecs, known_codec) &&
         std::set<std::string>(codecs.begin(), codecs.end()).size() == codecs.size();
}

bool failover_codes_fit(const std::vector<int>& codes) {
  return codes.size() <= most_list_entries && std::ranges::all_of(codes, is_failover_code) &&
         std::set<int>(codes.begin(), codes.end()).size() == codes.size();
}

bool capacity_fits(const trunk& value) {
  if (value.echo_tail_ms < 32 || value.echo_tail_ms > 256) return false;
  return value.capacity_calls >= 0 && value.capacity_calls_per_second >= 0 && value.weight >= 1 &&
         value.weight <= 10'000 && value.priority >= 0 && value.priority <= 10'000;
}

}  // namespace

std::optional<transport> transport_named(std::string_view text) {
  return named(text, std::array{transport::udp, transport::tcp, transport::tls});
}

std::optional<dtmf_mode> dtmf_mode_named(std::string_view text) {
  return named(text, std::array{dtmf_mode::rfc4733, dtmf_mode::info, dtmf_mode::in_band});
}

std::optional<caller_id_mode> caller_id_mode_named(std::string_view text) {
  return named(text, std::array{caller_id_mode::p_asserted_identity, caller_id_mode::remote_party_id,
                                caller_id_mode::from});
}

std::optional<number_format> number_format_named(std::string_view text) {
  return named(text, std::array{number_format::e164_plus, number_format::e164,
                                number_format::international_00, number_format::national});
}

std::optional<inbound_proof> inbound_proof_named(std::string_view text) {
  return named(text, std::array{inbound_proof::address, inbound_proof::digest, inbound_proof::both});
}

std::optional<redirection_headers> redirection_headers_named(std::string_view text) {
  return named(text, std::array{redirection_headers::diversion, redirection_headers::history_info,
                                redirection_headers::both});
}

std::optional<sip::media_security> media_security_named(std::string_view text) {
  using sip::media_security;
  return named(text, std::array{media_security::off, media_security::optional, media_security::required});
}

bool known_codec(std::string_view name) {
  const auto codec = media::find_codec(name);
  return codec && media::codec_available(*codec) && media::encoding_name(*codec) == name;
}

boost::system::result<void> validate(const carrier& value) {
  if (!is_name(value.name)) return trunk_error::bad_name;
  if (value.capacity_calls < 0 || value.capacity_calls_per_second < 0) return trunk_error::bad_capacity;
  return {};
}

boost::system::result<void> validate(const trunk& value) {
  if (!is_name(value.name)) return trunk_error::bad_name;
  if (!is_host(value.host) || (!value.from_domain.empty() && !is_host(value.from_domain)))
    return trunk_error::bad_host;
  if (value.port == 0 && !needs_targets(value)) return trunk_error::bad_port;
  if (!credentials_fit(value) || !inbound_credentials_fit(value)) return trunk_error::bad_credentials;
  if (!codecs_fit(value.codecs)) return trunk_error::bad_codec;
  if (value.inbound_sources.size() > most_list_entries ||
      !std::ranges::all_of(value.inbound_sources, is_address_or_block)) {
    return trunk_error::bad_source;
  }
  if (value.served_prefixes.size() > most_list_entries ||
      !std::ranges::all_of(value.served_prefixes, is_prefix)) {
    return trunk_error::bad_prefix;
  }
  if (!failover_codes_fit(value.failover_codes)) return trunk_error::bad_failover_code;
  if (!capacity_fits(value)) return trunk_error::bad_capacity;
  if (!value.region.empty() && !number::country_code_of_region(value.region)) return trunk_error::bad_region;
  if (value.numbers == number_format::national && value.region.empty()) return trunk_error::bad_region;
  return {};
}

}  // namespace tollgate::pstn::trunk
