// SPDX-License-Identifier: Apache-2.0
// The gateway's end of ICE: a lite agent (RFC 8445 §2.5, §7.3) with one host candidate. It answers the peer's
// authenticated checks and remembers the address that the peer nominated; it sends no checks of its own, and
// learns peer-reflexive addresses from theirs. Free of IO; the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "gateway/overlay/stun.hpp"

namespace tollgate::gateway::overlay {

// a=ice-ufrag and a=ice-pwd (RFC 8839 §5.4): 4 to 256 and 22 to 256 characters.
struct ice_credentials {
  std::string username_fragment;
  std::string password;

  bool operator==(const ice_credentials&) const = default;
};

// 8 and 24 random characters of the ice-char alphabet (48 and 144 bits): unguessable, so that the fragment
// may also tell the calls on one port apart.
ice_credentials make_ice_credentials();

class ice_lite_agent {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  ice_lite_agent(ice_credentials local, ice_credentials remote);

  // Handles a STUN datagram of this call. Returns the response to send back to `source` from the same socket
  // (valid until the next call), or an empty span when nothing is to be sent: responses, indications, what is
  // malformed or not authenticated (no answer helps an attacker). ICE-CONTROLLED gets 487, unknown
  // comprehension-required attributes 420.
  std::span<const std::byte> receive(std::span<const std::byte> datagram, const transport_address& source,
                                     time_point now);

  // The peer's credentials after an ICE restart; the selected address stays until a new nomination.
  void restart(ice_credentials local, ice_credentials remote);

  // Where media and DTLS go: the nominated address, before that the address of the latest valid check.
  // Nothing before the first valid check: begin no DTLS before it is there.
  const std::optional<transport_address>& selected() const noexcept { return selected_; }
  bool nominated() const noexcept { return nominated_; }
  // Whether a datagram from this address belongs to the call: it passed a check.
  bool validated(const transport_address& source) const noexcept;
  // Time of the latest valid check (consent, RFC 7675: the peer checks every few seconds; nothing for 30 s
  // means that it is gone).
  std::optional<time_point> last_check() const noexcept { return last_check_; }

  const ice_credentials& local() const noexcept { return local_; }
  const ice_credentials& remote() const noexcept { return remote_; }

 private:
  void accept_check(const transport_address& source, bool nominates, time_point now);

  static constexpr std::size_t validated_max = 16;

  ice_credentials local_;
  ice_credentials remote_;
  std::optional<stun_writer> response_;
  std::array<transport_address, validated_max> validated_{};
  std::size_t validated_count_ = 0;
  std::size_t validated_next_ = 0;
  std::optional<transport_address> selected_;
  bool nominated_ = false;
  std::optional<time_point> last_check_;
};

}  // namespace tollgate::gateway::overlay
