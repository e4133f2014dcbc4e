// SPDX-License-Identifier: Apache-2.0
// Base64 (by pstn/identity, which needs it too), SHA-256, randomness.
#include "gateway/overlay/encoding.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "pstn/identity/encoding.hpp"

namespace tollgate::gateway::overlay {

std::string to_base64url(std::span<const std::byte> octets) {
  return pstn::identity::to_base64url(octets);
}

std::optional<std::vector<std::byte>> from_base64url(std::string_view text) {
  return pstn::identity::from_base64url(text);
}

std::string to_base64(std::span<const std::byte> octets) {
  return pstn::identity::to_base64(octets);
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  return pstn::identity::from_base64(text);
}

sha256_digest sha256(std::span<const std::byte> octets) {
  sha256_digest digest;
  if (EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                 EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL: SHA-256");
  return digest;
}

sha256_digest sha256(std::string_view text) {
  return sha256(bytes_of(text));
}

void fill_random(std::span<std::byte> octets) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(octets.data()), static_cast<int>(octets.size())) != 1)
    throw std::runtime_error("OpenSSL: no randomness");
}

std::string random_token(std::size_t octets) {
  std::vector<std::byte> random(octets);
  fill_random(random);
  return to_base64url(random);
}

}  // namespace tollgate::gateway::overlay
