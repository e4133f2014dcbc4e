// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/sdes.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace tollgate::pstn::sip {
namespace {

using media::srtp_profile;

constexpr std::string_view key_method = "inline:";  // §6.1, the only one
constexpr std::uint32_t tag_most = 999'999'999;     // §9.1: nine digits

std::string_view suite_name(srtp_profile suite) {
  switch (suite) {
    case srtp_profile::aead_aes_256_gcm:
      return "AEAD_AES_256_GCM";
    case srtp_profile::aes_cm_128_hmac_sha1_80:
      return "AES_CM_128_HMAC_SHA1_80";
  }
  return {};
}

std::optional<srtp_profile> suite_named(std::string_view name) {
  for (const auto suite : {srtp_profile::aead_aes_256_gcm, srtp_profile::aes_cm_128_hmac_sha1_80})
    if (name == suite_name(suite)) return suite;
  return std::nullopt;
}

/// The next word, and the rest without it.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text, std::size_t bytes) {
  const std::size_t padded = (bytes + 2) / 3 * 4;
  // Some leave the padding out.
  std::string whole(text);
  if (whole.size() < padded) whole.append(padded - whole.size(), '=');
  if (whole.size() != padded || padded - text.size() > 2) return std::nullopt;
  std::vector<unsigned char> decoded(padded / 4 * 3);
  const int size = EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(whole.data()),
                                   static_cast<int>(whole.size()));
  if (size < 0 || decoded.size() < bytes) return std::nullopt;
  const auto padding = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '='));
  if (decoded.size() - padding != bytes) return std::nullopt;
  std::vector<std::byte> out(bytes);
  std::transform(decoded.begin(), decoded.begin() + static_cast<std::ptrdiff_t>(bytes), out.begin(),
                 [](unsigned char one) { return std::byte{one}; });
  return out;
}

std::string to_base64(const std::vector<std::byte>& bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// §6.3: a hint begins with "-", a window size is one; everything else changes what is sent.
bool can_be_ignored(std::string_view parameter) {
  return parameter.starts_with('-') || parameter.starts_with("WSH=");
}

}  // namespace

std::optional<crypto_attribute> parse_crypto(std::string_view value) {
  crypto_attribute out;
  const std::string_view tag = take_word(value);
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), out.tag);
  if (error != std::errc{} || end != tag.data() + tag.size() || out.tag > tag_most) return std::nullopt;
  const auto suite = suite_named(take_word(value));
  std::string_view key = take_word(value);
  if (!suite || !key.starts_with(key_method)) return std::nullopt;
  key.remove_prefix(key_method.size());
  if (key.find(';') != std::string_view::npos) return std::nullopt;
  if (const std::size_t bar = key.find('|'); bar != std::string_view::npos) {
    // A lifetime may follow, which our calls never reach (2^48 packets); an MKI has a colon in it.
    if (key.find(':', bar) != std::string_view::npos) return std::nullopt;
    key = key.substr(0, bar);
  }
  auto bytes = from_base64(key, media::srtp_key_bytes(*suite));
  if (!bytes) return std::nullopt;
  for (std::string_view word = take_word(value); !word.empty(); word = take_word(value))
    if (!can_be_ignored(word)) return std::nullopt;
  out.suite = *suite;
  out.key = std::move(*bytes);
  return out;
}

std::string to_string(const crypto_attribute& one) {
  std::string out = std::to_string(one.tag) + ' ';
  out.append(suite_name(one.suite)).append(" ").append(key_method);
  return out + to_base64(one.key);
}

std::vector<std::byte> make_srtp_key(srtp_profile suite) {
  std::vector<std::byte> key(media::srtp_key_bytes(suite));
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1)
    throw std::runtime_error("no randomness for SRTP keys");
  return key;
}

std::vector<crypto_attribute> cryptos_of(const media::media_description& section) {
  std::vector<crypto_attribute> out;
  for (const auto& attribute : section.attributes) {
    if (attribute.name != "crypto" || !attribute.value) continue;
    if (auto one = parse_crypto(*attribute.value)) out.push_back(std::move(*one));
  }
  return out;
}

}  // namespace tollgate::pstn::sip
