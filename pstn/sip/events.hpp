// SPDX-License-Identifier: Apache-2.0
// The value types of the SIP user agent: what is asked of it and what it tells. No SIP stack is visible here,
// so that the rooms above do not change when the stack does.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tollgate::pstn::sip {

/// One call attempt or one OPTIONS probe for as long as the user agent lives; never used twice.
/// user_agent::next_call_key().
struct call_key {
  std::uint64_t value = 0;
  auto operator<=>(const call_key&) const = default;
};

/// A header that the user agent does not write itself, e.g. {"P-Asserted-Identity",
/// "<sip:+442079460958@example.net>"}. Name and value must be one line; a header with a control character in
/// it is left out.
struct header {
  std::string name;
  std::string value;
};

/// Digest access authentication towards a carrier (RFC 3261 §22, RFC 8760: SHA-256 is preferred to MD5 when
/// both are offered).
struct digest_credentials {
  std::string realm;  ///< the only realm that is answered; empty: those for which the host has first taken them
  std::string username;
  std::string password;
};

/// A redirection of a call (RFC 5806 Diversion): who it was meant for before.
struct diversion {
  std::string uri;  ///< who redirected it, e.g. "sip:+16505550100@gateway.example"
  std::string reason =
      "unknown";          ///< RFC 5806 §4: "user-busy", "no-answer", "unavailable", "unconditional", …
  int counter = 1;        ///< how many redirections the entry stands for, 1–99
  bool withheld = false;  ///< the called party must not be told of it (privacy)
};

/// One step of a call's way (RFC 7044 §5, hi-entry).
struct history_entry {
  std::string uri;      ///< whom the request was for then, e.g. "sip:+16505550100@gateway.example;cause=486": why it
                        ///< came to this one (RFC 4458)
  std::string headers;  ///< of that URI, escaped: "Reason=SIP%3Bcause%3D486&Privacy=history"; empty: none
  std::string index;    ///< its place: "1", "1.1"
  std::string change;   ///< from which place and how it came here: "rc=1", "mp=1", "np=1"; empty: that is not told
};

/// An INVITE to send. The SDP is always an offer.
struct invite {
  std::string request_uri;   ///< e.g. "sip:+442079460958@carrier.example"
  std::string to_uri;        ///< empty: the request URI
  std::string from_uri;      ///< e.g. "sip:+16505550100@gateway.example"
  std::string from_display;  ///< may be empty
  std::string route;         ///< next hop "sip:192.0.2.1:5060;transport=udp"; empty: the request URI decides
  std::vector<header> headers;        ///< beyond those of the dialog
  std::vector<diversion> diversions;   ///< that it has been through, the latest first: a Diversion header each
  std::vector<history_entry> history;  ///< the same from its beginning, this request last: History-Info
  std::string sdp;
  std::optional<digest_credentials> credentials;  ///< without them a challenge is a failure (401 or 407)
  std::string sip_call_id;                        ///< empty: made by the user agent
  int max_forwards = 70;                          ///< RFC 3261 §20.22; 0 to 255
  /// Whether it offers 100rel (RFC 3262). The stack makes the first branch that answers reliably the call: what
  /// another branch of a forking carrier answers is ended.
  bool reliable_progress = true;
};

/// An address that is to be kept registered at a carrier.
struct registration_request {
  std::string registrar_uri;      ///< "sip:carrier.example"
  std::string address_of_record;  ///< "sip:user@carrier.example"
  std::string route;              ///< as in `invite`
  digest_credentials credentials;
  std::chrono::seconds expires{600};  ///< asked for; it is refreshed well before
};

/// A provisional answer (101–199) to our INVITE; 100 is not told. `sdp` is not empty with early media.
struct provisional {
  call_key key;
  int status = 0;
  std::string phrase;
  std::string sdp;
};

/// A 2xx to our INVITE; the ACK is already on its way. `sdp` is the answer; when the 2xx had none, that of
/// the reliable provisional answer before it (RFC 3262 §5).
struct answered {
  call_key key;
  std::string sdp;
  std::string contact;  ///< URI of the far end's Contact
};

/// Our INVITE ended without an answer. `status` is the SIP status; 408 also when nothing at all came back in
/// time, 503 also when the next hop could not be reached. Always followed by `ended`.
struct failed {
  call_key key;
  int status = 0;
  std::string phrase;
  std::optional<int> q850;  ///< cause of a Reason header (RFC 3326)
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  ///< text of the Reason header
  bool heard = true;   ///< the far end said it, or had said something before: no time-out or failed transport
};

/// An INVITE that was admitted; 100 has been sent. Answer with send_progress, answer or reject.
struct incoming_invite {
  call_key key;
  std::string source_ip;
  std::uint16_t source_port = 0;
  std::string transport;  ///< "udp", "tcp", "tls"
  std::string request_uri;
  std::string to;    ///< URI
  std::string from;  ///< URI
  std::string from_display;
  std::vector<std::string> p_asserted_identities;  ///< URIs, two at most (RFC 3325 §9.1: a sip and a tel one)
  std::string remote_party_id;                     ///< URI of the calling party; empty: none
  std::string remote_party_privacy;                ///< its "privacy": "full", "off", …; empty: none
  std::string privacy;              ///< the Privacy header's values joined by ';' (RFC 3323); empty: none
  std::string sdp;  ///< the offer; empty: our answer must be the offer and `acknowledged` brings its answer
  std::string sip_call_id;
  int max_forwards = 70;  ///< hops that are left to whoever passes the call on (RFC 3261 §20.22)
  std::string authenticated_user;  ///< who has proved by digest to be this; empty: nobody was asked
  std::vector<std::string> identities;  ///< values of its Identity headers (RFC 8224), unread
  std::vector<diversion> diversions;    ///< that it has been through (RFC 5806, RFC 7044), the latest first
  std::size_t diversion_count =
      0;  ///< how many, by all that the headers tell: may be more than `diversions` has
  std::vector<history_entry> history;  ///< its History-Info as it came, the oldest first, where all of it can be carried
                                       ///< on and Diversion tells no more; else empty
};

/// The caller gave up before our answer: 200 to the CANCEL and 487 to the INVITE have been sent. Followed by
/// `ended`.
struct cancelled {
  call_key key;
  std::optional<int> q850;
  std::string reason;
};

/// The ACK of our answer. `sdp` is not empty only when the offer was ours. `offer`: where it was the one of a
/// session refresh, which the user agent makes by itself of our last description: `sdp` is its answer then, and
/// differs from what the far end had said before.
struct acknowledged {
  call_key key;
  std::string sdp;
  std::string offer{};
};

/// A BYE that waits for confirm_bye(); unanswered after user_agent_options::bye_confirmation it is answered
/// by itself.
struct bye_received {
  call_key key;
  std::optional<int> q850;
  std::string reason;
};

/// The dialog is gone for good; the last event of a key.
struct ended {
  call_key key;
};

/// A re-INVITE or UPDATE with an offer that differs from the last one (e.g. hold, a new address):
/// answer_reinvite() answers it. Mere refreshes are answered with the last SDP and are not told. An empty
/// `sdp`: a re-INVITE that wants an offer of ours (RFC 3261 §14.2); `acknowledged` brings its answer if that
/// is a new one.
struct reinvite {
  call_key key;
  std::string sdp;
};

/// A digit in an INFO of type application/dtmf-relay or application/dtmf.
struct info_dtmf {
  call_key key;
  char digit = 0;  ///< 0–9 * # A–D
  std::chrono::milliseconds duration{};
};

/// What an unsolicited NOTIFY tells (RFC 6665 §4, e.g. RFC 3842).
struct notice {
  std::string event;         ///< "message-summary"
  std::string content_type;  ///< "application/simple-message-summary"
  std::string body;
};

/// What came of send_notify(); 408 when nothing came back in time. The only event of its key.
struct notify_result {
  call_key key;
  int status = 0;
};

/// What came of send_options(); 408 when nothing came back in time. The only event of its key.
struct options_result {
  call_key key;
  int status = 0;
};

/// What became of a REGISTER, first or repeated: 2xx and how long it lasts, or the refusal (503 also when
/// nobody could be reached) and when it is tried again.
struct registration_result {
  call_key key;
  int status = 0;
  std::chrono::seconds expires{0};
  std::chrono::seconds retry_in{0};
};

using event =
    std::variant<provisional, answered, failed, incoming_invite, cancelled, acknowledged, bye_received, ended,
                 reinvite, info_dtmf, options_result, notify_result, registration_result>;

/// The key of any event.
inline call_key key_of(const event& any) {
  return std::visit([](const auto& one) { return one.key; }, any);
}

}  // namespace tollgate::pstn::sip

template <>
struct std::hash<tollgate::pstn::sip::call_key> {
  std::size_t operator()(tollgate::pstn::sip::call_key key) const noexcept {
    return std::hash<std::uint64_t>{}(key.value);
  }
};
