// SPDX-License-Identifier: Apache-2.0
// Digest authentication as a plug-in of Sofia's client authenticators: Debian's own knows MD5 only and fails
// a request whose challenge offers SHA-256 as well.
#pragma once

#include <optional>
#include <string>

#include "pstn/sip/events.hpp"
#include "pstn/sip/realm_pins.hpp"
#include "pstn/sip/sofia.hpp"

namespace tollgate::pstn::sip {

/// Puts our plug-in in the place of Sofia's. Once in a process, before any user agent.
void register_digest_client();

/// How the Digest challenges of a 401 or 407 response are answered.
struct challenge_answer {
  std::string realm;  ///< of the one that is
  std::string tag;    ///< what nua_authenticate() takes (NUTAG_AUTH)
};

/// Nothing when none of them has one of these realms; empty: any will do.
std::optional<challenge_answer> answer_to_challenge(const sip_t* response, const digest_credentials& credentials,
                                                    const realms& answered);

}  // namespace tollgate::pstn::sip
