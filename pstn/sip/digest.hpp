// SPDX-License-Identifier: Apache-2.0
// Digest access authentication, the arithmetic of both ends: RFC 3261 §22, RFC 2617 §3.2.2, RFC 8760
// (SHA-256). Free of IO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::pstn::sip {

/// In the order of preference, the better one later (RFC 8760 §2.4).
enum class digest_algorithm : std::uint8_t { md5, md5_sess, sha_256, sha_256_sess };

/// By its name in a challenge, in any case of letters; an absent one is MD5 (RFC 2617 §3.2.1). Nothing for
/// others.
std::optional<digest_algorithm> find_digest_algorithm(std::string_view name);
std::string_view to_string(digest_algorithm algorithm) noexcept;

/// A challenge as far as the response needs it; all texts unquoted.
struct digest_challenge {
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque;
  digest_algorithm algorithm = digest_algorithm::md5;
  bool algorithm_named =
      false;              ///< whether the challenge had an algorithm parameter; only then it is repeated
  bool qop_auth = false;  ///< "auth" is among the challenge's qop values
};

/// What is asked for, by whom.
struct digest_request {
  std::string method;
  std::string uri;
  std::string username;
  std::string password;
  std::string cnonce;
  std::uint32_t nonce_count = 1;
};

/// The response (RFC 2617 §3.2.2.1) in lower-case hexadecimal.
std::string digest_response(const digest_challenge& challenge, const digest_request& request);

/// The value of an Authorization or Proxy-Authorization header.
std::string digest_authorization(const digest_challenge& challenge, const digest_request& request);

/// Whether a comma-separated qop value contains "auth".
bool offers_auth(std::string_view qop);

}  // namespace tollgate::pstn::sip
