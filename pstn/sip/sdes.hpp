// SPDX-License-Identifier: Apache-2.0
// Keys for SRTP in session descriptions: a=crypto (RFC 4568), with the suites AES_CM_128_HMAC_SHA1_80 and
// AEAD_AES_256_GCM (RFC 7714 §14.2). They are as secret as the signalling that carries them. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/media/session_description.hpp"
#include "pstn/media/srtp.hpp"
#include "pstn/media/srtp_keys.hpp"

namespace tollgate::pstn::sip {

/// One a=crypto attribute.
struct crypto_attribute {
  std::uint32_t tag = 1;
  media::srtp_profile suite = media::srtp_profile::aes_cm_128_hmac_sha1_80;
  std::vector<std::byte> key;  ///< master key and salt: media::srtp_key_bytes(suite)

  bool operator==(const crypto_attribute&) const = default;
};

using media::srtp_keys;

/// Reads the value of an a=crypto attribute. Nothing for another suite, a key of another length, several keys
/// or one with an MKI, and session parameters that would have to be kept to (§6.3): such a line is passed
/// over (§5.1.2).
std::optional<crypto_attribute> parse_crypto(std::string_view value);

/// "1 AES_CM_128_HMAC_SHA1_80 inline:..."
std::string to_string(const crypto_attribute& one);

/// A new key. Throws std::runtime_error where there is no randomness.
std::vector<std::byte> make_srtp_key(media::srtp_profile suite);

/// The usable ones of a section, in their order.
std::vector<crypto_attribute> cryptos_of(const media::media_description& section);

}  // namespace tollgate::pstn::sip
