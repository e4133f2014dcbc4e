// SPDX-License-Identifier: Apache-2.0
// STUN messages as far as ICE-lite needs them (RFC 8489, RFC 8445 §7): reading with every length checked,
// writing into a fixed buffer, MESSAGE-INTEGRITY and FINGERPRINT. Free of IO and of allocation.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/transport_address.hpp"

namespace tollgate::gateway::overlay {

enum class stun_class : std::uint8_t { request, indication, success, error };
inline constexpr std::uint16_t stun_binding = 0x001;
using stun_transaction = std::array<std::byte, 12>;

// A message read in place: spans and views point into the datagram.
struct stun_message {
  stun_class kind = stun_class::request;
  std::uint16_t method = 0;
  stun_transaction transaction{};
  std::string_view username;              // empty when absent
  std::optional<std::uint32_t> priority;  // RFC 8445 §16.1
  bool use_candidate = false;
  bool controlling = false;                         // ICE-CONTROLLING was there
  bool controlled = false;                          // ICE-CONTROLLED was there
  std::optional<transport_address> mapped_address;  // XOR-MAPPED-ADDRESS
  std::optional<int> error_code;
  std::optional<std::uint16_t> unknown_required;  // first attribute below 0x8000 that is not known here
  std::size_t integrity_offset = 0;  // of MESSAGE-INTEGRITY's header in the datagram; 0 when absent
  std::span<const std::byte> datagram;
};

// Reads one message. FINGERPRINT is checked when present. Attributes after MESSAGE-INTEGRITY, but for
// FINGERPRINT, are ignored (RFC 8489 §14.5). Errors: stun_malformed.
boost::system::result<stun_message> parse_stun(std::span<const std::byte> datagram);

// Whether MESSAGE-INTEGRITY is there and right for this short-term password (RFC 8489 §9.1).
bool verify_integrity(const stun_message& message, std::string_view password) noexcept;

// Of USERNAME "ours:theirs" in a Binding request: ours, by which the shared port finds its call. Empty when
// this is no such request. Nothing is authenticated here.
std::string_view local_username_fragment(std::span<const std::byte> datagram) noexcept;

// Writes one message; what does not fit is left out and ok() is false.
class stun_writer {
 public:
  static constexpr std::size_t size_max_bytes = 548;

  stun_writer(stun_class kind, std::uint16_t method, const stun_transaction& transaction) noexcept;
  stun_writer& username(std::string_view value) noexcept;
  stun_writer& priority(std::uint32_t value) noexcept;
  stun_writer& use_candidate() noexcept;
  stun_writer& controlling(std::uint64_t tie_breaker) noexcept;
  stun_writer& controlled(std::uint64_t tie_breaker) noexcept;
  stun_writer& mapped_address(const transport_address& address) noexcept;  // XOR-MAPPED-ADDRESS
  stun_writer& error(int code, std::string_view reason) noexcept;
  stun_writer& unknown_attribute(std::uint16_t type) noexcept;
  stun_writer& software(std::string_view value) noexcept;
  stun_writer& integrity(std::string_view password) noexcept;  // then only fingerprint() may follow
  stun_writer& fingerprint() noexcept;                         // last

  bool ok() const noexcept { return ok_; }
  std::span<const std::byte> datagram() const noexcept { return {buffer_.data(), size_}; }

 private:
  std::byte* append(std::uint16_t type, std::size_t length) noexcept;
  void set_length(std::size_t total) noexcept;

  std::array<std::byte, size_max_bytes> buffer_{};
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace tollgate::gateway::overlay
