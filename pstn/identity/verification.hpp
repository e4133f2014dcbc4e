// SPDX-License-Identifier: Apache-2.0
// The verification service of RFC 8224 §6.2, in the two halves between which a certificate is fetched, and
// what comes of it. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "pstn/identity/authorities.hpp"
#include "pstn/identity/passport.hpp"

namespace tollgate::pstn::identity {

/// RFC 8224 §6.2.1 leaves it to us, ATIS-1000074 §5.3.1 says 60 s; the same ahead, for clocks that differ.
inline constexpr std::chrono::seconds freshness{60};

/// A call as it has come in. Numbers are canonical: E.164 digits.
struct claimed_call {
  std::vector<std::string> identities;    ///< the values of its Identity headers
  std::string origin;                     ///< the caller that would be told; empty: unknown
  std::vector<std::string> destinations;  ///< whom it may be signed for: one of these
};

/// What can be told without a certificate. Errors: malformed, unsupported, stale, number_mismatch.
boost::system::result<unverified_passport> examine(const claimed_call& call, wall_time now);

/// The rest, with the chain that is at `claim.says.certificate_url`. Errors: credential_untrusted,
/// bad_signature.
boost::system::result<attestation> verify(const unverified_passport& claim, const certificate_chain& chain,
                                          const authorities& trusted, wall_time now);

/// What became of a call's Identity, for its devices and its record.
class verdict {
 public:
  verdict() = default;                           ///< there is none
  verdict(attestation known) : known_(known) {}  // NOLINT: a verdict is either
  verdict(identity_error why) : failed_(why) {}  // NOLINT
  const std::optional<attestation>& known() const { return known_; }
  const std::optional<identity_error>& failed() const { return failed_; }

  /// "verified_a", "verified_b", "verified_c", "none", or "failed_" and the error's name.
  std::string text() const;

 private:
  std::optional<attestation> known_;
  std::optional<identity_error> failed_;
};

}  // namespace tollgate::pstn::identity
