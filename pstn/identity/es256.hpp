// SPDX-License-Identifier: Apache-2.0
// ES256 (RFC 7518 §3.4): ECDSA on P-256 with SHA-256, the signature as r||s of 64 octets instead of DER. Free
// of IO but for the system's randomness.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tollgate::pstn::identity {

using es256_signature = std::array<std::byte, 64>;

/// Whether the key is one for ES256: on P-256.
bool is_p256(const evp_pkey_st* key);

/// `key` is private and on P-256. Throws std::runtime_error without memory or randomness.
es256_signature sign_es256(evp_pkey_st* key, std::string_view input);

/// Whether `signature` is that of `input` by the private half of `key`. Any octets may come.
bool verify_es256(evp_pkey_st* key, std::string_view input, std::span<const std::byte> signature);

}  // namespace tollgate::pstn::identity
