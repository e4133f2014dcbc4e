// SPDX-License-Identifier: Apache-2.0
// The authentication service of RFC 8224 §4.1: signs our calls' Identity. Free of IO.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pstn/identity/identity_header.hpp"
#include "pstn/identity/passport.hpp"

namespace tollgate::pstn::identity {

/// Safe to be used by several threads.
class signer {
 public:
  /// `key_pem`: a private key on P-256 without a pass-phrase. `certificate_url`: where its certificate chain
  /// is for all to fetch. Throws std::invalid_argument for another key, or what is no https URL.
  signer(std::string_view key_pem, std::string certificate_url);

  struct call {
    attestation attest;
    std::string origin;       ///< canonical: E.164 digits
    std::string destination;  ///< the same
    std::string origin_id;    ///< UUID
  };

  /// The value of the Identity header.
  std::string identity_of(const call& what, wall_time now) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::string certificate_url_;
};

/// The value of the Date header that goes with it (RFC 3261 §20.17, RFC 8224 §4.1): "Sat, 13 Nov 2010
/// 23:29:00 GMT".
std::string date_header(wall_time now);

}  // namespace tollgate::pstn::identity
