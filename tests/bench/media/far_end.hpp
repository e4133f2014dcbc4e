// SPDX-License-Identifier: Apache-2.0
// The far ends of one call: a peer's socket with ICE, DTLS and SRTP, and a trunk's socket in the clear.
#pragma once

#include <srtp2/srtp.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/ice_lite.hpp"

namespace tollgate::bench {

// A UDP socket on loopback that tells when each packet arrived by the kernel's clock, whatever its reader was
// doing.
class udp_port {
 public:
  udp_port();  // a free port; throws std::system_error
  ~udp_port();
  udp_port(const udp_port&) = delete;
  udp_port& operator=(const udp_port&) = delete;

  void connect(std::uint16_t to);  // on 127.0.0.1; throws std::system_error
  void send(std::span<const unsigned char> packet) noexcept;
  // One packet that waits, and when it arrived (CLOCK_REALTIME, ns); nothing when none waits.
  struct arrival {
    std::size_t size;
    std::int64_t at_ns;
  };
  std::optional<arrival> receive(std::span<unsigned char> into) noexcept;

  int descriptor() const noexcept { return descriptor_; }
  std::uint16_t number() const noexcept { return number_; }

 private:
  int descriptor_;
  std::uint16_t number_ = 0;
};

// Keys as libsrtp2 takes them: 32 octets of key, 12 of salt (RFC 7714 §12).
using master_key = std::array<unsigned char, 44>;

class far_end {
 public:
  far_end();
  ~far_end();
  far_end(const far_end&) = delete;
  far_end& operator=(const far_end&) = delete;

  udp_port peer;
  udp_port trunk;
  gateway::overlay::ice_credentials ice = gateway::overlay::make_ice_credentials();

  // Begins ICE and DTLS with a gateway; `connected` is true some datagrams later.
  void begin(const gateway::overlay::dtls_context& own, const gateway::overlay::ice_credentials& gateway,
             const gateway::overlay::fingerprint& certificate);
  void take_set_up(std::span<const unsigned char> datagram);
  void repeat_set_up();  // what may have been lost
  // Keys from signalling instead (SDES, RFC 4568).
  void use_keys(const master_key& sending, const master_key& receiving);
  bool connected() const noexcept { return sending_ != nullptr; }

  // In place; the new length, 0 when libsrtp refuses.
  std::size_t protect(std::span<unsigned char> buffer, std::size_t length) noexcept;
  std::size_t unprotect(std::span<unsigned char> packet) noexcept;

 private:
  void send_check();

  std::string check_name_, check_password_;
  std::optional<gateway::overlay::dtls_endpoint> dtls_;
  bool checked_ = false;
  srtp_t sending_ = nullptr;
  srtp_t receiving_ = nullptr;
};

}  // namespace tollgate::bench
