// SPDX-License-Identifier: Apache-2.0
// The signed token of each offer and answer, in the shape of a PASSporT (RFC 8225): who calls whom, when,
// with which DTLS certificate ("mky"), which description, which SRTP profile. wire.md "Call tokens" is the
// specification. Free of IO; the time is an argument.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "gateway/overlay/certificate.hpp"
#include "gateway/overlay/credential.hpp"
#include "gateway/overlay/error.hpp"
#include "gateway/overlay/key.hpp"

namespace tollgate::gateway::overlay {

inline constexpr std::string_view required_srtp_profile = "SRTP_AEAD_AES_256_GCM";

// Remembers token ids for 120 s, twice the freshness of a token, so that none is accepted twice. Bounded:
// when full it refuses rather than forgets.
class replay_cache {
 public:
  explicit replay_cache(std::size_t entries_max = 65536) : entries_max_(entries_max) {}

  // True once for each id; false when it was seen before, or the cache is full.
  bool remember(std::string_view token_id, wall_time now);
  std::size_t size() const noexcept { return ids_.size(); }

 private:
  std::size_t entries_max_;
  std::unordered_set<std::string> ids_;
  std::deque<std::pair<wall_time, std::string>> by_age_;
};

enum class call_role : std::uint8_t { offer, answer };

// What a token says of one description of one call.
struct call_claims {
  std::string token_id = {};  // "jti"; made by sign_call_token when empty
  std::string call;           // uuid of the call, chosen by the offerer
  call_role role = call_role::offer;
  std::string origin;               // who calls: "tollgate:alice", "tel:+16505550100", "anonymous"
  std::string destination;          // whom: the offer's `to`
  std::string audience;             // name of the node or subscriber that is to read the token
  std::string offer_token_id = {};  // "ofr": in an answer, the jti of the offer's token
  fingerprint certificate = {};     // "mky"
  std::string sdp = {};             // signed by its SHA-256
};

struct signed_call_token {
  std::string token;     // compact JWS of typ "tollgate-call"
  std::string token_id;  // its jti
};
signed_call_token sign_call_token(const private_key& key, const call_claims& claims, wall_time now);

// Checks a token against what the reader knows (every member of `expected` but token_id) and remembers its
// jti; returns the jti. Errors: those of verify_jws, and token_stale, token_replayed, token_wrong_origin,
// token_wrong_destination, token_wrong_call, token_wrong_offer, token_wrong_fingerprint,
// token_wrong_description, token_wrong_profile.
boost::system::result<std::string> verify_call_token(std::string_view token, const public_key& signer,
                                                     const call_claims& expected, wall_time now,
                                                     replay_cache& seen);

}  // namespace tollgate::gateway::overlay
