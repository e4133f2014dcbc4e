// SPDX-License-Identifier: Apache-2.0
// Credentials for a TURN relay that shares a secret with the gateway and nothing else
// (draft-uberti-behave-turn-rest-00; coturn's use-auth-secret): good for minutes, and for one account. Free
// of IO.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::overlay {

// Which relays devices are sent to. No urls: none.
struct turn_options {
  std::vector<std::string> urls;  // RFC 7065: "turn:relay.example:3478?transport=tcp", "turns:…"
  std::string secret;             // the relay's static-auth-secret
  std::chrono::seconds lifetime{600};
};

struct turn_credentials {
  std::string username;  // "<seconds since 1970 at which it ends>:<account>"
  std::string password;  // base64 of HMAC-SHA-1 of the username by the secret, as the relay computes it
};

// `account` binds the relay's quotas to the subscriber. Throws std::runtime_error when the library refuses.
turn_credentials make_turn_credentials(const turn_options& relay, std::string_view account,
                                       std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway::overlay
