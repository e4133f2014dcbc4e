// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <stdexcept>

namespace tollgate::pstn::sip {
namespace {

constexpr std::array all_algorithms{digest_algorithm::md5, digest_algorithm::md5_sess,
                                    digest_algorithm::sha_256, digest_algorithm::sha_256_sess};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_session(digest_algorithm algorithm) {
  return algorithm == digest_algorithm::md5_sess || algorithm == digest_algorithm::sha_256_sess;
}

/// H of the parts joined by colons, in lower-case hexadecimal (RFC 2617 §3.1.3).
std::string hashed(digest_algorithm algorithm, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view& part : parts) {
    if (&part != parts.begin()) text.push_back(':');
    text.append(part);
  }
  const bool is_md5 = algorithm == digest_algorithm::md5 || algorithm == digest_algorithm::md5_sess;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &size, is_md5 ? EVP_md5() : EVP_sha256(), nullptr) !=
      1)
    throw std::runtime_error("digest algorithm not available");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out.push_back(digits[hash[i] >> 4]);
    out.push_back(digits[hash[i] & 15]);
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

std::string eight_digits(std::uint32_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(8, '0');
  for (int i = 7; i >= 0; --i, value >>= 4)
    out[static_cast<std::size_t>(i)] = digits[value & 15];
  return out;
}

}  // namespace

std::string_view to_string(digest_algorithm algorithm) noexcept {
  switch (algorithm) {
    case digest_algorithm::md5:
      return "MD5";
    case digest_algorithm::md5_sess:
      return "MD5-sess";
    case digest_algorithm::sha_256:
      return "SHA-256";
    case digest_algorithm::sha_256_sess:
      return "SHA-256-sess";
  }
  return "MD5";
}

std::optional<digest_algorithm> find_digest_algorithm(std::string_view name) {
  if (name.empty()) return digest_algorithm::md5;
  for (const digest_algorithm one : all_algorithms) {
    if (equal_ignoring_case(name, to_string(one))) return one;
  }
  return std::nullopt;
}

bool offers_auth(std::string_view qop) {
  while (!qop.empty()) {
    const std::size_t comma = qop.find(',');
    std::string_view one = qop.substr(0, comma);
    while (one.starts_with(' '))
      one.remove_prefix(1);
    while (one.ends_with(' '))
      one.remove_suffix(1);
    if (equal_ignoring_case(one, "auth")) return true;
    qop = comma == std::string_view::npos ? std::string_view{} : qop.substr(comma + 1);
  }
  return false;
}

std::string digest_response(const digest_challenge& challenge, const digest_request& request) {
  const digest_algorithm algorithm = challenge.algorithm;
  std::string secret = hashed(algorithm, {request.username, challenge.realm, request.password});
  if (is_session(algorithm)) secret = hashed(algorithm, {secret, challenge.nonce, request.cnonce});
  const std::string subject = hashed(algorithm, {request.method, request.uri});
  if (!challenge.qop_auth) return hashed(algorithm, {secret, challenge.nonce, subject});
  const std::string count = eight_digits(request.nonce_count);
  return hashed(algorithm, {secret, challenge.nonce, count, request.cnonce, "auth", subject});
}

std::string digest_authorization(const digest_challenge& challenge, const digest_request& request) {
  const digest_algorithm algorithm = challenge.algorithm;
  const std::string count = eight_digits(request.nonce_count);
  const std::string response = digest_response(challenge, request);

  std::string out = "Digest username=" + quoted(request.username) + ", realm=" + quoted(challenge.realm) +
                    ", nonce=" + quoted(challenge.nonce) + ", uri=" + quoted(request.uri) + ", response=\"" +
                    response + '"';
  if (challenge.algorithm_named) out.append(", algorithm=").append(to_string(algorithm));
  if (challenge.opaque) out += ", opaque=" + quoted(*challenge.opaque);
  if (challenge.qop_auth) {
    out += ", qop=auth, nc=" + count + ", cnonce=" + quoted(request.cnonce);
  } else if (is_session(algorithm)) {
    out += ", cnonce=" + quoted(request.cnonce);
  }
  return out;
}

}  // namespace tollgate::pstn::sip
