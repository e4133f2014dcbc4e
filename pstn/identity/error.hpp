// SPDX-License-Identifier: Apache-2.0
// What may be wrong with an Identity header and with what stands behind it: one error enum for the room, with
// the SIP answers of RFC 8224 §6.2.2. Free of IO.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>
#include <type_traits>

namespace tollgate::pstn::identity {

enum class identity_error {
  malformed = 1,           ///< no Identity header of RFC 8224, or no PASSporT of RFC 8225 in it
  unsupported,             ///< only PASSporTs of other kinds than "shaken" (RFC 8588), or another algorithm
  stale,                   ///< signed too long ago, or in the future
  number_mismatch,         ///< of another caller, or another callee
  credential_unavailable,  ///< the certificate cannot be fetched, or must not be (RFC 8224: 436)
  credential_malformed,    ///< what is there is no certificate for ES256
  credential_untrusted,    ///< by none of the authorities, not valid now, or not for this number (RFC 8226)
  bad_signature,
};

struct sip_refusal {
  int status;
  const char* phrase;
};

/// The answer to an INVITE with that (RFC 8224 §6.2.2): 403 "Stale Date", 436, 437, 438.
sip_refusal refusal_of(identity_error error);
/// The answer to an INVITE without any Identity, where one is required: 428.
inline constexpr sip_refusal identity_required{428, "Use Identity Header"};

/// "stale", "number_mismatch", …: for records.
std::string_view name(identity_error error);

const boost::system::error_category& identity_category() noexcept;
boost::system::error_code make_error_code(identity_error error) noexcept;

}  // namespace tollgate::pstn::identity

template <>
struct boost::system::is_error_code_enum<tollgate::pstn::identity::identity_error> : std::true_type {};
