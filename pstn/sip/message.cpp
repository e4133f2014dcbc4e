// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/message.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>

#include <arpa/inet.h>

#include "pstn/sip/diversion.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr int q850_most = 127;              // ITU-T Q.850 §2.2.5: a cause value has seven bits
constexpr std::size_t identities_most = 2;  // RFC 3325 §9.1: a sip or sips URI and a tel URI

std::string copied(const char* text) {
  return text ? std::string(text) : std::string();
}

/// A quoted-string's content (RFC 3261 §25.1); a text without quotes as it is.
std::string unquoted(const char* text) {
  const std::string_view raw = text ? text : "";
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::string(raw);
  std::string out;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 2 < raw.size()) ++i;
    out.push_back(raw[i]);
  }
  return out;
}

bool is_sdp_type(const sip_content_type_t* type) {
  return !type || !type->c_type || su_casematch(type->c_type, "application/sdp");
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Diversion (RFC 5806) and History-Info (RFC 7044) are no headers of Sofia's: they are among the unknown
/// ones.
void read_diversions(const sip_t* message, incoming_invite& into) {
  diversion_reader reader;
  for (const sip_unknown_t* one = message->sip_unknown; one; one = one->un_next) {
    if (!one->un_name || !one->un_value) continue;
    if (su_casematch(one->un_name, "Diversion") || su_casematch(one->un_name, "CC-Diversion"))
      reader.take_diversion(one->un_value);
    if (su_casematch(one->un_name, "History-Info")) reader.take_history(one->un_value);
  }
  into.diversions = reader.diversions();
  into.diversion_count = reader.count();
  into.history = reader.history();
  // RFC 7044 §10.1.2: privacy that is asked for the whole request is each entry's.
  const std::string asked = lower(into.privacy);
  for (const char* value : {"history", "header", "session"}) {
    if (asked.find(value) == asked.npos) continue;
    withhold(into.history);
    for (diversion& one : into.diversions)
      one.withheld = true;
  }
}

/// Identity (RFC 8224 §4; "y" is its compact form) is no header of Sofia's either. The far end signs what it
/// likes: beyond ten nobody looks.
std::vector<std::string> identities_of(const sip_t* message) {
  constexpr std::size_t most = 10;
  std::vector<std::string> found;
  for (const sip_unknown_t* one = message->sip_unknown; one && found.size() < most; one = one->un_next)
    if (one->un_name && one->un_value &&
        (su_casematch(one->un_name, "Identity") || su_casematch(one->un_name, "y")))
      found.emplace_back(one->un_value);
  return found;
}

struct su_home_deleter {
  void operator()(su_home_t* home) const { su_home_unref(home); }
};

}  // namespace

std::string sdp_of(const sip_t* message) {
  if (!message || !message->sip_payload || !message->sip_payload->pl_data) return {};
  if (!is_sdp_type(message->sip_content_type)) return {};
  return std::string(message->sip_payload->pl_data, message->sip_payload->pl_len);
}

bool has_foreign_body(const sip_t* message) {
  return message && message->sip_payload && message->sip_payload->pl_len > 0 &&
         !is_sdp_type(message->sip_content_type);
}

reason reason_of(const sip_t* message) {
  reason found;
  if (!message) return found;
  for (const sip_reason_t* one = message->sip_reason; one; one = one->re_next) {
    const bool is_q850 = one->re_protocol && su_casematch(one->re_protocol, "Q.850");
    if (is_q850 && one->re_cause) {
      const std::string_view cause = one->re_cause;
      int value = 0;
      const auto [end, error] = std::from_chars(cause.data(), cause.data() + cause.size(), value);
      if (error == std::errc{} && value > 0 && value <= q850_most) found.q850 = value;
    }
    if (one->re_text && (is_q850 || found.text.empty())) found.text = unquoted(one->re_text);
  }
  return found;
}

std::string reason_header(int q850, std::string_view text) {
  if (q850 < 1 || q850 > q850_most) return {};
  std::string value = "Q.850;cause=" + std::to_string(q850);
  if (!text.empty() && is_one_line(text)) {
    value += ";text=\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') value.push_back('\\');
      value.push_back(c);
    }
    value.push_back('"');
  }
  return value;
}

std::optional<std::chrono::seconds> retry_after_of(const sip_t* message) {
  if (!message || !message->sip_retry_after) return std::nullopt;
  return std::chrono::seconds(message->sip_retry_after->af_delta);
}

bool is_from_far_end(const sip_t* message) {
  constexpr int made_by_stack =
      1 << 15;  // NTA_INTERNAL_MSG of Sofia's nta_internal.h, which is not installed
  return message && (message->sip_flags & made_by_stack) == 0;
}

source_address source_of(msg_t* message) {
  return message ? source_of(*msg_addr(message)) : source_address{};
}

source_address source_of(const su_sockaddr_t& from) {
  source_address out;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.su_family == AF_INET) {
    inet_ntop(AF_INET, &from.su_sin.sin_addr, text.data(), text.size());
    out.port = ntohs(from.su_sin.sin_port);
  } else if (from.su_family == AF_INET6) {
    inet_ntop(AF_INET6, &from.su_sin6.sin6_addr, text.data(), text.size());
    out.port = ntohs(from.su_sin6.sin6_port);
  }
  out.ip = text.data();
  if (out.ip.starts_with("::ffff:") && out.ip.find('.') != std::string::npos) out.ip.erase(0, 7);
  return out;
}

std::string transport_of(std::string_view uri) {
  constexpr std::string_view name = ";transport=";
  const std::string text = lower(uri);
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return text.starts_with("sips:") ? "tls" : "udp";
  const std::size_t begin = at + name.size();
  return text.substr(begin, text.find_first_of(";>?", begin) - begin);
}

std::string transport_of(const sip_t* message) {
  const sip_via_t* via = message ? message->sip_via : nullptr;
  if (!via || !via->v_protocol) return {};
  const std::string_view protocol = via->v_protocol;
  return lower(protocol.substr(protocol.rfind('/') + 1));
}

std::string contact_by(const user_agent_options& ours, std::string_view transport, std::string_view user) {
  const bool tls = transport == "tls";
  if ((!tls && transport != "tcp") || (tls && ours.tls_port == 0)) return {};
  const std::string& host = ours.advertised_address.empty() ? ours.address : ours.advertised_address;
  std::string out = "<sip:";
  if (!user.empty()) out.append(user) += '@';
  out += host.find(':') == std::string::npos ? host : '[' + host + ']';
  out += ':' + std::to_string(tls ? ours.tls_port : ours.port);
  return out.append(";transport=").append(transport) += '>';
}

std::optional<digest_claim> claim_of(const sip_t* message, std::string_view realm) {
  for (const msg_auth_t* one = message ? message->sip_authorization : nullptr; one; one = one->au_next) {
    if (!one->au_scheme || !su_casematch(one->au_scheme, "Digest")) continue;
    const auto parameter = [&](const char* name) { return unquoted(msg_params_find(one->au_params, name)); };
    digest_claim claim;
    claim.realm = parameter("realm=");
    if (claim.realm != realm) continue;
    claim.username = parameter("username=");
    claim.nonce = parameter("nonce=");
    claim.uri = parameter("uri=");
    claim.response = parameter("response=");
    claim.algorithm = parameter("algorithm=");
    claim.qop = parameter("qop=");
    claim.cnonce = parameter("cnonce=");
    claim.nonce_count = parameter("nc=");
    return claim;
  }
  return std::nullopt;
}

incoming_invite read_invite(const sip_t* message, const source_address& source) {
  incoming_invite out;
  out.source_ip = source.ip;
  out.source_port = source.port;
  out.transport = transport_of(message);
  out.request_uri = text_of(message->sip_request->rq_url);
  out.to = text_of(message->sip_to->a_url);
  out.from = text_of(message->sip_from->a_url);
  out.from_display = unquoted(message->sip_from->a_display);
  for (const auto* identity = sip_p_asserted_identity(message);
       identity && out.p_asserted_identities.size() < identities_most; identity = identity->paid_next)
    out.p_asserted_identities.push_back(text_of(identity->paid_url));
  for (const auto* party = sip_remote_party_id(message); party; party = party->rpid_next) {
    if (party->rpid_party && su_casematch(party->rpid_party, "called")) continue;
    out.remote_party_id = text_of(party->rpid_url);
    out.remote_party_privacy = copied(party->rpid_privacy);
    break;
  }
  if (const auto* privacy = message->sip_privacy; privacy && privacy->priv_values) {
    for (auto value = privacy->priv_values; *value; ++value) {
      if (!out.privacy.empty()) out.privacy += ';';
      out.privacy += *value;
    }
  }
  if (message->sip_max_forwards)
    out.max_forwards = static_cast<int>(std::min(message->sip_max_forwards->mf_count, 255UL));
  out.sdp = sdp_of(message);
  out.sip_call_id = copied(message->sip_call_id ? message->sip_call_id->i_id : nullptr);
  out.identities = identities_of(message);
  read_diversions(message, out);
  return out;
}

std::string text_of(const url_t* uri) {
  if (!uri) return {};
  const std::unique_ptr<su_home_t, su_home_deleter> home(
      static_cast<su_home_t*>(su_home_new(sizeof(su_home_t))));
  if (!home) throw std::bad_alloc();
  return copied(url_as_string(home.get(), uri));
}

std::string name_address(std::string_view display, std::string_view uri) {
  std::string out;
  if (!display.empty() && is_one_line(display)) {
    out.push_back('"');
    for (const char c : display) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out += "\" ";
  }
  return out.append("<").append(uri).append(">");
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_plain_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() && is_one_line(text) &&
         text.find_first_of(" \"<>") == std::string_view::npos;
}

bool same_hop(std::string_view one, std::string_view other) {
  const auto parsed = [](su_home_t* home, std::string_view text) {
    return url_hdup(home, reinterpret_cast<const url_t*>(std::string(text).c_str()));
  };
  const auto transport = [](const url_t* uri) {
    std::array<char, 16> name{};
    if (!uri->url_params || url_param(uri->url_params, "transport", name.data(), name.size()) <= 1)
      return std::string(uri->url_type == url_sips ? "tls" : "udp");
    return std::string(name.data());
  };
  const std::unique_ptr<su_home_t, su_home_deleter> home(
      static_cast<su_home_t*>(su_home_new(sizeof(su_home_t))));
  if (!home) throw std::bad_alloc();
  const url_t* a = parsed(home.get(), one);
  const url_t* b = parsed(home.get(), other);
  if (!a || !b || !a->url_host || !b->url_host) return false;
  const char* a_port = url_port(a);
  const char* b_port = url_port(b);
  return su_casematch(a->url_host, b->url_host) && su_strmatch(a_port ? a_port : "", b_port ? b_port : "") &&
         su_casematch(transport(a).c_str(), transport(b).c_str());
}

}  // namespace tollgate::pstn::sip
