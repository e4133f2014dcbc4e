// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pstn/identity/es256.hpp"
#include "pstn/identity/openssl_handles.hpp"

namespace tollgate::pstn::identity {
namespace {

constexpr std::size_t pem_size_max_bytes = 4 * 1024 * 1024;  // the list of a country's authorities

// Certificates have no pass-phrase: never ask the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::shared_ptr<x509_st> share(X509* certificate) {
  return {certificate, X509_free};
}

std::optional<number_authority> authority_of(const X509* certificate) {
  const std::unique_ptr<ASN1_OBJECT, openssl_release<ASN1_OBJECT_free>> oid(
      OBJ_txt2obj(number_authority_oid, 1));
  require(oid != nullptr, "memory");
  const int at = X509_get_ext_by_OBJ(certificate, oid.get(), -1);
  if (at < 0 || X509_get_ext_by_OBJ(certificate, oid.get(), at) >= 0) return std::nullopt;
  const auto* value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
  return read_number_authority(
      {ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))});
}

}  // namespace

std::vector<std::shared_ptr<x509_st>> read_certificates(std::string_view pem) {
  std::vector<std::shared_ptr<x509_st>> found;
  if (pem.size() > pem_size_max_bytes) return found;
  const bio_handle input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  require(input != nullptr, "memory");
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(input.get(), nullptr, no_passphrase, nullptr))
    found.push_back(share(one));
  // The end of the text shows as a missing start line; anything else is a certificate that cannot be read.
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) return {};
  return found;
}

boost::system::result<certificate_chain> certificate_chain::read(std::string_view content) {
  if (content.size() > chain_size_max_bytes) return identity_error::credential_malformed;
  certificate_chain chain;
  chain.certificates_ = read_certificates(content);
  if (chain.certificates_.empty()) {
    const auto* at = reinterpret_cast<const unsigned char*>(content.data());
    if (X509* one = d2i_X509(nullptr, &at, static_cast<long>(content.size())))
      chain.certificates_.push_back(share(one));
    ERR_clear_error();
  }
  if (chain.certificates_.empty() || chain.certificates_.size() > chain_most_certificates)
    return identity_error::credential_malformed;
  chain.key_ = X509_get0_pubkey(chain.leaf());
  if (!is_p256(chain.key_)) return identity_error::credential_malformed;
  chain.authority_ = authority_of(chain.leaf());
  return chain;
}

}  // namespace tollgate::pstn::identity
