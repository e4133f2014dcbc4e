// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/caller_id.hpp"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "pstn/number/dial_policy.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "pstn/sip/uri.hpp"
#include "pstn/trunk/sip_uri.hpp"

namespace tollgate::pstn::trunk {
namespace {

constexpr std::size_t most_display_bytes = 64;

// A display name that needs no escaping inside quotes and fits a header.
std::string plain_display(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, most_display_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F && c != '"' && c != '\\' && c != '<' && c != '>') plain += c;
  }
  // The cut may have split a UTF-8 sequence: an unfinished one goes.
  std::size_t tail = plain.size();
  while (tail > 0 && (static_cast<unsigned char>(plain[tail - 1]) & 0xC0U) == 0x80U)
    --tail;
  if (text.size() > most_display_bytes && tail > 0 &&
      (static_cast<unsigned char>(plain[tail - 1]) & 0x80U) != 0) {
    plain.resize(tail - 1);
  }
  return plain;
}

std::string name_address(const std::string& display, const std::string& uri) {
  return display.empty() ? "<" + uri + ">" : "\"" + display + "\" <" + uri + ">";
}

bool is_anonymous(const sip::incoming_invite& invite) {
  const std::string& privacy = invite.privacy;  // RFC 3323 §4.2: id, user, header, critical, none
  for (std::size_t begin = 0; begin < privacy.size();) {
    const std::size_t end = std::min(privacy.find_first_of("; ,", begin), privacy.size());
    const std::string_view value = std::string_view{privacy}.substr(begin, end - begin);
    if (boost::algorithm::iequals(value, "id") || boost::algorithm::iequals(value, "user") ||
        boost::algorithm::iequals(value, "header"))
      return true;
    begin = end + 1;
  }
  // draft-ietf-sip-privacy-04 §5.1: "full", "name", "uri", "off", and "-network" behind them.
  const std::string_view hidden = invite.remote_party_privacy;
  for (const std::string_view value : {"full", "name", "uri"})
    if (boost::algorithm::istarts_with(hidden, value)) return true;
  return boost::algorithm::iequals(sip::host_of(invite.from), "anonymous.invalid") ||
         boost::algorithm::iequals(sip::user_of(invite.from), "anonymous");
}

}  // namespace

std::string written(const trunk& by, const phone_number& number) {
  switch (by.numbers) {
    case number_format::e164_plus:
      return number.e164();
    case number_format::e164:
      return number.digits();
    case number_format::international_00:
      return "00" + number.digits();
    case number_format::national:
      return number::dialled_from(by.region, number);
  }
  return number.e164();
}

std::string number_uri(const trunk& by, const phone_number& number, std::string_view gateway_host) {
  const std::string_view host = by.from_domain.empty() ? gateway_host : std::string_view{by.from_domain};
  return user_uri(by, written(by, number), uri_host(host));
}

std::optional<phone_number> read_number(const trunk& from, std::string_view text) {
  if (text.starts_with('+')) {
    const auto strict = phone_number::parse(text);
    return strict.has_value() ? std::optional{*strict} : std::nullopt;
  }
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  if (text.starts_with("00")) {
    const auto international = phone_number::parse("+" + std::string{text.substr(2)});
    if (international.has_value()) return *international;
  }
  const auto international = phone_number::parse("+" + std::string{text});
  const auto national = number::read_number(text, from.region, number::plan_check::listed);
  const bool national_first =
      from.numbers == number_format::national || from.numbers == number_format::international_00;
  if (national_first && national.has_value()) return national->number;
  if (international.has_value() && number::classify(*international).type != number::number_type::unknown) {
    return *international;
  }
  if (national.has_value()) return national->number;
  return international.has_value() ? std::optional{*international} : std::nullopt;
}

std::optional<phone_number> read_uri(const trunk& from, std::string_view uri) {
  const auto plain = [](std::string text) {
    std::erase_if(text, [](char c) { return c == '-' || c == '.' || c == '(' || c == ')'; });
    return text;
  };
  const std::string number = plain(sip::user_of(uri));
  const std::string context = plain(sip::phone_context_of(uri));
  if (context.starts_with('+') && !number.starts_with('+')) {
    // RFC 3966 §5.1.5 promises no more than that the two together name a telephone: what is none is read as
    // it is.
    const auto completed = phone_number::parse(context + number);
    if (completed && number::classify(*completed).type != number::number_type::unknown) return *completed;
  }
  return read_number(from, number);
}

caller_fields caller_of(const trunk& to, const caller_identity& caller, std::string_view gateway_host) {
  const auto& shown = caller.number ? caller.number : to.default_caller;
  const std::string uri = shown ? number_uri(to, *shown, gateway_host) : std::string{};
  const std::string display = plain_display(caller.display);
  const bool anonymous = caller.withheld || !shown;

  caller_fields fields;
  fields.from_uri = anonymous ? "sip:anonymous@anonymous.invalid" : uri;
  fields.from_display = anonymous ? "Anonymous" : display;
  if (!shown || to.caller_id == caller_id_mode::from) return fields;
  if (to.caller_id == caller_id_mode::p_asserted_identity) {
    fields.headers.push_back({"P-Asserted-Identity", name_address(caller.withheld ? "" : display, uri)});
    if (caller.withheld) fields.headers.push_back({"Privacy", "id"});
  } else {
    fields.headers.push_back(
        {"Remote-Party-ID", name_address(caller.withheld ? "" : display, uri) +
                                ";party=calling;screen=yes;privacy=" + (caller.withheld ? "full" : "off")});
  }
  return fields;
}

caller_identity caller_from(const trunk& from, const sip::incoming_invite& invite) {
  caller_identity caller;
  caller.withheld = is_anonymous(invite);
  if (!caller.withheld) caller.display = plain_display(invite.from_display);
  std::vector<std::string> told;
  if (from.trusted_identity) {
    told = invite.p_asserted_identities;
    told.push_back(invite.remote_party_id);
  }
  told.push_back(invite.from);
  for (const std::string& uri : told) {
    if (!caller.number && !uri.empty()) caller.number = read_uri(from, uri);
  }
  caller.vouched_for = from.trusted_identity;
  return caller;
}

std::optional<phone_number> called_from(const trunk& from, const sip::incoming_invite& invite) {
  if (const auto called = read_uri(from, invite.request_uri)) return called;
  return read_uri(from, invite.to);
}

}  // namespace tollgate::pstn::trunk
