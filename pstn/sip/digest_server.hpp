// SPDX-License-Identifier: Apache-2.0
// Digest access authentication, the side that asks: challenges and their verdicts (RFC 3261 §22, RFC 2617
// §3.2, RFC 8760). Free of IO: the time is an argument.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/sip/digest.hpp"

namespace tollgate::pstn::sip {

/// What an Authorization header claims (RFC 2617 §3.2.2); all texts unquoted, empty when absent.
struct digest_claim {
  std::string username;
  std::string realm;
  std::string nonce;
  std::string uri;
  std::string response;
  std::string algorithm;
  std::string qop;
  std::string cnonce;
  std::string nonce_count;  ///< eight hexadecimal digits
};

enum class digest_verdict : std::uint8_t {
  good,
  stale,  ///< right, but by a nonce that is too old or has been used: to be asked again with stale=true
  wrong,  ///< not by who knows the password, or nothing that could be judged
};

class digest_server {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds nonce_lifetime{60};
  static constexpr std::size_t most_nonces = 10'000;  ///< in use at once; more are stale

  /// Throws std::runtime_error where there is no randomness.
  digest_server(std::string realm, std::vector<digest_algorithm> offered);

  const std::string& realm() const { return realm_; }

  /// The values of WWW-Authenticate headers, one of each algorithm, the preferred first (RFC 8760 §2.4).
  std::vector<std::string> challenges(bool stale, time_point now) const;

  /// Judges a claim, by an algorithm that was offered, for a request of this method. Good only once for each
  /// nonce and nonce count.
  digest_verdict judge(const digest_claim& claim, std::string_view method, std::string_view password,
                       time_point now);

 private:
  std::string nonce_of(std::chrono::seconds made, std::string_view random) const;
  bool is_ours(std::string_view nonce) const;  // however old
  void forget_old(time_point now);

  const std::string realm_;
  const std::vector<digest_algorithm> offered_;
  std::array<unsigned char, 32> secret_{};
  std::map<std::string, std::uint32_t, std::less<>> counts_;  // the last one of each nonce in use
};

}  // namespace tollgate::pstn::sip
