// SPDX-License-Identifier: Apache-2.0
// A PASSporT (RFC 8225) of the kind "shaken" (RFC 8588): who says how well he knows that a number calls
// another. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/identity/error.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tollgate::pstn::identity {

using wall_time = std::chrono::system_clock::time_point;

/// RFC 8588 §4: full: the caller is our customer and may use the number; partial: the caller is our customer;
/// gateway: the call came to us from elsewhere.
enum class attestation : std::uint8_t { full, partial, gateway };

/// 'A', 'B', 'C'; and back.
char letter(attestation value);
std::optional<attestation> attestation_lettered(std::string_view text);

/// What is said. Numbers are canonical (RFC 8224 §8.3): E.164 digits without a plus, "12155551212".
struct passport {
  attestation attest = attestation::gateway;
  std::string origin;                     ///< orig.tn
  std::vector<std::string> destinations;  ///< dest.tn, at least one
  wall_time issued_at{};                  ///< iat, in whole seconds
  std::string origin_id;                  ///< origid: a UUID that tells the signer where the call entered
  std::string certificate_url;            ///< x5u
};

/// Its compact serialisation, in the order and form of RFC 8225 §9, signed. `key` as for sign_es256().
std::string sign(const passport& what, evp_pkey_st* key);

/// A PASSporT that was read, and not believed yet.
struct unverified_passport {
  passport says;
  std::string signed_part;
  std::vector<std::byte> signature;
};

inline constexpr std::size_t passport_size_max_bytes = 8 * 1024;
inline constexpr std::size_t destinations_most = 50;

/// Reads the full form (RFC 8588 §5 wants that). Errors: malformed; unsupported for another `ppt` than
/// "shaken", another `alg` than ES256, or a "crit" header (RFC 7515 §4.1.11).
boost::system::result<unverified_passport> read_passport(std::string_view token);

/// Whether the key has signed it.
bool is_signed_by(const unverified_passport& what, evp_pkey_st* key);

}  // namespace tollgate::pstn::identity
