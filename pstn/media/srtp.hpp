// SPDX-License-Identifier: Apache-2.0
// SRTP and SRTCP (RFC 3711, RFC 7714) with keys from outside, such as DTLS-SRTP's exporter. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace tollgate::pstn::media {

enum class srtp_profile : std::uint8_t {
  aead_aes_256_gcm,  // RFC 7714 §14.2; DTLS-SRTP profile 0x0008: the only one between gateway and peers
  aes_cm_128_hmac_sha1_80,  // RFC 3711; DTLS-SRTP profile 0x0001
};

std::string_view to_string(srtp_profile profile) noexcept;  // "SRTP_AEAD_AES_256_GCM", ...

// Master key followed by master salt, as one text: 32 + 12, or 16 + 14 bytes.
constexpr std::size_t srtp_key_bytes(srtp_profile profile) noexcept {
  return profile == srtp_profile::aead_aes_256_gcm ? 44 : 30;
}

inline constexpr std::size_t srtp_overhead_bytes = 64;  // room that protecting needs behind a packet at most
inline constexpr std::size_t srtp_streams_max = 8;      // SSRCs that one far end may use in a session

// Both directions of one DTLS association. Belongs to one thread.
class srtp_session {
 public:
  // `local` protects what we send, `remote` opens what we receive: srtp_key_bytes each. Error:
  // media_error::srtp_key_invalid.
  static boost::system::result<srtp_session> make(srtp_profile profile, std::span<const std::byte> local,
                                                  std::span<const std::byte> remote);
  srtp_session(srtp_session&&) noexcept;
  srtp_session& operator=(srtp_session&&) noexcept;
  ~srtp_session();

  // In place: `buffer` begins with a packet of `length` bytes and has srtp_overhead_bytes more. The answer is
  // the new length. Errors: packet_malformed, srtp_refused.
  boost::system::result<std::size_t> protect_rtp(std::span<std::byte> buffer, std::size_t length);
  boost::system::result<std::size_t> protect_rtcp(std::span<std::byte> buffer, std::size_t length);

  // In place: the answer is the length of the plain packet at the beginning of `packet`.
  // Errors: packet_malformed, srtp_refused (not by the holder of the key, or more than srtp_streams_max
  // SSRCs), srtp_replayed.
  boost::system::result<std::size_t> unprotect_rtp(std::span<std::byte> packet);
  boost::system::result<std::size_t> unprotect_rtcp(std::span<std::byte> packet);

 private:
  class implementation;
  explicit srtp_session(std::unique_ptr<implementation>);
  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::pstn::media
