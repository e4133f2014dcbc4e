// SPDX-License-Identifier: Apache-2.0
// P-256 keys by OpenSSL's EVP interface.
#include "gateway/overlay/key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

using coordinate = std::array<std::byte, 32>;
constexpr std::size_t pem_size_max_bytes = 64 * 1024;
char group_name[] = "P-256";  // OSSL_PARAM wants it writable

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         std::string_view(name.data()) == SN_X9_62_prime256v1;
}

coordinate coordinate_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &raw) == 1, "coordinate of a key");
  const bignum_handle number(raw);
  coordinate result;
  require(BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(result.data()), result.size()) > 0,
          "coordinate of a key");
  return result;
}

// A key without a pass-phrase only: never ask the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

public_key::public_key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {
  // RFC 7638 §3.2: the required members in lexicographic order, nothing between them.
  const auto x = to_base64url(coordinate_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X));
  const auto y = to_base64url(coordinate_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
  thumbprint_ = to_base64url(sha256(R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + R"("})"));
}

boost::json::object public_key::to_jwk() const {
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"x", to_base64url(coordinate_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X))},
          {"y", to_base64url(coordinate_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y))}};
}

boost::system::result<public_key> public_key::from_jwk(const boost::json::value& jwk) {
  const auto* object = jwk.if_object();
  if (object == nullptr || find_text(*object, "kty") != "EC" || find_text(*object, "crv") != "P-256")
    return overlay_error::key_malformed;
  const auto x = from_base64url(find_text(*object, "x").value_or(""));
  const auto y = from_base64url(find_text(*object, "y").value_or(""));
  if (!x || !y || x->size() != 32 || y->size() != 32) return overlay_error::key_malformed;
  std::array<unsigned char, 65> point{0x04};  // SEC 1 §2.3.3, uncompressed
  std::copy(x->begin(), x->end(), reinterpret_cast<std::byte*>(point.data() + 1));
  std::copy(y->begin(), y->end(), reinterpret_cast<std::byte*>(point.data() + 33));

  const key_context_handle context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  require(context && EVP_PKEY_fromdata_init(context.get()) == 1, "key context");
  std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group_name, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1)
    return overlay_error::key_malformed;
  auto key = share(raw);
  const key_context_handle check(EVP_PKEY_CTX_new(raw, nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1)  // the point is on the curve
    return overlay_error::key_malformed;
  return public_key(std::move(key));
}

private_key::private_key(std::shared_ptr<evp_pkey_st> key) : key_(key), public_(std::move(key)) {}

private_key private_key::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  require(key != nullptr, "generation of a key");
  return private_key(share(key));
}

boost::system::result<private_key> private_key::from_pem(std::string_view pem) {
  if (pem.size() > pem_size_max_bytes) return overlay_error::key_malformed;
  const bio_handle input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  require(input != nullptr, "memory");
  EVP_PKEY* raw = PEM_read_bio_PrivateKey(input.get(), nullptr, no_passphrase, nullptr);
  if (raw == nullptr) return overlay_error::key_malformed;
  auto key = share(raw);
  if (!is_p256(raw)) return overlay_error::key_malformed;
  return private_key(std::move(key));
}

std::string private_key::to_pem() const {
  const bio_handle output(BIO_new(BIO_s_mem()));
  require(output && PEM_write_bio_PKCS8PrivateKey(output.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                                  nullptr) == 1,
          "PEM of a key");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(output.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace tollgate::gateway::overlay
