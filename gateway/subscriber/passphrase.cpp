// SPDX-License-Identifier: Apache-2.0
// libargon2 with the parameters that OWASP's cheat sheet names first for Argon2id.
#include "gateway/subscriber/passphrase.hpp"

#include <argon2.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace tollgate::gateway::subscriber {
namespace {

constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t salt_bytes = 16;  // RFC 9106 §4: 128 bits
constexpr std::size_t shortest = 8, longest = 256;

// Checked instead of a hash that there is not, so that the time tells nobody which names exist.
constexpr const char* nobodys_hash =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

}  // namespace

boost::system::result<std::string> hash_passphrase(std::string_view passphrase) {
  if (passphrase.size() < shortest || passphrase.size() > longest)
    return make_error_code(errc::passphrase_unsuitable);
  std::array<unsigned char, salt_bytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    throw std::runtime_error("no random bytes");
  std::array<char, 256> encoded{};
  const int status =
      argon2id_hash_encoded(passes, memory_kib, lanes, passphrase.data(), passphrase.size(), salt.data(),
                            salt.size(), hash_bytes, encoded.data(), encoded.size());
  if (status != ARGON2_OK) throw std::runtime_error(std::string("argon2: ") + argon2_error_message(status));
  return std::string(encoded.data());
}

bool verify_passphrase(const std::string& encoded, std::string_view passphrase) {
  if (passphrase.size() > longest) return false;
  const bool known = !encoded.empty();
  const int status =
      argon2id_verify(known ? encoded.c_str() : nobodys_hash, passphrase.data(), passphrase.size());
  return known && status == ARGON2_OK;
}

}  // namespace tollgate::gateway::subscriber
