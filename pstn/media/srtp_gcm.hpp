// SPDX-License-Identifier: Apache-2.0
// SRTP and SRTCP with AEAD_AES_256_GCM (RFC 7714) on OpenSSL: the profile of every packet between gateway and
// peers. libsrtp2 does the same, but as Debian builds it (with NSS) each packet allocates and takes locks
// that all threads share. No allocation and no lock after the first packet of a stream. Free of IO.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pstn/media/srtp_window.hpp"

namespace tollgate::pstn::media {

// One AES-256-GCM key with its salt.
class gcm_key {
 public:
  static constexpr std::size_t key_bytes = 32, salt_bytes = 12, tag_bytes = 16;
  using nonce = std::array<unsigned char, salt_bytes>;

  // False: OpenSSL refuses.
  bool open(std::span<const unsigned char, key_bytes> key, std::span<const unsigned char, salt_bytes> salt);
  // In place; the tag is written behind the text, where there is room for it. `number` is what differs from
  // packet to packet (RFC 7714 §8.1, §9.1), the salt is added here.
  bool seal(nonce number, std::span<const std::byte> authenticated, std::span<std::byte> text) noexcept;
  // In place; the tag is read from behind the text. False: not by the holder of the key; the text is gone.
  bool unseal(nonce number, std::span<const std::byte> authenticated, std::span<std::byte> text) noexcept;

 private:
  struct context_free {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  };
  bool begin(nonce& number, std::span<const std::byte> authenticated, int sealing) noexcept;

  std::unique_ptr<EVP_CIPHER_CTX, context_free> context_;
  nonce salt_{};
};

// Both directions of one association, with the interface of srtp_session.
class srtp_gcm {
 public:
  // Master key followed by master salt, 44 bytes each. Nothing: OpenSSL refuses.
  static std::optional<srtp_gcm> make(std::span<const std::byte> local, std::span<const std::byte> remote);

  boost::system::result<std::size_t> protect_rtp(std::span<std::byte> buffer, std::size_t length);
  boost::system::result<std::size_t> protect_rtcp(std::span<std::byte> buffer, std::size_t length);
  boost::system::result<std::size_t> unprotect_rtp(std::span<std::byte> packet);
  boost::system::result<std::size_t> unprotect_rtcp(std::span<std::byte> packet);

 private:
  struct stream {
    std::uint32_t ssrc = 0;
    srtp_window rtp;
    srtp_window rtcp;              // of those received
    std::uint32_t rtcp_index = 0;  // of the last one sent
  };
  struct direction {
    gcm_key rtp, rtcp;
    std::vector<stream> streams;

    bool open(std::span<const std::byte> master);
    stream* find(std::uint32_t ssrc) noexcept;
  };

  direction out_, in_;
};

}  // namespace tollgate::pstn::media
