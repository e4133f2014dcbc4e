// SPDX-License-Identifier: Apache-2.0
// The INVITE for a call on a trunk, and the URI for its OPTIONS. Free of IO.
#pragma once

#include <string>
#include <string_view>

#include "pstn/number/phone_number.hpp"
#include "pstn/sip/address_family.hpp"
#include "pstn/sip/events.hpp"
#include "pstn/trunk/caller_id.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// Everything but the SDP offer. `gateway_host` as in caller_of().
sip::invite make_invite(const trunk& by, const phone_number& number, const caller_identity& caller,
                        std::string_view gateway_host);

/// The same for an emergency number, dialled as people dial it there: "112".
sip::invite make_emergency_invite(const trunk& by, std::string_view digits, const caller_identity& caller,
                                  std::string_view gateway_host);

/// The REGISTER of a trunk that `registers` (it has a digest account then).
sip::registration_request make_registration(const trunk& by);

/// "sip:192.0.2.1:5060;transport=udp": the next hop, and the target of OPTIONS.
std::string next_hop(const trunk& by);

/// Of the address that is the next hop; ipv4 where it is a name that has led nowhere yet.
sip::address_family family_of(const trunk& by);

}  // namespace tollgate::pstn::trunk
