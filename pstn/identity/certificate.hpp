// SPDX-License-Identifier: Apache-2.0
// A certificate that vouches for callers' numbers (RFC 8226), with those that lead from it to its authority.
// Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "pstn/identity/error.hpp"
#include "pstn/identity/number_authority.hpp"

struct evp_pkey_st;
struct x509_st;

namespace tollgate::pstn::identity {

inline constexpr std::size_t chain_size_max_bytes = 64 * 1024;
inline constexpr std::size_t chain_most_certificates = 10;

/// A value whose copies share what never changes; safe to be used by several threads.
class certificate_chain {
 public:
  /// PEM (RFC 8226 §6, application/pem-certificate-chain), the signer's certificate first, or the DER of a
  /// single one. Errors: credential_malformed, also for a key that is not on P-256.
  static boost::system::result<certificate_chain> read(std::string_view content);

  x509_st* leaf() const noexcept { return certificates_.front().get(); }
  evp_pkey_st* key() const noexcept { return key_; }
  const std::vector<std::shared_ptr<x509_st>>& certificates() const noexcept { return certificates_; }
  /// None: the certificate has no TNAuthorizationList, or one that cannot be read.
  const std::optional<number_authority>& authority() const noexcept { return authority_; }

 private:
  certificate_chain() = default;
  std::vector<std::shared_ptr<x509_st>> certificates_;  // not empty
  evp_pkey_st* key_ = nullptr;                          // the leaf's own
  std::optional<number_authority> authority_;
};

/// All certificates of a PEM text; empty: there is none, or one that cannot be read.
std::vector<std::shared_ptr<x509_st>> read_certificates(std::string_view pem);

}  // namespace tollgate::pstn::identity
