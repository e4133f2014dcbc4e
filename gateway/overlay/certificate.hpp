// SPDX-License-Identifier: Apache-2.0
// The self-signed P-256 certificate of a DTLS end and its SHA-256 fingerprint (RFC 8122 §5). Free of IO; the
// time is an argument.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/key.hpp"

struct x509_st;  // OpenSSL's X509

namespace tollgate::gateway::overlay {

// SHA-256 over the DER of a certificate.
struct fingerprint {
  std::array<std::byte, 32> octets{};

  std::string to_text() const;  // "AB:CD:…", as after "a=fingerprint:sha-256 "
  // Nothing but 32 pairs of hexadecimal digits with colons, any case. Errors: description_malformed.
  static boost::system::result<fingerprint> from_text(std::string_view text);

  bool operator==(const fingerprint&) const = default;
};

// Certificate and key of a DTLS end. A value: copies share what never changes.
class certificate {
 public:
  // Self-signed by a fresh P-256 key, subject "tollgate", valid from a day before `now` to 30 days after it.
  // Throws std::runtime_error when the library cannot.
  static certificate make(std::chrono::system_clock::time_point now);

  const fingerprint& digest() const noexcept { return digest_; }
  const private_key& key() const noexcept { return key_; }
  x509_st* native() const noexcept { return certificate_.get(); }

 private:
  certificate(std::shared_ptr<x509_st> native, private_key key);

  std::shared_ptr<x509_st> certificate_;
  private_key key_;
  fingerprint digest_;
};

fingerprint fingerprint_of(x509_st* native);

}  // namespace tollgate::gateway::overlay
