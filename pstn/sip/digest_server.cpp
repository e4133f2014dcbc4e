// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/digest_server.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace tollgate::pstn::sip {
namespace {

// A nonce is, in hexadecimal: when it was made (s), 16 octets by chance, and the first 16 octets of an HMAC
// over these. So none needs to be remembered before it is used.
constexpr std::size_t made_digits = 16;
constexpr std::size_t random_digits = 32;
constexpr std::size_t seal_digits = 32;
constexpr std::size_t nonce_digits = made_digits + random_digits + seal_digits;

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char one : bytes) {
    out.push_back(digits[one >> 4]);
    out.push_back(digits[one & 15]);
  }
  return out;
}

template <class Number>
std::optional<Number> hexadecimal_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string sixteen_digits(std::uint64_t value) {
  std::array<unsigned char, 8> bytes{};
  for (auto place = bytes.rbegin(); place != bytes.rend(); ++place, value >>= 8)
    *place = static_cast<unsigned char>(value & 0xFF);
  return hexadecimal(bytes);
}

std::chrono::seconds second_of(digest_server::time_point now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
}

/// In a time that does not tell where they differ.
bool are_equal(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

digest_server::digest_server(std::string realm, std::vector<digest_algorithm> offered)
    : realm_(std::move(realm)), offered_(std::move(offered)) {
  if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1)
    throw std::runtime_error("no randomness for digest authentication");
}

std::string digest_server::nonce_of(std::chrono::seconds made, std::string_view random) const {
  std::string text = sixteen_digits(static_cast<std::uint64_t>(made.count()));
  text += random;
  std::array<unsigned char, EVP_MAX_MD_SIZE> seal{};
  unsigned size = 0;
  if (!HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), seal.data(), &size))
    throw std::runtime_error("HMAC-SHA-256 is not available");
  return text + hexadecimal(std::span(seal).first(seal_digits / 2));
}

bool digest_server::is_ours(std::string_view nonce) const {
  if (nonce.size() != nonce_digits) return false;
  const auto made = hexadecimal_number<std::uint64_t>(nonce.substr(0, made_digits));
  return made &&
         are_equal(nonce, nonce_of(std::chrono::seconds(*made), nonce.substr(made_digits, random_digits)));
}

std::vector<std::string> digest_server::challenges(bool stale, time_point now) const {
  std::array<unsigned char, random_digits / 2> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error("no randomness for digest authentication");
  const std::string nonce = nonce_of(second_of(now), hexadecimal(random));
  std::vector<std::string> values;
  for (const digest_algorithm algorithm : offered_) {
    std::string value = "Digest realm=\"" + realm_ + "\", nonce=\"" + nonce + "\", qop=\"auth\", algorithm=";
    value += to_string(algorithm);
    if (stale) value += ", stale=true";
    values.push_back(std::move(value));
  }
  return values;
}

digest_verdict digest_server::judge(const digest_claim& claim, std::string_view method,
                                    std::string_view password, time_point now) {
  const auto algorithm = find_digest_algorithm(claim.algorithm);
  const auto count = hexadecimal_number<std::uint32_t>(claim.nonce_count);
  if (!algorithm || std::find(offered_.begin(), offered_.end(), *algorithm) == offered_.end())
    return digest_verdict::wrong;
  if (!count || *count == 0 || claim.nonce_count.size() != 8 || claim.cnonce.empty() || claim.qop != "auth" ||
      claim.realm != realm_)
    return digest_verdict::wrong;
  digest_challenge challenge;
  challenge.realm = realm_;
  challenge.nonce = claim.nonce;
  challenge.algorithm = *algorithm;
  challenge.qop_auth = true;
  digest_request request;
  request.method = method;
  request.uri = claim.uri;
  request.username = claim.username;
  request.password = password;
  request.cnonce = claim.cnonce;
  request.nonce_count = *count;
  if (!are_equal(claim.response, digest_response(challenge, request))) return digest_verdict::wrong;

  if (!is_ours(claim.nonce)) return digest_verdict::stale;  // perhaps from before our last start
  const auto made = hexadecimal_number<std::uint64_t>(std::string_view(claim.nonce).substr(0, made_digits));
  if (second_of(now) - std::chrono::seconds(*made) > nonce_lifetime) return digest_verdict::stale;
  forget_old(now);
  const auto known = counts_.find(claim.nonce);
  if (known == counts_.end() && counts_.size() >= most_nonces) return digest_verdict::stale;
  if (known != counts_.end() && *count <= known->second) return digest_verdict::stale;  // heard again
  counts_[claim.nonce] = *count;
  return digest_verdict::good;
}

void digest_server::forget_old(time_point now) {
  // Nonces begin with when they were made: the old ones stand first.
  const auto oldest = second_of(now) - nonce_lifetime;
  const std::string bound =
      sixteen_digits(static_cast<std::uint64_t>(std::max<std::int64_t>(0, oldest.count())));
  counts_.erase(counts_.begin(), counts_.lower_bound(bound));
}

}  // namespace tollgate::pstn::sip
