// SPDX-License-Identifier: Apache-2.0
// SRTP: AEAD_AES_256_GCM by srtp_gcm, the other profile on libsrtp2 with one context per direction, streams
// made as SSRCs appear. Free of IO.
#include "pstn/media/srtp.hpp"

#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "pstn/media/bytes.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/srtp_gcm.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr std::size_t rtp_least_bytes = 12;
constexpr std::size_t rtcp_least_bytes = 8;
constexpr unsigned long replay_window_packets = 1024;  // RFC 3711 §3.3.2 asks for 64 at least

using transform = srtp_err_status_t (*)(srtp_t, void*, int*);

// The library is set up once and stays; a function-local constant makes that safe from any thread.
bool library_ready() noexcept {
  static const bool ready = srtp_init() == srtp_err_status_ok;
  return ready;
}

media_error to_error(srtp_err_status_t status) noexcept {
  if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
    return media_error::srtp_replayed;
  if (status == srtp_err_status_parse_err || status == srtp_err_status_bad_param)
    return media_error::packet_malformed;
  return media_error::srtp_refused;
}

struct context {
  context() = default;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() {
    if (handle != nullptr) srtp_dealloc(handle);
  }

  bool open(srtp_ssrc_type_t direction, std::span<const std::byte> key) {
    std::array<unsigned char, SRTP_MAX_KEY_LEN> copy{};
    std::transform(key.begin(), key.end(), copy.begin(),
                   [](std::byte b) { return std::to_integer<unsigned char>(b); });
    srtp_policy_t policy{};
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    policy.ssrc.type = direction;
    policy.key = copy.data();
    policy.window_size = replay_window_packets;
    const bool made = srtp_create(&handle, &policy) == srtp_err_status_ok;
    volatile unsigned char* erased = copy.data();  // the stores are not to be optimised away
    for (std::size_t i = 0; i < copy.size(); ++i)
      erased[i] = 0;
    return made;
  }

  srtp_t handle = nullptr;
};

}  // namespace

class srtp_session::implementation {
 public:
  bool open(srtp_profile profile, std::span<const std::byte> local, std::span<const std::byte> remote) {
    if (local.size() != srtp_key_bytes(profile) || remote.size() != srtp_key_bytes(profile)) return false;
    if (profile == srtp_profile::aead_aes_256_gcm) {
      gcm = srtp_gcm::make(local, remote);
      return gcm.has_value();
    }
    return library_ready() && out_.open(ssrc_any_outbound, local) && in_.open(ssrc_any_inbound, remote);
  }

  boost::system::result<std::size_t> protect(transform with, std::span<std::byte> buffer, std::size_t length,
                                             std::size_t least) {
    if (length < least || length > buffer.size() || buffer.size() - length < srtp_overhead_bytes)
      return media_error::packet_malformed;
    int size = static_cast<int>(length);
    if (const auto status = with(out_.handle, buffer.data(), &size); status != srtp_err_status_ok)
      return to_error(status);
    return static_cast<std::size_t>(size);
  }

  boost::system::result<std::size_t> unprotect(transform with, std::span<std::byte> packet, std::size_t least,
                                               std::size_t ssrc_at) {
    if (packet.size() < least || packet.size() > 0xffff) return media_error::packet_malformed;
    const std::uint32_t ssrc = read_u32(packet, ssrc_at);
    const auto end = known_.begin() + static_cast<std::ptrdiff_t>(known_count_);
    const bool known = std::find(known_.begin(), end, ssrc) != end;
    // The library allocates a stream for each SSRC that authenticates: a far end gets a few, not four
    // thousand million.
    if (!known && known_count_ == known_.size()) return media_error::srtp_refused;
    int size = static_cast<int>(packet.size());
    if (const auto status = with(in_.handle, packet.data(), &size); status != srtp_err_status_ok)
      return to_error(status);
    if (!known) known_[known_count_++] = ssrc;
    return static_cast<std::size_t>(size);
  }

  std::optional<srtp_gcm> gcm;

 private:
  context out_;
  context in_;
  std::array<std::uint32_t, srtp_streams_max> known_{};
  std::size_t known_count_ = 0;
};

std::string_view to_string(srtp_profile profile) noexcept {
  switch (profile) {
    case srtp_profile::aead_aes_256_gcm:
      return "SRTP_AEAD_AES_256_GCM";
    case srtp_profile::aes_cm_128_hmac_sha1_80:
      return "SRTP_AES128_CM_HMAC_SHA1_80";
  }
  return "";
}

srtp_session::srtp_session(std::unique_ptr<implementation> made) : implementation_(std::move(made)) {}
srtp_session::srtp_session(srtp_session&&) noexcept = default;
srtp_session& srtp_session::operator=(srtp_session&&) noexcept = default;
srtp_session::~srtp_session() = default;

boost::system::result<srtp_session> srtp_session::make(srtp_profile profile, std::span<const std::byte> local,
                                                       std::span<const std::byte> remote) {
  auto made = std::make_unique<implementation>();
  if (!made->open(profile, local, remote)) return media_error::srtp_key_invalid;
  return srtp_session(std::move(made));
}

boost::system::result<std::size_t> srtp_session::protect_rtp(std::span<std::byte> buffer,
                                                             std::size_t length) {
  if (auto& gcm = implementation_->gcm) return gcm->protect_rtp(buffer, length);
  return implementation_->protect(&srtp_protect, buffer, length, rtp_least_bytes);
}

boost::system::result<std::size_t> srtp_session::protect_rtcp(std::span<std::byte> buffer,
                                                              std::size_t length) {
  if (auto& gcm = implementation_->gcm) return gcm->protect_rtcp(buffer, length);
  return implementation_->protect(&srtp_protect_rtcp, buffer, length, rtcp_least_bytes);
}

boost::system::result<std::size_t> srtp_session::unprotect_rtp(std::span<std::byte> packet) {
  if (auto& gcm = implementation_->gcm) return gcm->unprotect_rtp(packet);
  return implementation_->unprotect(&srtp_unprotect, packet, rtp_least_bytes, 8);
}

boost::system::result<std::size_t> srtp_session::unprotect_rtcp(std::span<std::byte> packet) {
  if (auto& gcm = implementation_->gcm) return gcm->unprotect_rtcp(packet);
  return implementation_->unprotect(&srtp_unprotect_rtcp, packet, rtcp_least_bytes, 4);
}

}  // namespace tollgate::pstn::media
