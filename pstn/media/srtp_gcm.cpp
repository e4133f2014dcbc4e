// SPDX-License-Identifier: Apache-2.0
// AEAD_AES_256_GCM for RTP and RTCP. Free of IO.
#include "pstn/media/srtp_gcm.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "pstn/media/bytes.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/srtp.hpp"

namespace tollgate::pstn::media {
namespace {

// RFC 3711 §4.3.1: labels of what is derived from a master key.
constexpr unsigned char label_rtp_key = 0x00;
constexpr unsigned char label_rtp_salt = 0x02;
constexpr unsigned char label_rtcp_key = 0x03;
constexpr unsigned char label_rtcp_salt = 0x05;
constexpr std::size_t label_at = 7;  // §4.3.1: key_id = label || r of 48 bits, below the 112 bits of a salt

constexpr std::size_t rtp_fixed_bytes = 12;           // RFC 3550 §5.1
constexpr std::size_t rtcp_clear_bytes = 8;           // RFC 7714 §9.2: the first header with its SSRC
constexpr std::size_t rtcp_word_bytes = 4;            // E and the index of 31 bits
constexpr std::uint32_t rtcp_encrypted = 0x80000000;  // E
constexpr std::uint64_t rtp_index_end = 1ULL << 48;   // RFC 7714 §14: a key protects no more
constexpr std::uint32_t rtcp_index_most = 0x7fffffff;

using cipher = std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)>;

// Looking an algorithm up takes locks: once in a process.
const EVP_CIPHER* aes_256_gcm() {
  static const cipher found(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), EVP_CIPHER_free);
  return found.get();
}

const unsigned char* octets(std::span<const std::byte> from) noexcept {
  return reinterpret_cast<const unsigned char*>(from.data());
}
unsigned char* octets(std::span<std::byte> from) noexcept {
  return reinterpret_cast<unsigned char*>(from.data());
}

// Header, contributing sources and extension: what stays readable. 0 when the packet does not have them.
std::size_t clear_bytes(std::span<const std::byte> packet) noexcept {
  const auto first = std::to_integer<unsigned>(packet[0]);
  if (first >> 6 != 2) return 0;
  std::size_t length = rtp_fixed_bytes + 4 * (first & 0x0f);
  if ((first & 0x10) != 0) {
    if (packet.size() < length + 4) return 0;
    length += 4 + std::size_t{4} * read_u16(packet, length + 2);
  }
  return length <= packet.size() ? length : 0;
}

gcm_key::nonce number_of(std::uint32_t ssrc, std::uint64_t index) noexcept {  // RFC 7714 §8.1, §9.1
  gcm_key::nonce number{};
  for (std::size_t i = 0; i < 4; ++i)
    number[2 + i] = static_cast<unsigned char>(ssrc >> (24 - 8 * i));
  for (std::size_t i = 0; i < 6; ++i)
    number[6 + i] = static_cast<unsigned char>(index >> (40 - 8 * i));
  return number;
}

// RFC 3711 §4.3.3 with AES-256 (RFC 6188 §2): key stream in counter mode from salt and label.
bool derive(std::span<const std::byte> master, unsigned char label, std::span<unsigned char> into) noexcept {
  std::array<unsigned char, 16> counter{};
  std::copy_n(octets(master.subspan(gcm_key::key_bytes)), gcm_key::salt_bytes, counter.begin());
  counter[label_at] ^= label;
  std::fill(into.begin(), into.end(), 0);
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  int done = 0;
  return context &&
         EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr, octets(master), counter.data()) == 1 &&
         EVP_EncryptUpdate(context.get(), into.data(), &done, into.data(), static_cast<int>(into.size())) ==
             1;
}

}  // namespace

bool gcm_key::open(std::span<const unsigned char, key_bytes> key,
                   std::span<const unsigned char, salt_bytes> salt) {
  std::copy(salt.begin(), salt.end(), salt_.begin());
  context_.reset(EVP_CIPHER_CTX_new());
  return context_ && EVP_CipherInit_ex(context_.get(), aes_256_gcm(), nullptr, key.data(), nullptr, 1) == 1;
}

bool gcm_key::begin(nonce& number, std::span<const std::byte> authenticated, int sealing) noexcept {
  std::transform(number.begin(), number.end(), salt_.begin(), number.begin(),
                 [](unsigned char a, unsigned char b) { return static_cast<unsigned char>(a ^ b); });
  int done = 0;
  return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, number.data(), sealing) == 1 &&
         EVP_CipherUpdate(context_.get(), nullptr, &done, octets(authenticated),
                          static_cast<int>(authenticated.size())) == 1;
}

bool gcm_key::seal(nonce number, std::span<const std::byte> authenticated,
                   std::span<std::byte> text) noexcept {
  int done = 0;
  unsigned char* const out = octets(text);
  return begin(number, authenticated, 1) &&
         EVP_CipherUpdate(context_.get(), out, &done, out, static_cast<int>(text.size())) == 1 &&
         EVP_CipherFinal_ex(context_.get(), out, &done) == 1 &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, out + text.size()) == 1;
}

bool gcm_key::unseal(nonce number, std::span<const std::byte> authenticated,
                     std::span<std::byte> text) noexcept {
  int done = 0;
  unsigned char* const out = octets(text);
  return begin(number, authenticated, 0) &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, out + text.size()) == 1 &&
         EVP_CipherUpdate(context_.get(), out, &done, out, static_cast<int>(text.size())) == 1 &&
         EVP_CipherFinal_ex(context_.get(), out, &done) == 1;
}

bool srtp_gcm::direction::open(std::span<const std::byte> master) {
  std::array<unsigned char, gcm_key::key_bytes> key{};
  std::array<unsigned char, gcm_key::salt_bytes> salt{};
  const bool made = derive(master, label_rtp_key, key) && derive(master, label_rtp_salt, salt) &&
                    rtp.open(key, salt) && derive(master, label_rtcp_key, key) &&
                    derive(master, label_rtcp_salt, salt) && rtcp.open(key, salt);
  OPENSSL_cleanse(key.data(), key.size());
  streams.reserve(1);
  return made;
}

srtp_gcm::stream* srtp_gcm::direction::find(std::uint32_t ssrc) noexcept {
  const auto found =
      std::find_if(streams.begin(), streams.end(), [ssrc](const stream& each) { return each.ssrc == ssrc; });
  return found == streams.end() ? nullptr : &*found;
}

std::optional<srtp_gcm> srtp_gcm::make(std::span<const std::byte> local, std::span<const std::byte> remote) {
  constexpr std::size_t master_bytes = gcm_key::key_bytes + gcm_key::salt_bytes;
  if (local.size() != master_bytes || remote.size() != master_bytes) return std::nullopt;
  std::optional<srtp_gcm> made(std::in_place);
  if (!made->out_.open(local) || !made->in_.open(remote)) return std::nullopt;
  return made;
}

boost::system::result<std::size_t> srtp_gcm::protect_rtp(std::span<std::byte> buffer, std::size_t length) {
  if (length < rtp_fixed_bytes || length > buffer.size() || buffer.size() - length < srtp_overhead_bytes)
    return media_error::packet_malformed;
  const std::size_t clear = clear_bytes(buffer.first(length));
  if (clear == 0) return media_error::packet_malformed;
  const std::uint32_t ssrc = read_u32(buffer, 8);
  stream* to = out_.find(ssrc);
  if (to == nullptr) to = &out_.streams.emplace_back(stream{ssrc, {}, {}, 0});
  const std::uint64_t index = to->rtp.estimate(read_u16(buffer, 2));
  // A number that was used would give the key stream away (RFC 7714 §8.1).
  if (index >= rtp_index_end || !to->rtp.fresh(index)) return media_error::srtp_refused;
  to->rtp.note(index);
  if (!out_.rtp.seal(number_of(ssrc, index), buffer.first(clear), buffer.subspan(clear, length - clear)))
    return media_error::srtp_refused;
  return length + gcm_key::tag_bytes;
}

boost::system::result<std::size_t> srtp_gcm::unprotect_rtp(std::span<std::byte> packet) {
  if (packet.size() < rtp_fixed_bytes + gcm_key::tag_bytes || packet.size() > 0xffff)
    return media_error::packet_malformed;
  const std::size_t length = packet.size() - gcm_key::tag_bytes;
  const std::size_t clear = clear_bytes(packet.first(length));
  if (clear == 0) return media_error::packet_malformed;
  const std::uint32_t ssrc = read_u32(packet, 8);
  stream* from = in_.find(ssrc);
  // A stream is made for each SSRC that authenticates: a far end gets a few, not four thousand million.
  if (from == nullptr && in_.streams.size() >= srtp_streams_max) return media_error::srtp_refused;
  const std::uint16_t sequence_number = read_u16(packet, 2);
  const std::uint64_t index = from != nullptr ? from->rtp.estimate(sequence_number) : sequence_number;
  if (from != nullptr && !from->rtp.fresh(index)) return media_error::srtp_replayed;
  if (!in_.rtp.unseal(number_of(ssrc, index), packet.first(clear), packet.subspan(clear, length - clear)))
    return media_error::srtp_refused;
  if (from == nullptr) from = &in_.streams.emplace_back(stream{ssrc, {}, {}, 0});
  from->rtp.note(index);
  return length;
}

// RFC 7714 §9.2, §17: authenticated are the first eight bytes and the word that follows the tag.
boost::system::result<std::size_t> srtp_gcm::protect_rtcp(std::span<std::byte> buffer, std::size_t length) {
  if (length < rtcp_clear_bytes || length > buffer.size() || buffer.size() - length < srtp_overhead_bytes)
    return media_error::packet_malformed;
  const std::uint32_t ssrc = read_u32(buffer, 4);
  stream* to = out_.find(ssrc);
  if (to == nullptr) to = &out_.streams.emplace_back(stream{ssrc, {}, {}, 0});
  if (to->rtcp_index == rtcp_index_most) return media_error::srtp_refused;
  const std::uint32_t index = ++to->rtcp_index;
  std::array<std::byte, rtcp_clear_bytes + rtcp_word_bytes> authenticated{};
  std::copy_n(buffer.begin(), rtcp_clear_bytes, authenticated.begin());
  write_u32(authenticated, rtcp_clear_bytes, rtcp_encrypted | index);
  if (!out_.rtcp.seal(number_of(ssrc, index), authenticated,
                      buffer.subspan(rtcp_clear_bytes, length - rtcp_clear_bytes)))
    return media_error::srtp_refused;
  write_u32(buffer, length + gcm_key::tag_bytes, rtcp_encrypted | index);
  return length + gcm_key::tag_bytes + rtcp_word_bytes;
}

boost::system::result<std::size_t> srtp_gcm::unprotect_rtcp(std::span<std::byte> packet) {
  constexpr std::size_t added = gcm_key::tag_bytes + rtcp_word_bytes;
  if (packet.size() < rtcp_clear_bytes + added || packet.size() > 0xffff)
    return media_error::packet_malformed;
  const std::size_t length = packet.size() - added;
  const std::uint32_t word = read_u32(packet, length + gcm_key::tag_bytes);
  if ((word & rtcp_encrypted) == 0) return media_error::srtp_refused;  // RFC 5764 §4.1.2: all is encrypted
  const std::uint32_t index = word & rtcp_index_most, ssrc = read_u32(packet, 4);
  stream* from = in_.find(ssrc);
  if (from == nullptr && in_.streams.size() >= srtp_streams_max) return media_error::srtp_refused;
  if (from != nullptr && !from->rtcp.fresh(index)) return media_error::srtp_replayed;
  std::array<std::byte, rtcp_clear_bytes + rtcp_word_bytes> authenticated{};
  std::copy_n(packet.begin(), rtcp_clear_bytes, authenticated.begin());
  write_u32(authenticated, rtcp_clear_bytes, word);
  if (!in_.rtcp.unseal(number_of(ssrc, index), authenticated,
                       packet.subspan(rtcp_clear_bytes, length - rtcp_clear_bytes)))
    return media_error::srtp_refused;
  if (from == nullptr) from = &in_.streams.emplace_back(stream{ssrc, {}, {}, 0});
  from->rtcp.note(index);
  return length;
}

}  // namespace tollgate::pstn::media
