// SPDX-License-Identifier: Apache-2.0
// Audio files: reading WAV (and what else libsndfile knows) and Ogg Opus, recording to WAV, recording to Ogg
// Opus in memory (RFC 7845). The functions with a path touch the file system; recorders are audio sinks and
// take frames of any rate.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "pstn/media/audio.hpp"

namespace tollgate::pstn::media {

inline constexpr std::chrono::minutes audio_file_max{30};  // longer files are read up to here

// Reads a whole file, channels mixed to one, at the file's own rate (Ogg Opus: 48 kHz). Error:
// media_error::file_unreadable.
boost::system::result<pcm_audio> read_audio_file(const std::filesystem::path& path);
// The same of an Ogg Opus file in memory.
boost::system::result<pcm_audio> read_ogg_opus(std::span<const std::byte> bytes);
// The same of any file in memory that read_audio_file knows on disk; what is longer is read a little further than `longest`, a
// whole number of seconds up to audio_file_max.
boost::system::result<pcm_audio> read_audio(std::span<const std::byte> bytes,
                                            std::chrono::seconds longest = audio_file_max);
// A WAV file, 16 bit, mono.
std::vector<std::byte> write_wav(const pcm_audio& audio);
// An Ogg Opus file as opus_recorder makes it; empty when there is no audio.
std::vector<std::byte> write_ogg_opus(const pcm_audio& audio);
// Plays an Ogg Opus file in memory once, up to audio_file_max, decoding it while it is played, at any rate
// that Opus has (8, 12, 16, 24, 48 kHz). One or two channels. Error: media_error::file_unreadable.
boost::system::result<std::shared_ptr<audio_source>> make_opus_source(
    std::shared_ptr<const std::vector<std::byte>> bytes);
// The audio at another rate, the same length in time and aligned.
pcm_audio resampled(const pcm_audio& audio, int rate_hz);

// Records to a WAV file, 16 bit, mono. The header is right at every moment, so that a killed process leaves a
// readable file.
class wav_recorder : public audio_sink {
 public:
  // Error: media_error::file_unwritable.
  static boost::system::result<std::shared_ptr<wav_recorder>> create(const std::filesystem::path& path,
                                                                     int rate_hz);
  // Writes what is still held and closes the file; nothing is taken afterwards. False: the file could not be
  // written in full.
  virtual bool close() = 0;
  virtual std::chrono::milliseconds duration() const = 0;
};

// Records to Ogg Opus in memory, mono, narrowband to wideband by what comes in.
class opus_recorder : public audio_sink {
 public:
  // Takes no more than `longest`; further frames are ignored. `longest` is held to audio_file_max.
  static std::shared_ptr<opus_recorder> create(std::chrono::milliseconds longest);
  // The finished file. To be called once; nothing is taken afterwards. Empty when nothing was recorded.
  virtual std::vector<std::byte> finish() = 0;
  virtual std::chrono::milliseconds duration() const = 0;
  // Level of the whole recording, and of its last second, in dB relative to full scale: for the detection of
  // silence.
  virtual double level_dbfs() const = 0;
  virtual double recent_level_dbfs() const = 0;
};

}  // namespace tollgate::pstn::media
