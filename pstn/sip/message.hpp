// SPDX-License-Identifier: Apache-2.0
// Copies what the room needs out of Sofia's parsed messages, which live only inside its callbacks, and writes
// the header values that are ours. Every text that comes from outside is bounded by the size of one message.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pstn/sip/digest_server.hpp"
#include "pstn/sip/events.hpp"
#include "pstn/sip/sofia.hpp"
#include "pstn/sip/user_agent.hpp"

namespace tollgate::pstn::sip {

/// The body when it is SDP (RFC 3261 §20.15); empty otherwise.
std::string sdp_of(const sip_t* message);

/// A body that is there and is not SDP.
bool has_foreign_body(const sip_t* message);

/// Cause and text of the Reason headers (RFC 3326): Q.850 first, for the text any other protocol after it.
struct reason {
  std::optional<int> q850;
  std::string text;
};
reason reason_of(const sip_t* message);

/// `Q.850;cause=16;text="..."`; empty for a cause outside 1–127.
std::string reason_header(int q850, std::string_view text);

std::optional<std::chrono::seconds> retry_after_of(const sip_t* message);

/// Did a far end send this response? The stack makes one of its own when a transaction times out (408) or a
/// transport fails (503).
bool is_from_far_end(const sip_t* message);

/// Where a received message came from.
source_address source_of(msg_t* message);
source_address source_of(const su_sockaddr_t& from);

/// The first digest claim for this realm among the Authorization headers.
std::optional<digest_claim> claim_of(const sip_t* message, std::string_view realm);

/// "tcp" of a next hop such as "sip:192.0.2.1;transport=tcp"; "tls" of a sips URI; "udp" where nothing is said.
std::string transport_of(std::string_view uri);
/// By which transport a request came: the topmost Via's.
std::string transport_of(const sip_t* message);

/// Where the far end of a dialog reaches us, as a Contact header: by the transport that the dialog has, which
/// the stack's own choice is not (it tells udp, or a sips URI). Empty for udp: there the stack's is right.
std::string contact_by(const user_agent_options& ours, std::string_view transport, std::string_view user = {});

/// Everything of an INVITE except its key and who has been authenticated.
incoming_invite read_invite(const sip_t* message, const source_address& source);

/// "scheme:user@host..." of a parsed URI.
std::string text_of(const url_t* uri);

/// `"display" <uri>`, the display quoted by RFC 3261 §25.1.
std::string name_address(std::string_view display, std::string_view uri);

/// Whether a text may stand inside a header: no control characters.
bool is_one_line(std::string_view text);

/// Whether a text may stand between < and >: one line, no blanks, quotes or angle brackets, a scheme and
/// something after it.
bool is_plain_uri(std::string_view text);

/// Whether two URIs ("sip:" without user allowed) name the same next hop: host, port and transport.
bool same_hop(std::string_view one, std::string_view other);

}  // namespace tollgate::pstn::sip
