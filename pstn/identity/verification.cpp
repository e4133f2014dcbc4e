// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/verification.hpp"

#include <algorithm>

#include "pstn/identity/identity_header.hpp"

namespace tollgate::pstn::identity {

boost::system::result<unverified_passport> examine(const claimed_call& call, wall_time now) {
  auto read = read_identity(call.identities);
  if (!read) return read.error();
  const auto& says = read->says;
  if (says.issued_at < now - freshness || says.issued_at > now + freshness) return identity_error::stale;
  const auto is_ours = [&](const std::string& number) {
    return std::find(call.destinations.begin(), call.destinations.end(), number) != call.destinations.end();
  };
  if (call.origin.empty() || says.origin != call.origin ||
      std::none_of(says.destinations.begin(), says.destinations.end(), is_ours))
    return identity_error::number_mismatch;
  return read;
}

boost::system::result<attestation> verify(const unverified_passport& claim, const certificate_chain& chain,
                                          const authorities& trusted, wall_time now) {
  if (const auto valid = trusted.check(chain, claim.says.origin, now); !valid) return valid.error();
  if (!is_signed_by(claim, chain.key())) return identity_error::bad_signature;
  return claim.says.attest;
}

std::string verdict::text() const {
  if (failed_) return "failed_" + std::string(name(*failed_));
  if (!known_) return "none";
  return std::string("verified_") + static_cast<char>(letter(*known_) - 'A' + 'a');
}

}  // namespace tollgate::pstn::identity
