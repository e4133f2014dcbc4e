// SPDX-License-Identifier: Apache-2.0
// The jitter buffer in virtual time: drift over an hour, delays that step, stall and change, streams that
// begin anew; and that nothing of it clicks. Then what is heard in silence.
#include <gtest/gtest.h>

#include <random>

#include "packets.hpp"
#include "pstn/media/audio.hpp"
#include "pstn/media/time_scale.hpp"
#include "spectra.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

constexpr codec_id codecs[] = {codec_id::pcma, codec_id::opus};

// The sharpest bend without any disturbance.
int bend_of_clean(codec_id codec) {
  hand_sender sender(codec, make_hum(1, 8000));
  sender.send(150);
  sender.watched->restart();
  sender.send(150);
  return sender.watched->bend;
}

// Of the bend without any disturbance.
constexpr double bend_allowed = 1.25;

TEST(Clicks, AreSeenByTheirBend) {
  const auto hum = make_hum(3, 8000);
  const int clean = bend_of_clean(codec_id::pcma);
  // A frame taken out, a frame of zeros, a frame repeated: without care, at places that are not chosen.
  int seen = 0;
  for (std::size_t at = 1000; at < 20'000; at += 1237) {
    auto without = hum, zeroed = hum, repeated = hum;
    const auto where = static_cast<std::ptrdiff_t>(at);
    without.erase(without.begin() + where, without.begin() + where + 160);
    std::fill_n(zeroed.begin() + where, 160, std::int16_t{0});
    repeated.insert(repeated.begin() + where, hum.begin() + where - 160, hum.begin() + where);
    for (const auto& each : {without, zeroed, repeated})
      seen += sharpest_bend(each) > bend_allowed * clean ? 1 : 0;
  }
  EXPECT_GE(seen, 16 * 3 * 7 / 10);
}

TEST(Clicks, CutByPitchHasNone) {
  for (const double pitch_hz : {90.0, 137.0, 211.0}) {
    const auto hum = make_hum(1, 8000, pitch_hz, 0.6);
    for (std::size_t at = 1000; at < 7000; at += 617) {
      auto sound = hum;
      const auto part = std::span(sound).subspan(at, 320);
      const splice where = find_splice(part, 60, 160, 80);
      EXPECT_GE(where.likeness, 0.95) << pitch_hz;
      std::vector<std::int16_t> joined(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(at));
      const std::size_t left = cut(part, where);
      EXPECT_EQ(left, 320 - where.lag);
      joined.insert(joined.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(left));
      joined.insert(joined.end(), hum.begin() + static_cast<std::ptrdiff_t>(at + 320), hum.end());
      EXPECT_LE(sharpest_bend(joined), sharpest_bend(hum) * 3 / 2) << pitch_hz;
    }
  }
}

TEST(Clicks, StretchByPitchHasNone) {
  for (const double pitch_hz : {90.0, 137.0, 211.0}) {
    const auto hum = make_hum(1, 8000, pitch_hz, 0.6);
    for (std::size_t at = 1000; at < 7000; at += 617) {
      std::vector<std::int16_t> part(hum.begin() + static_cast<std::ptrdiff_t>(at),
                                     hum.begin() + static_cast<std::ptrdiff_t>(at + 320));
      const splice where = find_splice(part, 100, 200, 80);
      EXPECT_GE(where.likeness, 0.95) << pitch_hz;
      part.resize(320 + where.lag);
      ASSERT_EQ(stretch(part, 320, where), 320 + where.lag);
      std::vector<std::int16_t> joined(hum.begin(), hum.begin() + static_cast<std::ptrdiff_t>(at));
      joined.insert(joined.end(), part.begin(), part.end());
      joined.insert(joined.end(), hum.begin() + static_cast<std::ptrdiff_t>(at + 320), hum.end());
      EXPECT_EQ(joined.size(), hum.size() + where.lag);
      EXPECT_LE(sharpest_bend(joined), sharpest_bend(hum) * 3 / 2) << pitch_hz;
      // What was heard before stays as it was, and so does what comes after.
      const auto kept = static_cast<std::ptrdiff_t>(at + where.begin + where.lag);
      EXPECT_TRUE(std::equal(hum.begin(), hum.begin() + kept, joined.begin()));
      const auto rest = hum.begin() + static_cast<std::ptrdiff_t>(at + where.begin + where.overlap);
      EXPECT_TRUE(std::equal(rest, hum.end(), joined.end() - (hum.end() - rest)));
    }
  }
}

TEST(Drift, OfAnHourCostsNothing) {
  for (const codec_id codec : codecs) {
    const int clean = bend_of_clean(codec);
    for (const double ppm : {-200.0, 200.0}) {
      hand_sender sender(codec, make_hum(1, 8000));
      const double pace_ms = 20 * (1 + ppm * 1e-6);
      sender.send(100, pace_ms);
      sender.watched->restart();
      const std::size_t before = sender.watched->samples;
      int playout_most_ms = 0;
      for (int minute = 0; minute < 60; ++minute) {
        sender.send(3000, pace_ms);
        playout_most_ms =
            std::max(playout_most_ms, static_cast<int>(sender.statistics().playout_delay.count()));
      }
      SCOPED_TRACE(testing::Message() << encoding_name(codec) << " " << ppm);
      EXPECT_EQ(sender.statistics().concealed, 0ms);
      EXPECT_EQ(sender.statistics().late, 0u);
      EXPECT_LE(playout_most_ms, 15);
      EXPECT_LE(sender.watched->bend, clean * 5 / 4);
      // What the sender has sent is what was heard, by its clock.
      EXPECT_NEAR(static_cast<double>(sender.watched->samples - before), 3600.0 * 8000, 400);
    }
  }
}

struct disturbance {
  const char* name;
  std::function<void(hand_sender&)> happens;  // within ten seconds
  double concealed_most_ms;
  int playout_most_ms;  // fifteen seconds later
};

std::ostream& operator<<(std::ostream& out, const disturbance& of) {
  return out << of.name;
}

class Disturbed : public testing::TestWithParam<disturbance> {};

TEST_P(Disturbed, IsHeardWithoutAClick) {
  for (const codec_id codec : codecs) {
    SCOPED_TRACE(encoding_name(codec));
    const int clean = bend_of_clean(codec);
    hand_sender sender(codec, make_hum(1, 8000));
    sender.send(200);
    sender.watched->restart();
    GetParam().happens(sender);
    EXPECT_LE(sender.statistics().concealed.count(), GetParam().concealed_most_ms);
    sender.send(750);
    EXPECT_LE(sender.watched->bend, bend_allowed * clean);
    EXPECT_LE(sender.statistics().playout_delay.count(), GetParam().playout_most_ms);
    const auto concealed = sender.statistics().concealed;
    const auto late = sender.statistics().late;
    sender.send(100);
    EXPECT_EQ(sender.statistics().concealed, concealed);
    EXPECT_EQ(sender.statistics().late, late);
  }
}

void delayed(hand_sender& sender, int count, const std::function<double(int)>& delay_ms) {
  for (int i = 0; i < count; ++i) {
    sender.deliver(sender.described.payload_type, sender.payloads[sender.next % sender.payloads.size()],
                   delay_ms(i));
    ++sender.next;
    ++sender.sequence_number;
    sender.timestamp += sender.frame_units;
    sender.time.run(0.02);
  }
}

void stall(hand_sender& sender, int packets) {
  delayed(sender, packets, [=](int i) { return (packets - i) * 20.0 + 0.01 * i; });
  sender.send(100);
}

INSTANTIATE_TEST_SUITE_P(
    Streams, Disturbed,
    testing::Values(
        disturbance{"StallOf100Ms", [](hand_sender& s) { stall(s, 5); }, 60, 15},
        disturbance{"StallOf400Ms", [](hand_sender& s) { stall(s, 20); }, 100, 15},
        disturbance{"LongerWay", [](hand_sender& s) { delayed(s, 400, [](int) { return 90.0; }); }, 40, 15},
        disturbance{"LongerAndShorterAgain",
                    [](hand_sender& s) {
                      delayed(s, 200, [](int) { return 90.0; });
                      s.send(100);
                    },
                    40, 15},
        disturbance{"Reordered",
                    [](hand_sender& s) { delayed(s, 400, [](int i) { return i % 50 == 7 ? 30.0 : 0.0; }); },
                    80, 15},
        disturbance{"Jitter",
                    [](hand_sender& s) {
                      std::mt19937 random(3);
                      delayed(s, 400, [&random](int) { return static_cast<double>(random() % 40); });
                    },
                    320, 15},
        disturbance{"Doubled",
                    [](hand_sender& s) {
                      for (int i = 0; i < 100; ++i) {
                        s.deliver(s.described.payload_type, s.payloads[s.next % s.payloads.size()]);
                        s.send(1);
                      }
                    },
                    0, 15},
        disturbance{"LostAtRandom",
                    [](hand_sender& s) {
                      std::mt19937 random(3);
                      for (int i = 0; i < 400; ++i) {
                        s.send_one(random() % 20 != 0);
                        s.time.run(0.02);
                      }
                    },
                    600, 15},
        disturbance{"LostInBursts",
                    [](hand_sender& s) {
                      for (int i = 0; i < 400; ++i) {
                        s.send_one(i % 100 < 90);
                        s.time.run(0.02);
                      }
                    },
                    820, 15}),
    [](const testing::TestParamInfo<disturbance>& of) { return of.param.name; });

// Where packets come late again and again the delay grows by whole frames: those that follow are in time.
TEST(LateAgain, IsHeardInTimeFromThenOn) {
  for (const codec_id codec : codecs) {
    hand_sender sender(codec, make_hum(1, 8000));
    sender.send(200);
    delayed(sender, 200, [](int i) { return i % 20 == 7 ? 32.0 : 0.0; });
    EXPECT_GE(sender.statistics().late, 1u) << encoding_name(codec);
    EXPECT_LE(sender.statistics().late, 3u) << encoding_name(codec);
    EXPECT_GE(sender.statistics().playout_delay, 30ms) << encoding_name(codec);
  }
}

TEST(Copies, AreCountedAndPlayedOnce) {
  for (const codec_id codec : codecs) {
    hand_sender sender(codec, make_hum(1, 8000));
    for (int i = 0; i < 200; ++i) {
      const auto& payload = sender.payloads[sender.next % sender.payloads.size()];
      for (const double later_ms : {0.0, 5.0, 60.0})  // before it is played, and after
        sender.deliver(sender.described.payload_type, payload, later_ms);
      sender.send(1);
    }
    sender.time.run(0.1);
    EXPECT_EQ(sender.statistics().duplicate, 600u);
    EXPECT_EQ(sender.statistics().packets_received, 200u);
    EXPECT_EQ(sender.statistics().late, 0u);
    EXPECT_EQ(sender.statistics().lost, 0u);
    EXPECT_EQ(sender.statistics().concealed, 0ms);
  }
}

// What a far end may do to its numbers. All of it is heard on within a few frames.
TEST(Restart, OfTheFarEndIsFollowed) {
  using change = std::pair<const char*, std::function<void(hand_sender&)>>;
  const change changes[] = {
      {"another SSRC", [](hand_sender& s) { s.ssrc += 1; }},
      {"all anew",
       [](hand_sender& s) {
         s.ssrc = 4711;
         s.sequence_number = 3;
         s.timestamp = 99;
       }},
      {"timestamps forward", [](hand_sender& s) { s.timestamp += 48000 * 60; }},
      {"timestamps backward", [](hand_sender& s) { s.timestamp -= 48000 * 60; }},
      {"sequence forward", [](hand_sender& s) { s.sequence_number += 12'000; }},
      {"sequence backward", [](hand_sender& s) { s.sequence_number -= 12'000; }},
      {"restart after a pause",
       [](hand_sender& s) {
         s.time.run(2);
         s.sequence_number = 10;
         s.timestamp = 0;
       }},
  };
  for (const codec_id codec : codecs)
    for (const auto& [name, happens] : changes) {
      SCOPED_TRACE(testing::Message() << encoding_name(codec) << ": " << name);
      hand_sender sender(codec, make_hum(1, 8000));
      sender.send(100);
      happens(sender);
      sender.send(10);  // a new SSRC or number must prove itself
      const auto before = sender.statistics();
      sender.watched->restart();
      sender.send(100);
      EXPECT_EQ(sender.statistics().packets_received - before.packets_received, 100u);
      EXPECT_EQ(sender.statistics().concealed, before.concealed);
      EXPECT_EQ(sender.statistics().late, before.late);
      EXPECT_LE(sender.statistics().playout_delay, 15ms);
    }
}

TEST(Restart, SequenceAndTimestampsMayWrap) {
  hand_sender sender(codec_id::pcma, make_hum(1, 8000), 10);
  sender.send(200, 10);
  sender.watched->restart();
  sender.send(70'000, 10);  // more than all sequence numbers
  EXPECT_EQ(sender.statistics().lost, 0u);
  EXPECT_EQ(sender.statistics().concealed, 0ms);
}

TEST(FrameLength, MayChangeInMidStream) {
  const auto hum = make_hum(1, 8000);
  for (const std::size_t other_ms : {10u, 40u}) {
    hand_sender sender(codec_id::pcma, hum);
    const hand_sender other(codec_id::pcma, hum, other_ms);
    sender.send(100);
    const auto usual = sender.payloads;
    sender.payloads = other.payloads;
    sender.next = 0;
    sender.frame_units = other.frame_units;
    sender.watched->restart();
    const int count = static_cast<int>(4000 / other_ms);
    sender.send(count, static_cast<double>(other_ms));
    const auto concealed = sender.statistics().concealed;
    EXPECT_LE(concealed, 60ms) << other_ms;
    sender.payloads = usual;
    sender.next = 0;
    sender.frame_units = 160;
    sender.send(200);
    EXPECT_LE(sender.statistics().concealed, concealed + 60ms) << other_ms;
    EXPECT_LE(sender.watched->bend, bend_allowed * bend_of_clean(codec_id::pcma)) << other_ms;
  }
}

std::vector<std::int16_t> make_noise(double dbov, std::size_t count) {
  std::mt19937 random(8);
  std::normal_distribution<double> normal(0, 32768 * std::pow(10, dbov / 20));
  std::vector<std::int16_t> samples(count);
  for (auto& each : samples)
    each = static_cast<std::int16_t>(normal(random));
  return samples;
}

double level_of_last(const memory_sink& sink, double seconds) {
  const auto count = std::min(static_cast<std::size_t>(seconds * 8000), sink.samples.size());
  return level_dbfs(std::span(sink.samples).last(count));
}

TEST(ComfortNoise, OfATrunkHasTheLevelThatItAsksFor) {
  hand_sender sender(codec_id::pcma, make_hum(1, 8000));
  const auto heard = std::make_shared<memory_sink>();
  sender.under.record(side::trunk, heard);
  sender.send(100);
  const auto told = [&](std::vector<std::byte> payload) {
    sender.deliver(13, payload);  // RFC 3389 §4
    ++sender.sequence_number;
    sender.time.run(1.2);
    sender.timestamp += 9600;
  };
  told({std::byte{50}});
  EXPECT_NEAR(level_of_last(*heard, 0.9), -50, 1);
  told({std::byte{62}});
  EXPECT_NEAR(level_of_last(*heard, 0.9), -62, 1);
  // Low frequencies: k1 = -0.9 is 127 - 0.9 * 127.
  told({std::byte{45}, std::byte{13}});
  EXPECT_NEAR(level_of_last(*heard, 0.9), -45, 1.5);
  const std::vector<std::int16_t> low(heard->samples.end() - 8000, heard->samples.end());
  EXPECT_LE(sharpest_bend(low), 3 * 32768 * std::pow(10, -45 / 20.0));
  told({std::byte{0}});  // nobody's background is at full scale
  EXPECT_LE(level_of_last(*heard, 0.9), -29);
  // The voice comes back.
  const auto received = sender.statistics();
  sender.send(100);
  EXPECT_GT(level_of_last(*heard, 1), -23);
  EXPECT_EQ(sender.statistics().concealed, received.concealed);
  EXPECT_EQ(sender.statistics().lost, 0u);
}

TEST(ComfortNoise, FillsTheGapsOfOpus) {
  auto sound = make_noise(-55, 8000);
  hand_sender sender(codec_id::opus, sound);
  const auto heard = std::make_shared<memory_sink>();
  sender.under.record(side::overlay, heard);
  sender.send(100);
  // RFC 6716 §2.1.9: a frame every 400 ms, the timestamps go on, the sequence numbers do not.
  for (int i = 0; i < 200; ++i) {
    if (i % 20 == 0) {
      sender.send_one();
    } else {
      ++sender.next;
      sender.timestamp += sender.frame_units;
    }
    sender.time.run(0.02);
  }
  ASSERT_GE(heard->samples.size(), 5 * 8000u);
  for (double back = 0.2; back < 3; back += 0.2) {
    const auto part = std::span(heard->samples).last(static_cast<std::size_t>(back * 8000)).first(1600);
    EXPECT_NEAR(level_dbfs(part), -55, 4) << back;
  }
  EXPECT_EQ(sender.statistics().concealed, 0ms);
}

TEST(ComfortNoise, IsWhatIsLeftWhenAStreamStops) {
  // Half a second of voice, half a second of its background, and then nothing at all in the middle of the
  // voice.
  auto sound = make_noise(-52, 8000);
  const auto hum = make_hum(1, 8000);
  for (std::size_t i = 0; i < 4000; ++i)
    sound[i] = static_cast<std::int16_t>(sound[i] + hum[i]);
  for (const codec_id codec : codecs) {
    hand_sender sender(codec, sound);
    const auto heard = std::make_shared<memory_sink>();
    sender.under.record(sender.which, heard);
    sender.send(160);
    sender.time.run(3);
    EXPECT_NEAR(level_of_last(*heard, 2.5), -52, 5) << encoding_name(codec);
  }
}

TEST(Fec, IsSentWhileLossIsReportedAndPlayed) {
  world time(3);
  listener told;
  bridge peer(told, 11), gateway(told, 22), phone(told, 33);
  for (bridge* each : {&peer, &gateway, &phone})
    time.add(*each);
  link there{10};
  there.drops = [random = std::mt19937(4)](double at_s) mutable {
    return at_s > 10 && at_s < 30 && random() % 100 < 8;
  };
  const auto reader = make_decoder(default_description(codec_id::opus), 8000).value();
  int with_fec = 0, packets = 0;
  const packet_sink onward = time.connect(there, gateway, side::overlay, false);
  peer.attach(
      side::overlay, make_leg(codec_id::opus),
      [&](std::span<const std::byte> packet) {
        with_fec += reader->has_fec(parse_rtp(packet)->payload) ? 1 : 0;
        ++packets;
        onward(packet);
      },
      time.connect({10}, gateway, side::overlay, true));
  gateway.attach(side::overlay, make_leg(codec_id::opus), time.connect({10}, peer, side::overlay, false),
                 time.connect({10}, peer, side::overlay, true));
  gateway.attach(side::trunk, make_leg(codec_id::pcma), {}, {});
  const auto speech = std::make_shared<pcm_audio>(pcm_audio{make_speech(80, 16000, 2), 16000});
  peer.play(side::overlay, make_pcm_source(speech), play_mode::replace);
  const auto share_of = [&](double seconds) {
    with_fec = packets = 0;
    time.run(seconds);
    return static_cast<double>(with_fec) / packets;
  };
  EXPECT_EQ(share_of(10), 0);
  time.run(8);  // a report or two
  const auto before = gateway.statistics(side::overlay);
  EXPECT_GT(share_of(11), 0.6);  // libopus adds it to what it takes for voice
  const auto after = gateway.statistics(side::overlay);
  EXPECT_GT((after.recovered - before.recovered).count(), 500);  // of 11 s × 8 %
  EXPECT_LT(after.concealed - before.concealed, after.recovered - before.recovered);
  time.run(25);
  EXPECT_EQ(share_of(10), 0);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
