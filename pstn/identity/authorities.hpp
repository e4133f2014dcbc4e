// SPDX-License-Identifier: Apache-2.0
// The authorities whose certificates are believed (ATIS-1000084 calls their list that of the STI-PA), and
// whether a certificate is by one of them. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <memory>
#include <string_view>

#include "pstn/identity/certificate.hpp"
#include "pstn/identity/passport.hpp"

struct x509_store_st;

namespace tollgate::pstn::identity {

/// Safe to be used by several threads.
class authorities {
 public:
  /// PEM of one or more. Throws std::invalid_argument for what is none.
  explicit authorities(std::string_view pem);

  /// Whether the chain leads to one of them, holds at `now` (RFC 5280 §6), may sign (keyUsage) and speaks for
  /// `number`: a TNAuthorizationList must be in it. Revocation is not asked for. Error: credential_untrusted.
  boost::system::result<void> check(const certificate_chain& chain, std::string_view number,
                                    wall_time now) const;

 private:
  std::shared_ptr<x509_store_st> store_;
};

}  // namespace tollgate::pstn::identity
