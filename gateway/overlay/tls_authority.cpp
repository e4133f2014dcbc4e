// SPDX-License-Identifier: Apache-2.0
// The gateway's own certificate authority, and the certificates it issues (RFC 5280 profile).
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ip/address.hpp>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/key.hpp"
#include "gateway/overlay/openssl_handles.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway::overlay {
namespace {

using wall_time = std::chrono::system_clock::time_point;
constexpr long day_s = 86'400;
constexpr long authority_lifetime_days = 3652;
constexpr long server_lifetime_days = 397;
constexpr std::size_t names_max = 64;

certificate_handle begin(const private_key& key, std::string_view common_name, wall_time now, long days) {
  certificate_handle made(X509_new());
  std::array<unsigned char, 16> serial;
  fill_random(std::as_writable_bytes(std::span(serial)));
  serial[0] &= 0x7f;
  const bignum_handle number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  require(made && number && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())) != nullptr &&
              ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds - day_s) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds + days * day_s) != nullptr &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(common_name.data()),
                                         static_cast<int>(common_name.size()), -1, 0) == 1 &&
              X509_set_pubkey(made.get(), key.native()) == 1,
          "certificate");
  return made;
}

// Adds an extension by OpenSSL's configuration syntax; false when the value is refused.
bool extend(X509* made, X509* issuer, int extension, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
  auto* raw = X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str());
  if (raw == nullptr) return false;
  const bool added = X509_add_ext(made, raw, -1) == 1;
  X509_EXTENSION_free(raw);
  return added;
}

std::string to_pem(X509* made) {
  const bio_handle output(BIO_new(BIO_s_mem()));
  require(output && PEM_write_bio_X509(output.get(), made) == 1, "PEM of a certificate");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(output.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*") ==
             std::string_view::npos;
}

// "IP:127.0.0.1,DNS:localhost,…"; empty when a name is neither a host name nor an address.
std::string alternative_names(const std::vector<std::string>& names) {
  std::string list = "IP:127.0.0.1,IP:::1,DNS:localhost";
  for (const auto& name : names) {
    boost::system::error_code error;
    boost::asio::ip::make_address(name, error);
    if (error && !is_host_name(name)) return {};
    list += (error ? ",DNS:" : ",IP:") + name;
  }
  return list;
}

}  // namespace

boost::system::result<pem_pair> make_certificate_authority(std::string_view common_name, wall_time now) {
  const auto key = private_key::generate();
  const auto made = begin(key, common_name, now, authority_lifetime_days);
  if (X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) != 1 ||
      !extend(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !extend(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !extend(made.get(), made.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(made.get(), key.native(), EVP_sha256()) <= 0)
    return overlay_error::certificate_invalid;
  return pem_pair{to_pem(made.get()), key.to_pem()};
}

boost::system::result<pem_pair> issue_server_certificate(const pem_pair& authority,
                                                         const std::vector<std::string>& names,
                                                         wall_time now) {
  const bio_handle input(
      BIO_new_mem_buf(authority.certificate.data(), static_cast<int>(authority.certificate.size())));
  const certificate_handle issuer(input ? PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)
                                        : nullptr);
  ERR_clear_error();
  const auto issuer_key = private_key::from_pem(authority.key);
  const auto list = names.size() <= names_max ? alternative_names(names) : std::string{};
  if (!issuer || !issuer_key || list.empty() ||
      X509_check_private_key(issuer.get(), issuer_key->native()) != 1) {
    ERR_clear_error();
    return overlay_error::certificate_invalid;
  }
  const auto key = private_key::generate();
  const auto made = begin(key, "tollgate", now, server_lifetime_days);
  if (X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) != 1 ||
      !extend(made.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !extend(made.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !extend(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth") ||
      !extend(made.get(), issuer.get(), NID_subject_key_identifier, "hash") ||
      !extend(made.get(), issuer.get(), NID_authority_key_identifier, "keyid") ||
      !extend(made.get(), issuer.get(), NID_subject_alt_name, list) ||
      X509_sign(made.get(), issuer_key->native(), EVP_sha256()) <= 0) {
    ERR_clear_error();
    return overlay_error::certificate_invalid;
  }
  return pem_pair{to_pem(made.get()), key.to_pem()};
}

}  // namespace tollgate::gateway::overlay
