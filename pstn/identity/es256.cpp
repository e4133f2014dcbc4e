// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/es256.hpp"

#include <openssl/obj_mac.h>

#include "pstn/identity/openssl_handles.hpp"

namespace tollgate::pstn::identity {
namespace {

constexpr int scalar_bytes = 32;  // RFC 7518 §3.4: r and s

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

bool is_p256(const evp_pkey_st* key) {
  std::array<char, 32> name{};
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         std::string_view(name.data()) == SN_X9_62_prime256v1;
}

es256_signature sign_es256(evp_pkey_st* key, std::string_view input) {
  const digest_context_handle context(EVP_MD_CTX_new());
  std::array<unsigned char, 80> der{};
  std::size_t size = der.size();
  require(context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), der.data(), &size, octets_of(input), input.size()) == 1,
          "signature");
  const unsigned char* start = der.data();
  const signature_handle parts(d2i_ECDSA_SIG(nullptr, &start, static_cast<long>(size)));
  require(parts != nullptr, "signature");
  es256_signature result{};
  auto* const out = reinterpret_cast<unsigned char*>(result.data());
  require(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out, scalar_bytes) == scalar_bytes &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out + scalar_bytes, scalar_bytes) == scalar_bytes,
          "signature");
  return result;
}

bool verify_es256(evp_pkey_st* key, std::string_view input, std::span<const std::byte> signature) {
  if (signature.size() != std::tuple_size_v<es256_signature>) return false;
  const auto* octets = reinterpret_cast<const unsigned char*>(signature.data());
  const signature_handle parts(ECDSA_SIG_new());
  bignum_handle r(BN_bin2bn(octets, scalar_bytes, nullptr));
  bignum_handle s(BN_bin2bn(octets + scalar_bytes, scalar_bytes, nullptr));
  require(parts && r && s && ECDSA_SIG_set0(parts.get(), r.get(), s.get()) == 1, "memory");
  static_cast<void>(r.release());  // the signature owns both now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  require(size > 0, "memory");
  const std::unique_ptr<unsigned char, decltype([](unsigned char* memory) { OPENSSL_free(memory); })> owned(
      der);
  const digest_context_handle context(EVP_MD_CTX_new());
  require(context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1, "memory");
  return EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), octets_of(input),
                          input.size()) == 1;
}

}  // namespace tollgate::pstn::identity
