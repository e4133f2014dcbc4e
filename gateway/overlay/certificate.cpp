// SPDX-License-Identifier: Apache-2.0
// Self-signed certificates for DTLS and their fingerprints.
#include "gateway/overlay/certificate.hpp"

#include <openssl/x509.h>

#include <cstdint>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

int hexadecimal(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::string fingerprint::to_text() const {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  text.reserve(octets.size() * 3);
  for (const auto octet : octets) {
    if (!text.empty()) text += ':';
    text += digits[std::to_integer<unsigned>(octet) >> 4];
    text += digits[std::to_integer<unsigned>(octet) & 15];
  }
  return text;
}

boost::system::result<fingerprint> fingerprint::from_text(std::string_view text) {
  fingerprint result;
  if (text.size() != result.octets.size() * 3 - 1) return overlay_error::description_malformed;
  for (std::size_t i = 0; i < result.octets.size(); ++i) {
    const int high = hexadecimal(text[3 * i]);
    const int low = hexadecimal(text[3 * i + 1]);
    if (high < 0 || low < 0 || (3 * i + 2 < text.size() && text[3 * i + 2] != ':'))
      return overlay_error::description_malformed;
    result.octets[i] = static_cast<std::byte>(high << 4 | low);
  }
  return result;
}

fingerprint fingerprint_of(x509_st* native) {
  fingerprint result;
  unsigned int size = 0;
  require(
      X509_digest(native, EVP_sha256(), reinterpret_cast<unsigned char*>(result.octets.data()), &size) == 1 &&
          size == result.octets.size(),
      "fingerprint");
  return result;
}

certificate::certificate(std::shared_ptr<x509_st> native, private_key key)
    : certificate_(std::move(native)), key_(std::move(key)), digest_(fingerprint_of(certificate_.get())) {}

certificate certificate::make(std::chrono::system_clock::time_point now) {
  auto key = private_key::generate();
  certificate_handle made(X509_new());
  require(made != nullptr, "memory");
  std::array<std::byte, 8> serial;
  fill_random(serial);
  serial[0] &= std::byte{0x7f};  // RFC 5280 §4.1.2.2: positive
  const bignum_handle number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), serial.size(), nullptr));
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  X509_NAME* name = X509_get_subject_name(made.get());
  constexpr std::string_view subject = "tollgate";
  require(X509_set_version(made.get(), X509_VERSION_3) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())) != nullptr &&
              ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds - 86'400) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds + 30 * 86'400) != nullptr &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                         reinterpret_cast<const unsigned char*>(subject.data()),
                                         static_cast<int>(subject.size()), -1, 0) == 1 &&
              X509_set_issuer_name(made.get(), name) == 1 && X509_set_pubkey(made.get(), key.native()) == 1 &&
              X509_sign(made.get(), key.native(), EVP_sha256()) > 0,
          "self-signed certificate");
  return {std::shared_ptr<X509>(made.release(), X509_free), std::move(key)};
}

}  // namespace tollgate::gateway::overlay
