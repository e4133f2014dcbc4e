// SPDX-License-Identifier: Apache-2.0
// Packet loss concealment by pitch repetition, in the manner of ITU-T G.711 Appendix I, at any sampling rate:
// for codecs that have none of their own (G.711, G.722, G.726, GSM). SpanDSP's knows 8 kHz only, and leaves
// more of the voice damaged. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tollgate::pstn::media {

// The last pitch period of what was heard goes on, is faded into silence within 60 ms, and is blended into
// the voice that follows. Allocates when it is made and never again.
class concealment {
 public:
  explicit concealment(int rate_hz);

  // Voice that was received: its beginning is blended with what was made up before it.
  void take(std::span<std::int16_t> frame);
  // Fills `frame` in place of voice that is missing; any length.
  void fill(std::span<std::int16_t> frame);

 private:
  void begin();
  std::size_t find_period() const;
  double next_sample();
  void remember(std::span<const std::int16_t> frame);

  std::size_t rate_;                   // samples a second
  std::vector<std::int16_t> history_;  // the latest voice, made up or not, oldest first
  std::vector<double> cycle_;          // one pitch period, its seam smoothed
  std::size_t period_ = 0;             // samples of it in use
  std::size_t position_ = 0;
  double step_ = 0;  // from the voice to the cycle, falling
  double step_decay_ = 0;
  double gain_ = 0;
  double gain_step_ = 0;  // down, each sample
  bool filling_ = false;
};

}  // namespace tollgate::pstn::media
