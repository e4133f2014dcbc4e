// SPDX-License-Identifier: Apache-2.0
// Who one is: the login authority's signed statement that a name belongs to a P-256 key (the key by RFC 7800
// "cnf"), and the proof that one holds that key. wire.md "Credentials" is the specification. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/key.hpp"

namespace tollgate::gateway::overlay {

using wall_time = std::chrono::system_clock::time_point;

inline constexpr std::chrono::hours credential_lifetime{24};
// Tokens and proofs live this long before and after their iat.
inline constexpr std::chrono::seconds token_freshness{60};

enum class credential_role : std::uint8_t { subscriber, node };

struct credential {
  std::string name;  // of the subscriber or of the node
  credential_role role = credential_role::subscriber;
  public_key holder;                           // the device's key, or the node's
  std::vector<std::string> capabilities = {};  // "call", "voicemail", ...
  wall_time issued_at = {};                    // whole seconds
  wall_time expires_at = {};
  std::int64_t generation = 0;  // of the subscriber's credentials: it is good while that is the one in force
};

// The authority's signature over it, as a compact JWS of typ "tollgate-credential".
std::string sign_credential(const private_key& authority, const credential& content);

// Errors: those of verify_jws, credential_foreign (another authority or another role), credential_expired.
boost::system::result<credential> verify_credential(std::string_view token, const public_key& authority,
                                                    credential_role role, wall_time now);

// Proof of possession at attach: the device signs the node's nonce and name (typ "tollgate-attach").
std::string sign_attach_proof(const private_key& device, std::string_view subscriber, std::string_view node,
                              std::string_view nonce, wall_time now);

// Errors: those of verify_jws, token_stale, token_wrong_origin (another subscriber), token_wrong_destination
// (another node), token_replayed (another nonce).
boost::system::result<void> verify_attach_proof(std::string_view token, const credential& holder,
                                                std::string_view node, std::string_view nonce, wall_time now);

}  // namespace tollgate::gateway::overlay
