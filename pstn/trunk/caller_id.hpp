// SPDX-License-Identifier: Apache-2.0
// The caller's number on its way out and in: number formats, RFC 3325 P-Asserted-Identity, Remote-Party-ID,
// From, and RFC 3323 privacy. Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "pstn/sip/events.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

struct caller_identity {
  std::optional<phone_number> number;  // none: unknown, or withheld by the far end
  std::string display;                 // name; may be empty
  bool withheld = false;               // the number must not be shown to the called party
  // Somebody whom we trust has told it. Else it may be shown to the owner of the number that was called, but we
  // do not pass it on as our own word (RFC 3325 §5).
  bool vouched_for = true;
};

/// Who calls, in the fields of an INVITE.
struct caller_fields {
  std::string from_uri;
  std::string from_display;
  std::vector<sip::header> headers;
};

/// A number as the trunk's carrier wants it: "+442079460958", "00442079460958", "02079460958"
/// (number_format::national inside the trunk's region), ...
std::string written(const trunk& by, const phone_number& number);

/// The SIP URI by which the trunk's carrier knows a number of ours; `gateway_host` as in caller_of().
std::string number_uri(const trunk& by, const phone_number& number, std::string_view gateway_host);

/// A number as the carrier writes it, read back; nothing for what is none.
std::optional<phone_number> read_number(const trunk& from, std::string_view text);

/// The number in a tel or sip URI: RFC 3966's visual separators are skipped, and a local number with a global
/// phone-context ("7946 0958" in "+4420") is completed by it.
std::optional<phone_number> read_uri(const trunk& from, std::string_view uri);

/// The caller's fields for an outbound INVITE. Without a number the trunk's default_caller is shown, and
/// without that, or when withheld, From is anonymous (RFC 3323 §4.1); a withheld number is still asserted to
/// the carrier with "Privacy: id". `gateway_host` is our address as the carrier sees it.
caller_fields caller_of(const trunk& to, const caller_identity& caller, std::string_view gateway_host);

/// Who calls us: P-Asserted-Identity before Remote-Party-ID before From; over a trunk whose identities are
/// not trusted From alone (RFC 3325 §9.1). Withheld if the Privacy header or an anonymous From says so.
caller_identity caller_from(const trunk& from, const sip::incoming_invite& invite);

/// Which number is called: the request URI's user, else that of To.
std::optional<phone_number> called_from(const trunk& from, const sip::incoming_invite& invite);

}  // namespace tollgate::pstn::trunk
