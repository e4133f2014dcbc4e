// SPDX-License-Identifier: Apache-2.0
// Writing STUN messages (RFC 8489) into a fixed buffer.
#include <algorithm>

#include "gateway/overlay/stun.hpp"
#include "gateway/overlay/stun_constants.hpp"

namespace tollgate::gateway::overlay {
namespace {

std::uint16_t type_of(stun_class kind, std::uint16_t method) noexcept {
  const auto bits = static_cast<unsigned>(kind);  // request 0, indication 1, success 2, error 3
  return static_cast<std::uint16_t>((method & 0x000F) | (method & 0x0070) << 1 | (method & 0x0F80) << 2 |
                                    (bits & 1) << 4 | (bits & 2) << 7);
}

void store64(std::byte* to, std::uint64_t value) noexcept {
  stun::store32(to, static_cast<std::uint32_t>(value >> 32));
  stun::store32(to + 4, static_cast<std::uint32_t>(value & 0xFFFFFFFF));
}

}  // namespace

stun_writer::stun_writer(stun_class kind, std::uint16_t method,
                         const stun_transaction& transaction) noexcept {
  stun::store16(buffer_.data(), type_of(kind, method));
  stun::store32(buffer_.data() + 4, stun::magic_cookie);
  std::copy(transaction.begin(), transaction.end(), buffer_.begin() + 8);
  size_ = stun::header_bytes;
}

void stun_writer::set_length(std::size_t total) noexcept {
  stun::store16(buffer_.data() + 2, static_cast<std::uint16_t>(total - stun::header_bytes));
}

// Makes room for a value of this length; its padding is zero. Null when it does not fit.
std::byte* stun_writer::append(std::uint16_t type, std::size_t length) noexcept {
  const std::size_t padded = (length + 3) / 4 * 4;
  if (!ok_ || padded + stun::attribute_header_bytes > buffer_.size() - size_) {
    ok_ = false;
    return nullptr;
  }
  std::byte* header = buffer_.data() + size_;
  stun::store16(header, type);
  stun::store16(header + 2, static_cast<std::uint16_t>(length));
  size_ += stun::attribute_header_bytes + padded;
  set_length(size_);
  return header + stun::attribute_header_bytes;
}

stun_writer& stun_writer::username(std::string_view value) noexcept {
  if (auto* to = append(stun::username, value.size()))
    std::copy_n(reinterpret_cast<const std::byte*>(value.data()), value.size(), to);
  return *this;
}

stun_writer& stun_writer::software(std::string_view value) noexcept {
  if (auto* to = append(stun::software, value.size()))
    std::copy_n(reinterpret_cast<const std::byte*>(value.data()), value.size(), to);
  return *this;
}

stun_writer& stun_writer::priority(std::uint32_t value) noexcept {
  if (auto* to = append(stun::priority, 4)) stun::store32(to, value);
  return *this;
}

stun_writer& stun_writer::use_candidate() noexcept {
  append(stun::use_candidate, 0);
  return *this;
}

stun_writer& stun_writer::controlling(std::uint64_t tie_breaker) noexcept {
  if (auto* to = append(stun::ice_controlling, 8)) store64(to, tie_breaker);
  return *this;
}

stun_writer& stun_writer::controlled(std::uint64_t tie_breaker) noexcept {
  if (auto* to = append(stun::ice_controlled, 8)) store64(to, tie_breaker);
  return *this;
}

stun_writer& stun_writer::mapped_address(const transport_address& address) noexcept {
  const bool v4 = address.address().is_v4();
  auto* to = append(stun::xor_mapped_address, v4 ? 8 : 20);
  if (to == nullptr) return *this;
  to[0] = std::byte{0};
  to[1] = v4 ? std::byte{1} : std::byte{2};
  stun::store16(to + 2, static_cast<std::uint16_t>(address.port() ^ (stun::magic_cookie >> 16)));
  if (v4) {
    stun::store32(to + 4, address.address().to_v4().to_uint() ^ stun::magic_cookie);
  } else {
    const auto octets = address.address().to_v6().to_bytes();
    for (std::size_t i = 0; i < octets.size(); ++i)
      to[4 + i] = static_cast<std::byte>(octets[i]) ^ buffer_[4 + i];  // cookie, then transaction id
  }
  return *this;
}

stun_writer& stun_writer::error(int code, std::string_view reason) noexcept {
  if (auto* to = append(stun::error_code, 4 + reason.size())) {
    stun::store16(to, 0);
    to[2] = static_cast<std::byte>(code / 100);
    to[3] = static_cast<std::byte>(code % 100);
    std::copy_n(reinterpret_cast<const std::byte*>(reason.data()), reason.size(), to + 4);
  }
  return *this;
}

stun_writer& stun_writer::unknown_attribute(std::uint16_t type) noexcept {
  if (auto* to = append(stun::unknown_attributes, 2)) stun::store16(to, type);
  return *this;
}

stun_writer& stun_writer::integrity(std::string_view password) noexcept {
  std::array<std::byte, stun::integrity_bytes> digest{};
  const auto offset = size_;
  auto* to = append(stun::message_integrity, digest.size());
  if (to == nullptr) return *this;
  ok_ = stun::message_hmac(datagram(), offset, std::as_bytes(std::span(password.data(), password.size())),
                           digest);
  std::copy(digest.begin(), digest.end(), to);
  return *this;
}

stun_writer& stun_writer::fingerprint() noexcept {
  const auto offset = size_;
  if (auto* to = append(stun::fingerprint, stun::fingerprint_bytes))
    stun::store32(to, stun::crc32({buffer_.data(), offset}) ^ stun::fingerprint_xor);
  return *this;
}

}  // namespace tollgate::gateway::overlay
