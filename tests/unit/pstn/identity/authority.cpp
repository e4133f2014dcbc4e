// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "pstn/identity/number_authority.hpp"

namespace tollgate::pstn::identity::testing {
namespace {

void need(bool done) {
  if (!done) throw std::runtime_error("OpenSSL");
}

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory, &text);
  std::string copy(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return copy;
}

std::string der(unsigned char tag, const std::string& content) {
  need(content.size() < 128);
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

void set_name(X509_NAME* into, const std::string& name) {
  need(X509_NAME_add_entry_by_txt(into, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  need(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_list(X509* certificate, const std::string& list) {
  ASN1_OBJECT* oid = OBJ_txt2obj(number_authority_oid, 1);
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  need(ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>(list.data()),
                             static_cast<int>(list.size())) == 1);
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid, 0, value);
  need(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  ASN1_OBJECT_free(oid);
}

// `issuer` null: by itself.
certificate_pointer make(const key_pointer& key, const wish& what, X509* issuer, EVP_PKEY* by) {
  certificate_pointer made(X509_new(), X509_free);
  static long serial = 1;
  need(X509_set_version(made.get(), 2) == 1 &&
       ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++) == 1);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), std::chrono::system_clock::to_time_t(what.from));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), std::chrono::system_clock::to_time_t(what.until));
  set_name(X509_get_subject_name(made.get()), what.name);
  X509* const above = issuer ? issuer : made.get();
  need(X509_set_issuer_name(made.get(), X509_get_subject_name(above)) == 1);
  need(X509_set_pubkey(made.get(), key.get()) == 1);
  extend(made.get(), above, NID_basic_constraints,
         what.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!what.key_usage.empty()) extend(made.get(), above, NID_key_usage, "critical," + what.key_usage);
  if (!what.authority_list.empty()) add_list(made.get(), what.authority_list);
  need(X509_sign(made.get(), by, EVP_sha256()) > 0);
  return made;
}

}  // namespace

key_pointer make_key(const char* curve) {
  key_pointer key(EVP_EC_gen(curve), EVP_PKEY_free);
  need(key != nullptr);
  return key;
}

std::string pem_of(const EVP_PKEY* key) {
  BIO* memory = BIO_new(BIO_s_mem());
  need(PEM_write_bio_PKCS8PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(memory);
}

std::string pem_of(X509* certificate) {
  BIO* memory = BIO_new(BIO_s_mem());
  need(PEM_write_bio_X509(memory, certificate) == 1);
  return text_of(memory);
}

std::string provider_entry(const std::string& code) {
  return der(0xA0, der(0x16, code));
}

std::string number_entry(const std::string& number) {
  return der(0xA2, der(0x16, number));
}

std::string range_entry(const std::string& first, unsigned char count) {
  return der(0xA1, der(0x30, der(0x16, first) + der(0x02, std::string(1, static_cast<char>(count)))));
}

std::string list_of(const std::string& entries) {
  return der(0x30, entries);
}

authority::authority(std::string name, std::chrono::system_clock::time_point from,
                     std::chrono::system_clock::time_point until) {
  wish what{.name = std::move(name),
            .authority_list = "",
            .is_authority = true,
            .key_usage = "keyCertSign,cRLSign"};
  what.from = from;
  what.until = until;
  certificate_ = make(key_, what, nullptr, key_.get());
}

certificate_pointer authority::issue(const key_pointer& key, const wish& what) const {
  return make(key, what, certificate_.get(), key_.get());
}

authority authority::below(std::string name) const {
  authority made;
  wish what{.name = std::move(name),
            .authority_list = "",
            .is_authority = true,
            .key_usage = "keyCertSign,cRLSign"};
  const auto time_of = [](const ASN1_TIME* time) {
    std::tm parts{};
    need(ASN1_TIME_to_tm(time, &parts) == 1);
    return std::chrono::system_clock::from_time_t(timegm(&parts));
  };
  what.from = time_of(X509_get0_notBefore(certificate_.get()));
  what.until = time_of(X509_get0_notAfter(certificate_.get()));
  made.certificate_ = issue(made.key_, what);
  return made;
}

}  // namespace tollgate::pstn::identity::testing
