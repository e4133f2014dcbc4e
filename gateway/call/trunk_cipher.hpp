// SPDX-License-Identifier: Apache-2.0
// SRTP between a call and its trunk, with keys from the session descriptions. On the call's worker only.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <span>

#include "pstn/media/srtp.hpp"
#include "pstn/media/srtp_keys.hpp"

namespace tollgate::gateway::call {

class trunk_cipher {
 public:
  // Goes on with the same keys as before (a re-INVITE repeats them), begins anew with others; nothing: plain
  // RTP. False: the keys are unusable, and nothing passes.
  bool use(const std::optional<pstn::media::srtp_keys>& keys);

  // The packet as it goes out; empty: it cannot. Valid until the next call.
  std::span<const std::byte> sealed(std::span<const std::byte> packet, bool rtcp);
  // The packet as it was sent. Errors: those of srtp_session. Valid until the next call.
  boost::system::result<std::span<const std::byte>> opened(std::span<const std::byte> packet, bool rtcp);

 private:
  static constexpr std::size_t buffer_bytes = 2048;  // more than any datagram that is taken, and the tag

  std::optional<pstn::media::srtp_keys> keys_;
  std::optional<pstn::media::srtp_session> session_;
  std::array<std::byte, buffer_bytes> out_{}, in_{};
};

}  // namespace tollgate::gateway::call
