// SPDX-License-Identifier: Apache-2.0
// Speech through a network that loses, delays, reorders and doubles packets on their way to the gateway: how
// much of it is still speech at the far end, how long it took, and how much of it was made up. The reference
// is the same speech through the same codecs without faults.
#include <gtest/gtest.h>

#include <utility>

#include "call.hpp"
#include "pstn/media/audio_file.hpp"
#include "spectra.hpp"

namespace tollgate::pstn::media::test {
namespace {

constexpr double warm_up_s = 7;  // RTCP has told the loss by then
constexpr double measured_s = 14;

struct outcome {
  double distance_most_db;                 // mean log-spectral distance over all speech
  double damaged_most;                     // share of the frames of speech
  double delay_most_ms;                    // of the gateway's jitter buffer at any time; 10 ms without faults
  double concealed_least, concealed_most;  // share of the time
};

struct row {
  const char* name;
  link network;
  outcome at_the_phone;  // overlay to trunk: Opus with FEC
  outcome at_the_peer;   // trunk to overlay: G.711 with concealment
};

std::shared_ptr<pcm_audio> prompt(const char* name) {
  auto read =
      read_audio_file(std::string("/usr/share/asterisk/sounds/en_US_f_Allison/") + name + ".wav").value();
  read.samples.resize(static_cast<std::size_t>((warm_up_s + measured_s + 1) * read.rate_hz));
  return std::make_shared<pcm_audio>(std::move(read));
}

struct heard_sounds {
  std::vector<std::int16_t> phone, peer;  // at 8 kHz
  leg_statistics overlay, trunk;
  double delay_of_overlay_ms = 0, delay_of_trunk_ms = 0;  // greatest
};

heard_sounds carry(const link& network, unsigned seed) {
  call each(network, link{5}, codec_id::pcma, true, seed);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  const auto from_phone = prompt("demo-congrats");
  const auto from_peer = std::make_shared<pcm_audio>(resampled(*prompt("priv-callee-options"), 16000));
  const std::size_t peer_begun = each.heard_by_peer->samples.size(),
                    phone_begun = each.heard_by_phone->samples.size();
  each.peer.play(side::overlay, make_pcm_source(from_peer), play_mode::replace);
  each.phone.play(side::trunk, make_pcm_source(from_phone), play_mode::replace);
  each.time.run(warm_up_s);
  const auto before = std::pair(each.gateway.statistics(side::overlay), each.gateway.statistics(side::trunk));
  heard_sounds heard;
  const auto watch = [&](double& most, side of) {
    most = std::max(most, static_cast<double>(each.gateway.statistics(of).playout_delay.count()));
  };
  for (double at = 0; at < measured_s + 0.5; at += 0.1) {
    each.time.run(0.1);
    watch(heard.delay_of_overlay_ms, side::overlay);
    watch(heard.delay_of_trunk_ms, side::trunk);
  }
  heard.phone = call::since(each.heard_by_phone, phone_begun);
  heard.peer = halved(call::since(each.heard_by_peer, peer_begun));
  heard.overlay = each.gateway.statistics(side::overlay);
  heard.trunk = each.gateway.statistics(side::trunk);
  heard.overlay.concealed -= before.first.concealed;
  heard.trunk.concealed -= before.second.concealed;
  return heard;
}

void expect(const char* where, const outcome& most, const std::vector<std::int16_t>& reference,
            const std::vector<std::int16_t>& heard, const leg_statistics& from, double delay_ms) {
  SCOPED_TRACE(where);
  const spectral_comparison found = compare_spectra(reference, heard, warm_up_s);
  const double concealed = static_cast<double>(from.concealed.count()) / 1000 / measured_s;
  ASSERT_GE(found.frames, 400u);
  EXPECT_LE(found.distance_db, most.distance_most_db);
  EXPECT_LE(found.damaged, most.damaged_most);
  EXPECT_LE(delay_ms, most.delay_most_ms);
  EXPECT_GE(concealed, most.concealed_least);
  EXPECT_LE(concealed, most.concealed_most);
}

link lossy(double loss) {
  return {5, 2, loss};
}
link bursty(double loss, double length) {
  link made{5, 2};
  made.drops = bursts(loss, length, 5);
  return made;
}
link overtaking(link made, double share, double by_ms) {
  made.more_ms = now_and_then(share, by_ms, 6);
  return made;
}

// The thresholds are a little above what was measured.
TEST(FaultyNetwork, LeavesSpeechIntact) {
  const row rows[] = {
      // distance dB, damaged, delay most ms, concealed least and most
      {"clean", {5}, {0.01, 0, 10, 0, 0}, {0.01, 0, 10, 0, 0}},
      {"loss_1", lossy(0.01), {1.55, 0.005, 36, 0, 0.011}, {0.55, 0.005, 12, 0.002, 0.012}},
      {"loss_3", lossy(0.03), {1.60, 0.005, 32, 0, 0.01}, {0.90, 0.016, 12, 0.02, 0.045}},
      {"loss_5", lossy(0.05), {1.70, 0.006, 32, 0, 0.015}, {0.95, 0.025, 12, 0.03, 0.055}},
      {"loss_10", lossy(0.1), {1.85, 0.013, 32, 0.01, 0.03}, {1.80, 0.083, 12, 0.08, 0.125}},
      {"loss_20", lossy(0.2), {2.25, 0.026, 32, 0.03, 0.07}, {2.65, 0.16, 12, 0.17, 0.24}},
      {"loss_30", lossy(0.3), {2.45, 0.042, 32, 0.06, 0.12}, {3.45, 0.225, 12, 0.27, 0.34}},
      {"bursts_3", bursty(0.03, 2), {1.70, 0.013, 32, 0.01, 0.025}, {1.05, 0.036, 12, 0.03, 0.055}},
      {"bursts_10", bursty(0.1, 3), {2.15, 0.044, 32, 0.04, 0.07}, {1.70, 0.10, 12, 0.07, 0.12}},
      {"bursts_20", bursty(0.2, 4), {2.75, 0.10, 32, 0.08, 0.13}, {2.10, 0.13, 12, 0.12, 0.19}},
      {"jitter_20", {5, 20}, {0.2, 0.001, 25, 0, 0.001}, {0.2, 0.001, 25, 0, 0.001}},
      {"jitter_40", {5, 40}, {0.3, 0.001, 46, 0, 0.002}, {0.2, 0.001, 46, 0, 0.002}},
      {"jitter_60", {5, 60}, {0.8, 0.001, 67, 0, 0.002}, {0.3, 0.001, 67, 0, 0.002}},
      {"reordered", overtaking({5, 2}, 0.02, 50), {0.55, 0.005, 65, 0, 0.01}, {0.85, 0.006, 65, 0, 0.01}},
      {"doubled", {5, 20, 0, 0.1}, {0.2, 0.001, 25, 0, 0.001}, {0.2, 0.001, 25, 0, 0.001}},
      {"combined",
       overtaking({5, 30, 0.05, 0.02}, 0.02, 50),
       {1.75, 0.006, 95, 0.005, 0.025},
       {1.15, 0.03, 85, 0.03, 0.065}},
  };
  const heard_sounds reference = carry(link{5}, 1);
  for (const row& each : rows) {
    SCOPED_TRACE(each.name);
    const heard_sounds heard = carry(each.network, 1);
    expect("phone", each.at_the_phone, reference.phone, heard.phone, heard.overlay,
           heard.delay_of_overlay_ms);
    expect("peer", each.at_the_peer, reference.peer, heard.peer, heard.trunk, heard.delay_of_trunk_ms);
  }
}

}  // namespace
}  // namespace tollgate::pstn::media::test
