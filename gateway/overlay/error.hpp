// SPDX-License-Identifier: Apache-2.0
// What may go wrong in gateway/overlay with frames, tokens, datagrams and connections: one error enum for the
// room, and `refusal`, an error as it travels between the two ends (a code and a sentence).
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <type_traits>

namespace tollgate::gateway::overlay {

enum class overlay_error {
  // frames
  frame_too_large = 1,  // more than 16 KiB
  frame_malformed,      // not a JSON object of the members that wire.md allows
  frame_unsupported,    // a version other than 1
  // keys, tokens, credentials
  key_malformed,            // not a P-256 key in PEM or JWK
  token_malformed,          // not a compact JWS, or a claim is absent or of the wrong kind
  token_wrong_algorithm,    // "alg" is not ES256
  token_wrong_type,         // "typ" is not the one that belongs here
  token_bad_signature,      // not signed by the expected key
  token_stale,              // issued more than 60 s ago or ahead
  token_replayed,           // this jti was seen before
  token_wrong_origin,       // the caller is another one than the session's
  token_wrong_destination,  // meant for another callee, node or subscriber
  token_wrong_call,         // another call id or role
  token_wrong_offer,        // an answer that does not name the offer
  token_wrong_fingerprint,  // "mky" is not the fingerprint of the description
  token_wrong_description,  // the description is not the one that was signed
  token_wrong_profile,      // asks for an SRTP profile other than SRTP_AEAD_AES_256_GCM, or another version
  credential_expired,       // or not valid yet
  credential_foreign,       // signed by another authority, or for another role
  certificate_invalid,      // X.509 that cannot be read, made or written
  // descriptions
  description_malformed,    // not SDP, or an attribute is malformed
  description_unsupported,  // no ICE, no DTLS, no Opus, no rtcp-mux: not a WebRTC audio call
  // datagrams
  stun_malformed,      // not a STUN message, or attributes that contradict its length
  stun_bad_integrity,  // MESSAGE-INTEGRITY absent or wrong
  stun_unexpected,     // not a Binding request to this agent
  // connections
  address_invalid,    // not a wss:// address
  connection_failed,  // name not found, refused, reset
  tls_failed,         // certificate not trusted, or no common version
  connection_closed,  // by the other end, or by close()
  deadline_passed,    // nothing came in time
  queue_full,         // the other end does not read
  protocol_violated,  // a frame that does not belong here
};

const boost::system::error_category& overlay_category() noexcept;
boost::system::error_code make_error_code(overlay_error error) noexcept;

// The error's name as it stands in `error` frames: "token_stale". wire.md lists them.
std::string_view to_code(overlay_error error) noexcept;

// A refusal as it is told to the other end: a stable code ("wrong_passphrase") and an English sentence.
struct refusal {
  std::string code;
  std::string text;

  bool operator==(const refusal&) const = default;
};
refusal to_refusal(overlay_error error);

// What either end answers to the other: a value or a refusal.
template <class T>
using answer = boost::system::result<T, refusal>;

// Makes answer<T>::value() throw std::runtime_error with code and text (called by Boost.System).
[[noreturn]] void throw_exception_from_error(const refusal& error, const boost::source_location& location);

}  // namespace tollgate::gateway::overlay

template <>
struct boost::system::is_error_code_enum<tollgate::gateway::overlay::overlay_error> : std::true_type {};
