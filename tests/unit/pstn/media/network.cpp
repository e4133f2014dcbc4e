// SPDX-License-Identifier: Apache-2.0
// The virtual network.
#include "network.hpp"

#include <algorithm>
#include <stdexcept>

namespace tollgate::pstn::media::test {

std::function<bool(double)> bursts(double loss, double length, unsigned seed) {
  return [=, random = std::mt19937(seed), bad = false](double) mutable {
    const double chance = std::uniform_real_distribution(0.0, 1.0)(random);
    bad = bad ? chance >= 1 / length : chance < loss / (1 - loss) / length;
    return bad;
  };
}

std::function<double(double)> now_and_then(double share, double by_ms, unsigned seed) {
  return [=, random = std::mt19937(seed)](double) mutable {
    return std::uniform_real_distribution(0.0, 1.0)(random) < share ? by_ms : 0.0;
  };
}

packet_sink world::connect(link through, bridge& to, side as, bool rtcp) {
  return [this, through = std::move(through), &to, as, rtcp](std::span<const std::byte> packet) mutable {
    const auto chance = [this] { return std::uniform_real_distribution(0.0, 1.0)(random_); };
    if (chance() < through.loss || (through.drops && through.drops(seconds()))) return;
    for (int copies = chance() < through.duplicates ? 2 : 1; copies > 0; --copies) {
      double delay_ms = through.delay_ms + chance() * through.jitter_ms;
      if (through.more_ms) delay_ms += through.more_ms(seconds());
      const std::vector<std::byte> held(packet.begin(), packet.end());
      after(delay_ms / 1000, [this, held, &to, as, rtcp] {
        if (rtcp)
          to.receive_rtcp(as, held, now_);
        else
          to.receive_rtp(as, held, now_);
      });
    }
  };
}

void world::run(double for_s) {
  const time_point end = now_ + to_duration(for_s);
  for (;;) {
    time_point next = end;
    if (!queue_.empty()) next = std::min(next, queue_.top().when);
    for (const bridge* each : bridges_)
      if (const auto deadline = each->next_deadline()) next = std::min(next, *deadline);
    now_ = std::max(now_, next);
    if (now_ >= end) return;
    while (!queue_.empty() && queue_.top().when <= now_) {
      const auto what = queue_.top().what;
      queue_.pop();
      what();
    }
    for (bridge* each : bridges_) {
      const auto deadline = each->next_deadline();
      if (!deadline || *deadline > now_) continue;
      each->advance(now_);
      if (each->next_deadline() && *each->next_deadline() <= now_)
        throw std::logic_error("advance left its deadline where it was");
    }
  }
}

leg_parameters make_leg(codec_id codec, bool with_events) {
  leg_parameters parameters;
  parameters.codec = default_description(codec);
  if (with_events) parameters.telephone_event_payload_type = 101;
  parameters.telephone_event_clock_hz = parameters.codec.rtp_clock_hz;
  parameters.cname = "test";
  return parameters;
}

}  // namespace tollgate::pstn::media::test
