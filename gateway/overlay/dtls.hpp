// SPDX-License-Identifier: Apache-2.0
// One end of DTLS-SRTP (RFC 5763, RFC 5764) without IO: datagrams in, datagrams out, timers asked for. Only
// SRTP_AEAD_AES_256_GCM (RFC 7714), only DTLS 1.2; the other end's fingerprint is compared inside the
// handshake. Any other profile or fingerprint fails the handshake with an alert, and no key is ever exported.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/overlay/certificate.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace tollgate::gateway::overlay {

enum class dtls_role : std::uint8_t { client, server };  // a=setup:active, a=setup:passive

// One certificate for any number of endpoints. A value: copies share it; safe to use from several threads.
class dtls_context {
 public:
  explicit dtls_context(certificate own);  // throws std::runtime_error when the library refuses it

  const certificate& own_certificate() const noexcept { return own_; }
  ssl_ctx_st* native() const noexcept { return context_.get(); }

 private:
  certificate own_;
  std::shared_ptr<ssl_ctx_st> context_;
};

enum class dtls_state : std::uint8_t {
  handshaking,
  connected,  // keys() are there
  failed,     // see failure()
  closed,     // close_notify came, or close() was called
};

enum class dtls_failure : std::uint8_t {
  none,
  no_srtp_profile,    // the other end does not offer, or did not choose, SRTP_AEAD_AES_256_GCM
  wrong_fingerprint,  // its certificate is not the one that was signed for
  timed_out,          // no end of the handshake within dtls_handshake_limit
  protocol,           // an alert, no common cipher, a malformed message
};
std::string_view to_text(dtls_failure failure) noexcept;

inline constexpr std::chrono::seconds dtls_handshake_limit{20};

// SRTP master keys of RFC 5764 §4.2: 32 octets of key, then 12 of salt, as libsrtp2 takes them.
struct srtp_keys {
  std::array<std::byte, 44> local{};   // protects what this end sends
  std::array<std::byte, 44> remote{};  // of what the other end sends
};

// Not safe to use from two threads at once; movable.
class dtls_endpoint {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  // Takes one datagram to send. Called only from start, receive, advance and close, and after the library's
  // own work is done: it may do what it likes but call the endpoint.
  using datagram_sink = std::function<void(std::span<const std::byte>)>;

  dtls_endpoint(const dtls_context& context, dtls_role role, const fingerprint& expected, datagram_sink out);
  ~dtls_endpoint();
  dtls_endpoint(dtls_endpoint&&) noexcept;
  dtls_endpoint& operator=(dtls_endpoint&&) noexcept;

  // Begins: a client sends its ClientHello. Call it once, when ICE has an address.
  void start(time_point now);
  // A datagram that classify() called dtls, from a validated address. Whatever it holds, this does not throw.
  void receive(std::span<const std::byte> datagram, time_point now);
  // Sends again what was lost. Call it at next_deadline(). (Retransmission is timed by OpenSSL on its own
  // clock, in real time; `now` only bounds the handshake and makes deadlines out of its remaining times.)
  void advance(time_point now);
  std::optional<time_point> next_deadline() const noexcept;
  // Sends close_notify. The state is closed afterwards.
  void close();

  dtls_state state() const noexcept;
  dtls_failure failure() const noexcept;
  // Only when connected (and while closed after it).
  const std::optional<srtp_keys>& keys() const noexcept;
  std::string_view profile() const noexcept;  // "SRTP_AEAD_AES_256_GCM" when connected, else empty
  std::string_view cipher() const noexcept;   // OpenSSL's name of the DTLS cipher when connected, else empty

 private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::gateway::overlay
