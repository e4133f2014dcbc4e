// SPDX-License-Identifier: Apache-2.0
// The few questions asked of a SIP or tel URI (RFC 3261 §19, RFC 3966) above the SIP stack. Free of IO.
#pragma once

#include <string>
#include <string_view>

namespace tollgate::pstn::sip {

/// The user part of "sip:user:password@host;p" without parameters, or the digits of "tel:+1650…;p",
/// percent-decoded; empty when there is none, and for any other scheme. Never fails.
std::string user_of(std::string_view uri);

/// The phone-context of a telephone-subscriber (RFC 3966 §5.1.5): a parameter of a tel URI, or of the user
/// part of a sip URI; empty when there is none.
std::string phone_context_of(std::string_view uri);

/// The host of a sip or sips URI without brackets, port and parameters; empty when there is none.
std::string_view host_of(std::string_view uri);

}  // namespace tollgate::pstn::sip
