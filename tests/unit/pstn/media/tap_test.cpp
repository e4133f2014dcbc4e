// SPDX-License-Identifier: Apache-2.0
// Recorders and players that are put on a call and taken off it while it goes on, over a network that loses
// packets: the call does not notice, the recording is whole and in time, files of any rate are heard as they
// are.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "call.hpp"
#include "pstn/media/audio_file.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

const link lossy{10, 15, 0.03, 0.01};

struct voices {
  std::vector<std::int16_t> phone, peer;
};

// A call of ten seconds with voice both ways; `meddle` arranges what happens to it.
voices heard_of(const std::function<void(call&)>& meddle) {
  call each(lossy, codec_id::pcma, true, 5);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  meddle(each);
  each.talk(10);
  return {each.heard_by_phone->samples, each.heard_by_peer->samples};
}

TEST(Tap, LeavesTheCallAsItIs) {
  const voices without = heard_of([](call&) {});
  const voices with = heard_of([](call& each) {
    each.time.after(2.003, [&each] {
      each.gateway.record(side::trunk, opus_recorder::create(1min));
      each.gateway.record(side::overlay, opus_recorder::create(1min));
    });
    each.time.after(5.01, [&each] { each.gateway.record(side::trunk, std::make_shared<memory_sink>()); });
    each.time.after(7.017, [&each] {
      each.gateway.record(side::trunk, nullptr);
      each.gateway.record(side::overlay, nullptr);
    });
  });
  EXPECT_EQ(with.phone, without.phone);
  EXPECT_EQ(with.peer, without.peer);
  EXPECT_GE(without.phone.size(), 9u * 8000);
}

TEST(Tap, RecordsAllOfTheTimeAndAllThatIsHeard) {
  for (const int file_hz : {8000, 16000, 48000}) {
    std::string folder = (std::filesystem::temp_directory_path() / "tollgate-tap-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const auto wav = wav_recorder::create(folder + "/tap.wav", file_hz).value();
    const auto ogg = opus_recorder::create(1min);
    const auto plain = std::make_shared<memory_sink>();
    std::shared_ptr<const pcm_audio> said;
    heard_of([&](call& each) {
      each.time.after(1.5, [&, at = &each] {
        at->gateway.record(side::trunk, wav);
        at->gateway.record(side::overlay, ogg);
        said = at->from_phone;
      });
      each.time.after(9.5, [at = &each] {
        at->gateway.record(side::trunk, nullptr);
        at->gateway.record(side::overlay, nullptr);
      });
    });
    EXPECT_TRUE(wav->close());
    ogg->finish();
    EXPECT_NEAR(static_cast<double>(wav->duration().count()), 8000, 21);
    EXPECT_NEAR(static_cast<double>(ogg->duration().count()), 8000, 21);
    const pcm_audio read = resampled(read_audio_file(folder + "/tap.wav").value(), 8000);
    std::vector<std::int16_t> from(said->samples.begin() + 12000, said->samples.end());
    const comparison compared = compare(from, read.samples, 120);
    ASSERT_GE(compared.pieces.size(), 5u);
    EXPECT_GE(compared.mean_likeness(), 0.93);
    // No gap and nothing twice: the delay at the end is that of the beginning, but for the jitter buffer's.
    EXPECT_NEAR(compared.pieces.front().delay_ms, compared.pieces.back().delay_ms, 21);
    std::filesystem::remove_all(folder);
  }
}

TEST(Tap, TakesWidebandAndNarrowbandInOneRecording) {
  // A peer alone is heard at 16 kHz; with a telephone the bridge becomes narrow.
  call each(lossy, codec_id::pcma, true, 5);
  each.gateway.detach(side::trunk);
  const auto ogg = opus_recorder::create(1min);
  const auto plain = std::make_shared<memory_sink>();
  each.time.run(1);
  each.gateway.record(side::overlay, ogg);
  each.time.after(4, [&] {
    each.join(each.phone, side::trunk, each.gateway, side::trunk, make_leg(codec_id::pcma), lossy);
  });
  each.talk(10);
  each.gateway.record(side::overlay, nullptr);
  const auto file = ogg->finish();
  EXPECT_NEAR(static_cast<double>(ogg->duration().count()), 10000, 41);
  const auto heard = resampled(read_ogg_opus(file).value(), 8000).samples;
  const comparison compared = compare(halved(each.from_peer->samples), heard, 150);
  ASSERT_GE(compared.pieces.size(), 6u);
  EXPECT_GE(compared.mean_likeness(), 0.85);
}

TEST(Tap, PlaysFilesOfAnyRate) {
  const pcm_audio spoken{make_speech(4, 8000, 21), 8000};
  for (const int rate_hz : {8000, 12000, 16000, 22050, 24000, 44100, 48000}) {
    call each;
    each.time.run(0.5);
    const std::size_t begun = each.heard_by_phone->samples.size();
    each.gateway.play(side::trunk, make_pcm_source(std::make_shared<pcm_audio>(resampled(spoken, rate_hz))),
                      play_mode::replace);
    each.time.run(4.5);
    EXPECT_EQ(each.at_gateway.finished, 1);
    const comparison compared = compare(spoken.samples, call::since(each.heard_by_phone, begun), 150);
    ASSERT_GE(compared.pieces.size(), 3u);
    EXPECT_GE(compared.least_likeness(), 0.97) << rate_hz;
    EXPECT_LE(compared.delay_spread_ms(), 1) << rate_hz;
    EXPECT_NEAR(compared.level_db(), 0, 0.3) << rate_hz;
  }
}

TEST(Tap, PlaysOggOpusAsItIsAtAnyRateOfOpus) {
  const pcm_audio spoken{make_speech(4, 16000, 21), 16000};
  const auto recorder = opus_recorder::create(1min);
  for (std::size_t at = 0; at + 320 <= spoken.samples.size(); at += 320)
    recorder->write(std::span(spoken.samples).subspan(at, 320), 16000);
  const auto file = std::make_shared<const std::vector<std::byte>>(recorder->finish());
  const pcm_audio whole = read_ogg_opus(*file).value();
  for (const int rate_hz : {8000, 16000, 48000}) {
    SCOPED_TRACE(rate_hz);
    const auto source = make_opus_source(file).value();
    pcm_audio played{{}, rate_hz};
    std::vector<std::int16_t> frame(static_cast<std::size_t>(rate_hz) / 50);
    for (std::size_t count = frame.size(); count == frame.size();) {
      count = source->read(frame, rate_hz);
      played.samples.insert(played.samples.end(), frame.begin(),
                            frame.begin() + static_cast<std::ptrdiff_t>(count));
    }
    EXPECT_EQ(0U, source->read(frame, rate_hz));
    const auto expected = static_cast<double>(whole.samples.size()) * rate_hz / whole.rate_hz;
    EXPECT_NEAR(static_cast<double>(played.samples.size()), expected, 1);
    const comparison compared = compare(resampled(whole, 8000).samples, resampled(played, 8000).samples, 50);
    ASSERT_GE(compared.pieces.size(), 3u);
    EXPECT_GE(compared.least_likeness(), 0.99);
    EXPECT_LE(compared.delay_ms(), 1);
    EXPECT_NEAR(compared.level_db(), 0, 0.2);
  }
}

TEST(Tap, PlaysOfADamagedOggOpusFileWhatIsThere) {
  const auto recorder = opus_recorder::create(1min);
  const auto spoken = make_speech(4, 16000, 21);
  for (std::size_t at = 0; at + 320 <= spoken.size(); at += 320)
    recorder->write(std::span(spoken).subspan(at, 320), 16000);
  auto file = recorder->finish();
  EXPECT_FALSE(make_opus_source(std::make_shared<const std::vector<std::byte>>(100, std::byte{7})));
  for (const std::size_t size : {file.size() / 2, std::size_t{40}, std::size_t{0}}) {
    file.resize(std::min(file.size(), size));
    const auto source = make_opus_source(std::make_shared<const std::vector<std::byte>>(file));
    std::vector<std::int16_t> frame(160);
    std::size_t played = 0;
    while (source && (*source)->read(frame, 8000) == frame.size() && played <= spoken.size())
      played += frame.size();
    EXPECT_LE(played, spoken.size() / 2);
  }
}

std::shared_ptr<audio_source> whistle() {
  return make_tone_source(tone_cadence{{{1000, 0, 2000ms}}, false, -20});
}

double power_of(const std::vector<std::int16_t>& samples, std::size_t from, std::size_t count) {
  double sum = 0;
  for (std::size_t i = from; i < from + count; ++i)
    sum += static_cast<double>(samples[i]) * samples[i];
  return sum / static_cast<double>(count);
}

// The phone's seconds 3.5 to 4.5, in which what begins at 3 and lasts for two is heard for certain.
constexpr std::size_t middle = 4 * 8000, length = 8000;

TEST(Tap, MixesWithoutTouchingTheVoice) {
  const voices without = heard_of([](call&) {});
  const voices with = heard_of([](call& each) {
    each.time.after(3, [&each] { each.gateway.play(side::trunk, whistle(), play_mode::mix); });
  });
  ASSERT_EQ(with.phone.size(), without.phone.size());
  std::vector<std::int16_t> difference(with.phone.size());
  for (std::size_t i = 0; i < difference.size(); ++i)
    difference[i] = static_cast<std::int16_t>(std::clamp(with.phone[i] - without.phone[i], -32768, 32767));
  // What is more is the tone, at its level; before it there is nothing more. (After it
  // the telephone may have cut its silences elsewhere.)
  EXPECT_NEAR(10 * std::log10(power_of(difference, middle, length) / (32768.0 * 32768.0)), -20, 1.5);
  EXPECT_TRUE(std::equal(with.phone.begin(), with.phone.begin() + 3 * 8000, without.phone.begin()));
  EXPECT_EQ(with.peer, without.peer);
}

// What the gateway sends to the phone in such a call, packet by packet.
std::vector<std::vector<std::byte>> sent_to_phone(const std::function<void(call&)>& meddle) {
  std::vector<std::vector<std::byte>> sent;
  heard_of([&](call& each) {
    each.gateway.attach(
        side::trunk, make_leg(codec_id::pcma),
        [&sent, onward = each.time.connect(lossy, each.phone, side::trunk, false)](auto packet) {
          sent.emplace_back(packet.begin(), packet.end());
          onward(packet);
        },
        each.time.connect(lossy, each.phone, side::trunk, true));
    meddle(each);
  });
  return sent;
}

// Bit by bit: header and sound.
TEST(Tap, WhatIsSentBeforeAndAfterAPlayedSoundIsThatOfACallWithoutIt) {
  const auto without = sent_to_phone([](call&) {});
  for (const play_mode mode : {play_mode::mix, play_mode::replace}) {
    const auto with = sent_to_phone([mode](call& each) {
      each.time.after(2, [&each] { each.gateway.record(side::overlay, opus_recorder::create(1min)); });
      each.time.after(3, [&each, mode] { each.gateway.play(side::trunk, whistle(), mode); });
      each.time.after(7, [&each] { each.gateway.record(side::overlay, nullptr); });
    });
    ASSERT_EQ(with.size(), without.size());
    const auto first = std::mismatch(with.begin(), with.end(), without.begin());
    const auto last = std::mismatch(with.rbegin(), with.rend(), without.rbegin());
    const auto begin = first.first - with.begin(), after_end = last.first.base() - with.begin();
    EXPECT_NEAR(static_cast<double>(begin), 3.0 * 50, 2);
    EXPECT_NEAR(static_cast<double>(after_end), 5.0 * 50, 3);
    EXPECT_GE(without.size() - static_cast<std::size_t>(after_end), 4U * 50);
  }
}

TEST(Tap, ReplacesTheVoiceForAsLongAsItPlays) {
  const voices without = heard_of([](call&) {});
  const voices with = heard_of([](call& each) {
    each.time.after(3, [&each] { each.gateway.play(side::trunk, whistle(), play_mode::replace); });
  });
  ASSERT_EQ(with.phone.size(), without.phone.size());
  EXPECT_NEAR(10 * std::log10(power_of(with.phone, middle, length) / (32768.0 * 32768.0)), -20, 0.7);
  EXPECT_EQ(with.peer, without.peer);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
