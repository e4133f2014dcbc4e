// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/trunk_cipher.hpp"

#include <algorithm>

#include "pstn/media/error.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

bool trunk_cipher::use(const std::optional<pstn::media::srtp_keys>& keys) {
  if (keys == keys_ && (session_ || !keys)) return true;
  keys_ = keys;
  session_.reset();
  if (!keys) return true;
  auto made = media::srtp_session::make(keys->suite, keys->local, keys->remote);
  if (!made) return false;
  session_.emplace(std::move(*made));
  return true;
}

std::span<const std::byte> trunk_cipher::sealed(std::span<const std::byte> packet, bool rtcp) {
  if (!keys_) return packet;
  if (!session_ || packet.size() + media::srtp_overhead_bytes > out_.size()) return {};
  std::copy(packet.begin(), packet.end(), out_.begin());
  const auto size =
      rtcp ? session_->protect_rtcp(out_, packet.size()) : session_->protect_rtp(out_, packet.size());
  return size ? std::span<const std::byte>(out_).first(*size) : std::span<const std::byte>();
}

boost::system::result<std::span<const std::byte>> trunk_cipher::opened(std::span<const std::byte> packet,
                                                                       bool rtcp) {
  if (!keys_) return packet;
  if (!session_ || packet.size() > in_.size()) return media::media_error::srtp_refused;
  std::copy(packet.begin(), packet.end(), in_.begin());
  const auto whole = std::span(in_).first(packet.size());
  const auto size = rtcp ? session_->unprotect_rtcp(whole) : session_->unprotect_rtp(whole);
  if (!size) return size.error();
  return std::span<const std::byte>(in_).first(*size);
}

}  // namespace tollgate::gateway::call
