// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/webhook_signature.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace tollgate::gateway::api {
namespace {

constexpr std::size_t digest_digits = 64;
constexpr std::size_t longest_header = 1'000;

std::string sign(std::string_view time, std::string_view body, std::string_view secret) {
  const std::string text = std::string(time) + "." + std::string(body);
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) == nullptr)
    throw std::runtime_error("OpenSSL cannot make an HMAC");
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

signature_check check_signature(std::string_view header, std::string_view body, std::string_view secret,
                                std::chrono::system_clock::time_point now) {
  if (header.size() > longest_header) return signature_check::malformed;
  std::string_view time;
  for (std::string_view rest = header; !rest.empty();) {
    const auto part = rest.substr(0, rest.find(','));
    rest.remove_prefix(part.size() < rest.size() ? part.size() + 1 : rest.size());
    if (part.starts_with("t=")) time = part.substr(2);
  }
  const auto signed_at = seconds_of(time);
  if (!signed_at) return signature_check::malformed;
  if (secret.empty()) return signature_check::wrong;
  const std::string expected = sign(time, body, secret);
  bool seen = false, matches = false;
  for (std::string_view rest = header; !rest.empty();) {
    const auto part = rest.substr(0, rest.find(','));
    rest.remove_prefix(part.size() < rest.size() ? part.size() + 1 : rest.size());
    if (!part.starts_with("v1=") || part.size() != 3 + digest_digits) continue;
    seen = true;
    matches |= CRYPTO_memcmp(part.data() + 3, expected.data(), digest_digits) == 0;
  }
  if (!seen) return signature_check::malformed;
  if (!matches) return signature_check::wrong;
  // In whole seconds, so that no time in the header can overflow the clock's type.
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto tolerance_s = std::chrono::seconds(webhook_tolerance).count();
  if (*signed_at < now_s - tolerance_s || *signed_at > now_s + tolerance_s) return signature_check::stale;
  return signature_check::good;
}

std::string make_signature(std::string_view body, std::string_view secret,
                           std::chrono::system_clock::time_point now) {
  const auto time = std::to_string(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  return "t=" + time + ",v1=" + sign(time, body, secret);
}

}  // namespace tollgate::gateway::api
