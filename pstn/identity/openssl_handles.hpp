// SPDX-License-Identifier: Apache-2.0
// Owning handles for OpenSSL's objects, for the sources of this room only.
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace tollgate::pstn::identity {

template <auto release>
struct openssl_release {
  template <class T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};

using bio_handle = std::unique_ptr<BIO, openssl_release<BIO_free_all>>;
using bignum_handle = std::unique_ptr<BIGNUM, openssl_release<BN_free>>;
using digest_context_handle = std::unique_ptr<EVP_MD_CTX, openssl_release<EVP_MD_CTX_free>>;
using signature_handle = std::unique_ptr<ECDSA_SIG, openssl_release<ECDSA_SIG_free>>;
using key_handle = std::unique_ptr<EVP_PKEY, openssl_release<EVP_PKEY_free>>;
using certificate_handle = std::unique_ptr<X509, openssl_release<X509_free>>;

// For what fails only when memory or randomness is exhausted.
inline void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

}  // namespace tollgate::pstn::identity
