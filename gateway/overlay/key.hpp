// SPDX-License-Identifier: Apache-2.0
// P-256 keys: of the login authority, of a node, of a subscriber's device, of certificates. PEM on disk, JWK
// (RFC 7517, RFC 7518 §6.2) on the wire, JWK thumbprint (RFC 7638) as the key's name. Free of IO.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/overlay/error.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tollgate::gateway::overlay {

// The public half. A value: copies share the key, which never changes. Safe to use from several threads.
class public_key {
 public:
  // {"kty":"EC","crv":"P-256","x":…,"y":…}; other members are ignored. Errors: key_malformed, also for a
  // point that is not on the curve.
  static boost::system::result<public_key> from_jwk(const boost::json::value& jwk);

  boost::json::object to_jwk() const;
  // RFC 7638, SHA-256, base64url: 43 characters.
  const std::string& thumbprint() const noexcept { return thumbprint_; }
  evp_pkey_st* native() const noexcept { return key_.get(); }

  bool operator==(const public_key& other) const noexcept { return thumbprint_ == other.thumbprint_; }

 private:
  friend class private_key;
  explicit public_key(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  std::string thumbprint_;
};

// A key pair. Like public_key a value that shares what never changes.
class private_key {
 public:
  // A fresh key. Throws std::runtime_error when the library has no randomness.
  static private_key generate();
  // PKCS #8 or SEC 1 PEM without pass-phrase. Errors: key_malformed.
  static boost::system::result<private_key> from_pem(std::string_view pem);

  std::string to_pem() const;  // PKCS #8; keep it in a file of mode 0600
  const public_key& public_part() const noexcept { return public_; }
  evp_pkey_st* native() const noexcept { return key_.get(); }

 private:
  explicit private_key(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  public_key public_;
};

}  // namespace tollgate::gateway::overlay
