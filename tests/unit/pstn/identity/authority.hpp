// SPDX-License-Identifier: Apache-2.0
// An authority for the tests, made by OpenSSL: it issues certificates with a TNAuthorizationList, good and
// bad.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

namespace tollgate::pstn::identity::testing {

using key_pointer = std::shared_ptr<EVP_PKEY>;
using certificate_pointer = std::shared_ptr<X509>;

key_pointer make_key(const char* curve = "P-256");
std::string pem_of(const EVP_PKEY* key);
std::string pem_of(X509* certificate);

// DER of RFC 8226 §9's entries, and of the list that they make.
std::string provider_entry(const std::string& code);
std::string number_entry(const std::string& number);
std::string range_entry(const std::string& first, unsigned char count);
std::string list_of(const std::string& entries);

struct wish {
  std::string name = "SHAKEN 709J";
  std::string authority_list = list_of(provider_entry("709J"));  // DER; empty: no extension
  bool is_authority = false;
  std::string key_usage = "digitalSignature";
  std::chrono::system_clock::time_point from{}, until{};
};

class authority {
 public:
  // Valid from `from` to `until`.
  authority(std::string name, std::chrono::system_clock::time_point from,
            std::chrono::system_clock::time_point until);
  certificate_pointer issue(const key_pointer& key, const wish& what) const;
  // An authority below this one.
  authority below(std::string name) const;
  std::string pem() const { return pem_of(certificate_.get()); }

 private:
  authority() = default;
  key_pointer key_ = make_key();
  certificate_pointer certificate_;
};

}  // namespace tollgate::pstn::identity::testing
