// SPDX-License-Identifier: Apache-2.0
// Reading STUN messages (RFC 8489) and checking their authenticity.
#include "gateway/overlay/stun.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "gateway/overlay/stun_constants.hpp"

namespace tollgate::gateway::overlay {
namespace stun {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? value >> 1 ^ 0xEDB88320 : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr auto crc_table = make_crc_table();

}  // namespace

std::uint32_t crc32(std::span<const std::byte> octets) noexcept {
  std::uint32_t value = 0xFFFFFFFF;
  for (const auto octet : octets)
    value = value >> 8 ^ crc_table[(value ^ std::to_integer<std::uint32_t>(octet)) & 0xff];
  return ~value;
}

bool message_hmac(std::span<const std::byte> message, std::size_t integrity_offset,
                  std::span<const std::byte> key, std::array<std::byte, integrity_bytes>& into) noexcept {
  if (integrity_offset < header_bytes || integrity_offset > message.size() ||
      integrity_offset > message_max_bytes)
    return false;
  std::array<std::byte, message_max_bytes> copy;
  std::copy_n(message.begin(), integrity_offset, copy.begin());
  store16(copy.data() + 2, static_cast<std::uint16_t>(integrity_offset - header_bytes +
                                                      attribute_header_bytes + integrity_bytes));
  unsigned int size = 0;
  return HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(copy.data()), integrity_offset,
              reinterpret_cast<unsigned char*>(into.data()), &size) != nullptr &&
         size == into.size();
}

}  // namespace stun

namespace {

using stun::load16;
using stun::load32;

std::string_view text_of(std::span<const std::byte> value) noexcept {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

// RFC 8489 §14.2: port and address are combined with the cookie, an IPv6 address with the transaction id too.
std::optional<transport_address> read_address(std::span<const std::byte> value,
                                              const stun_transaction& transaction) noexcept {
  if (value.size() < 4) return std::nullopt;
  const auto family = std::to_integer<unsigned>(value[1]);
  const auto port = static_cast<std::uint16_t>(load16(value.data() + 2) ^ (stun::magic_cookie >> 16));
  if (family == 1 && value.size() == 8)
    return transport_address(boost::asio::ip::address_v4(load32(value.data() + 4) ^ stun::magic_cookie),
                             port);
  if (family == 2 && value.size() == 20) {
    boost::asio::ip::address_v6::bytes_type octets;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const auto mask =
          i < 4 ? stun::magic_cookie >> (24 - 8 * i) & 0xff : std::to_integer<unsigned>(transaction[i - 4]);
      octets[i] = static_cast<unsigned char>(std::to_integer<unsigned>(value[4 + i]) ^ mask);
    }
    return transport_address(boost::asio::ip::address_v6(octets), port);
  }
  return std::nullopt;
}

// Takes one attribute in; false when its value contradicts its type.
bool read_attribute(stun_message& message, std::uint16_t type, std::span<const std::byte> value) noexcept {
  switch (type) {
    case stun::username:
      message.username = text_of(value);
      return value.size() <= 513;  // §14.3
    case stun::priority:
      if (value.size() != 4) return false;
      message.priority = load32(value.data());
      return true;
    case stun::use_candidate:
      message.use_candidate = true;
      return value.empty();
    case stun::ice_controlling:
      message.controlling = true;
      return value.size() == 8;
    case stun::ice_controlled:
      message.controlled = true;
      return value.size() == 8;
    case stun::xor_mapped_address:
      message.mapped_address = read_address(value, message.transaction);
      return message.mapped_address.has_value();
    case stun::error_code:
      if (value.size() < 4) return false;
      message.error_code = (std::to_integer<int>(value[2]) & 7) * 100 + std::to_integer<int>(value[3]);
      return true;
    default:
      if (type < 0x8000 && !message.unknown_required) message.unknown_required = type;
      return true;
  }
}

bool fingerprint_right(std::span<const std::byte> datagram, std::size_t offset) noexcept {
  return offset + stun::attribute_header_bytes + stun::fingerprint_bytes == datagram.size() &&
         (stun::crc32(datagram.first(offset)) ^ stun::fingerprint_xor) ==
             load32(datagram.data() + offset + stun::attribute_header_bytes);
}

bool read_attributes(stun_message& message) noexcept {
  const auto datagram = message.datagram;
  std::size_t offset = stun::header_bytes;
  while (offset < datagram.size()) {
    if (datagram.size() - offset < stun::attribute_header_bytes) return false;
    const auto type = load16(datagram.data() + offset);
    const std::size_t length = load16(datagram.data() + offset + 2);
    const std::size_t padded = (length + 3) / 4 * 4;
    if (datagram.size() - offset - stun::attribute_header_bytes < padded) return false;
    const auto value = datagram.subspan(offset + stun::attribute_header_bytes, length);
    if (type == stun::fingerprint) {
      if (length != stun::fingerprint_bytes || !fingerprint_right(datagram, offset)) return false;
    } else if (message.integrity_offset == 0) {
      if (type == stun::message_integrity) {
        if (length != stun::integrity_bytes) return false;
        message.integrity_offset = offset;
      } else if (!read_attribute(message, type, value)) {
        return false;
      }
    }
    offset += stun::attribute_header_bytes + padded;
  }
  return true;
}

stun_class class_of(std::uint16_t type) noexcept {
  switch ((type >> 7 & 2) | (type >> 4 & 1)) {  // §5: C1 is bit 8, C0 is bit 4
    case 0:
      return stun_class::request;
    case 1:
      return stun_class::indication;
    case 2:
      return stun_class::success;
    default:
      return stun_class::error;
  }
}

}  // namespace

boost::system::result<stun_message> parse_stun(std::span<const std::byte> datagram) {
  if (datagram.size() < stun::header_bytes || datagram.size() > stun::message_max_bytes)
    return overlay_error::stun_malformed;
  const auto type = load16(datagram.data());
  const std::size_t length = load16(datagram.data() + 2);
  if ((type & 0xC000) != 0 || length % 4 != 0 || length + stun::header_bytes != datagram.size() ||
      load32(datagram.data() + 4) != stun::magic_cookie)
    return overlay_error::stun_malformed;
  stun_message message;
  message.kind = class_of(type);
  message.method = static_cast<std::uint16_t>((type & 0x000F) | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2);
  std::copy_n(datagram.begin() + 8, message.transaction.size(), message.transaction.begin());
  message.datagram = datagram;
  if (!read_attributes(message)) return overlay_error::stun_malformed;
  return message;
}

bool verify_integrity(const stun_message& message, std::string_view password) noexcept {
  std::array<std::byte, stun::integrity_bytes> expected{};
  return message.integrity_offset != 0 &&
         stun::message_hmac(message.datagram, message.integrity_offset,
                            std::as_bytes(std::span(password.data(), password.size())), expected) &&
         CRYPTO_memcmp(message.datagram.data() + message.integrity_offset + stun::attribute_header_bytes,
                       expected.data(), expected.size()) == 0;
}

std::string_view local_username_fragment(std::span<const std::byte> datagram) noexcept {
  const auto message = parse_stun(datagram);
  if (!message || message->kind != stun_class::request || message->method != stun_binding) return {};
  const auto colon = message->username.find(':');
  return colon == std::string_view::npos ? std::string_view{} : message->username.substr(0, colon);
}

}  // namespace tollgate::gateway::overlay
