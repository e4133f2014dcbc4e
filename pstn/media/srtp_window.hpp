// SPDX-License-Identifier: Apache-2.0
// Which packets of an SRTP stream have been: the index of 48 bits behind 16-bit sequence numbers (RFC 3711
// §3.3.1) and the replay list (§3.3.2). No allocation. Free of IO.
#pragma once

#include <array>
#include <cstdint>

namespace tollgate::pstn::media {

class srtp_window {
 public:
  static constexpr std::uint64_t packets = 1024;  // §3.3.2 asks for 64 at least

  // The index that a sequence number most likely stands for: the nearest to the highest so far (Appendix A).
  std::uint64_t estimate(std::uint16_t sequence_number) const noexcept;
  // False: it was here, or is older than the list.
  bool fresh(std::uint64_t index) const noexcept;
  // Of a fresh one, once it has been authenticated or is about to be sent.
  void note(std::uint64_t index) noexcept;

 private:
  static constexpr std::uint64_t word_bits = 64;
  std::uint64_t& word_of(std::uint64_t index) noexcept { return seen_[index / word_bits % seen_.size()]; }

  bool any_ = false;
  std::uint64_t highest_ = 0;
  std::array<std::uint64_t, packets / word_bits> seen_{};  // by index modulo `packets`
};

}  // namespace tollgate::pstn::media
