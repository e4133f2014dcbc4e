// SPDX-License-Identifier: Apache-2.0
// Plays an Ogg Opus file (RFC 7845) from memory. It is taken apart when it is opened, and decoded packet by
// packet, at the rate that is asked for, while it is played: that allocates nothing. Free of IO.
#include <opus.h>
#include <opusfile.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "pstn/media/audio_file.hpp"
#include "pstn/media/error.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int opusfile_rate_hz = 48000;
constexpr int usual_rate_hz = 16000;
constexpr std::size_t channels_most = 2;        // channel mapping family 0 (RFC 7845 §5.1.1.1)
constexpr std::size_t packet_longest_ms = 120;  // RFC 6716 §2.1.4
constexpr std::size_t packet_longest = packet_longest_ms * opusfile_rate_hz / 1000;

struct opusfile_delete {
  void operator()(OggOpusFile* file) const noexcept { op_free(file); }
};

// Of a packet, in samples of 48 kHz: what is decoded but not heard at its beginning (pre-skip, RFC 7845
// §4.2), and what is heard after that (the end is trimmed by the last granule position, §4.4).
struct file_packet {
  std::size_t offset, size;
  int samples;
  int skipped, heard;
  bool begins;         // a logical stream: the decoder begins anew
  int gain_q8_db = 0;  // of that stream, §5.1 item 6
};

struct file_packets {
  std::vector<std::byte> bytes;
  std::vector<file_packet> list;
};

// Instead of decoding: keeps the packet.
int keep_packet(void* into, OpusMSDecoder*, void* pcm, const ogg_packet* packet, int samples, int channels,
                int format, int) {
  auto& packets = *static_cast<file_packets*>(into);
  const auto size = static_cast<std::size_t>(std::max<long>(packet->bytes, 0));
  const auto* begin = reinterpret_cast<const std::byte*>(packet->packet);
  packets.list.push_back({packets.bytes.size(), size, samples, 0, samples, false});
  packets.bytes.insert(packets.bytes.end(), begin, begin + size);
  const std::size_t octets = format == OP_DEC_FORMAT_FLOAT ? sizeof(float) : sizeof(opus_int16);
  std::memset(pcm, 0, octets * static_cast<std::size_t>(samples) * static_cast<std::size_t>(channels));
  return 0;
}

// Takes what the file does not want to be heard from the packets since `first`: of a stream that begins from
// the front, else from the back.
void trim(std::span<file_packet> packets, int heard, bool begins) noexcept {
  int dropped = -heard;
  for (const file_packet& each : packets)
    dropped += each.samples;
  const auto shorten = [&dropped](file_packet& each, bool front) {
    const int by = std::clamp(dropped, 0, each.heard);
    each.heard -= by;
    if (front) each.skipped = by;
    dropped -= by;
  };
  if (begins)
    std::for_each(packets.begin(), packets.end(), [&](file_packet& each) { shorten(each, true); });
  else
    std::for_each(packets.rbegin(), packets.rend(), [&](file_packet& each) { shorten(each, false); });
}

boost::system::result<file_packets> take_apart(std::span<const std::byte> file) {
  int error = 0;
  const std::unique_ptr<OggOpusFile, opusfile_delete> opened(
      op_open_memory(reinterpret_cast<const unsigned char*>(file.data()), file.size(), &error));
  if (!opened) return media_error::file_unreadable;
  file_packets packets;
  packets.bytes.reserve(file.size());
  op_set_decode_callback(opened.get(), keep_packet, &packets);
  std::vector<float> nothing(channels_most * packet_longest);
  const auto samples_most = std::chrono::seconds(audio_file_max).count() * opusfile_rate_hz;
  int stream = -1, count = 0;
  for (std::int64_t heard = 0; heard < samples_most; heard += std::max(count, 0)) {
    const auto first = packets.list.size();
    int in_stream = stream;
    count = op_read_float(opened.get(), nothing.data(), static_cast<int>(nothing.size()), &in_stream);
    if (count == OP_HOLE) continue;
    if (count <= 0) break;  // the end, or damage that nothing can be read after
    const OpusHead* head = op_head(opened.get(), in_stream);
    if (head->mapping_family != 0) return media_error::file_unreadable;
    if (first == packets.list.size()) continue;
    const auto added = std::span(packets.list).subspan(first);
    added.front().begins = in_stream != stream;
    added.front().gain_q8_db = head->output_gain;
    trim(added, count, added.front().begins);
    stream = in_stream;
  }
  return packets;
}

class opus_file_source final : public audio_source {
 public:
  explicit opus_file_source(file_packets packets)
      : packets_(std::move(packets)), state_(static_cast<std::size_t>(opus_decoder_get_size(1))) {
    set_rate(usual_rate_hz);
  }

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    if (rate_hz != rate_hz_) set_rate(rate_hz);
    std::size_t done = 0;
    while (done < frame.size() && (at_ < end_ || decode_next())) {
      const std::size_t count = std::min(frame.size() - done, end_ - at_);
      std::copy_n(decoded_.begin() + static_cast<std::ptrdiff_t>(at_), count,
                  frame.begin() + static_cast<std::ptrdiff_t>(done));
      done += count;
      at_ += count;
    }
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(done), frame.end(), std::int16_t{0});
    return done;
  }

 private:
  OpusDecoder* decoder() noexcept { return reinterpret_cast<OpusDecoder*>(state_.data()); }

  // One of libopus: 8, 12, 16, 24 or 48 kHz. What was decoded at another is dropped.
  void set_rate(int rate_hz) noexcept {
    rate_hz_ = rate_hz;
    at_ = end_ = 0;
    usable_ = opus_decoder_init(decoder(), rate_hz, 1) == OPUS_OK;
    if (usable_) opus_decoder_ctl(decoder(), OPUS_SET_GAIN(gain_q8_db_));
  }
  std::size_t at_rate(int samples) const noexcept {
    return static_cast<std::size_t>(std::int64_t{samples} * rate_hz_ / opusfile_rate_hz);
  }

  // False: the end.
  bool decode_next() noexcept {
    if (next_ == packets_.list.size() || !usable_) return false;
    const file_packet& packet = packets_.list[next_++];
    if (packet.begins) {
      gain_q8_db_ = packet.gain_q8_db;
      set_rate(rate_hz_);
    }
    const auto* octets = reinterpret_cast<const unsigned char*>(packets_.bytes.data() + packet.offset);
    const int count = opus_decode(decoder(), octets, static_cast<opus_int32>(packet.size), decoded_.data(),
                                  static_cast<int>(decoded_.size()), 0);
    const auto length = at_rate(packet.samples);
    if (count != static_cast<int>(length))
      std::fill_n(decoded_.begin(), length, std::int16_t{0});  // damaged: what it lasts is kept
    at_ = at_rate(packet.skipped);
    end_ = std::min(at_ + at_rate(packet.heard), length);
    return true;
  }

  file_packets packets_;
  std::vector<std::byte> state_;  // of the decoder
  int rate_hz_ = 0;
  bool usable_ = false;
  int gain_q8_db_ = 0;
  std::size_t next_ = 0;
  std::array<std::int16_t, packet_longest> decoded_{};
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace

boost::system::result<std::shared_ptr<audio_source>> make_opus_source(
    std::shared_ptr<const std::vector<std::byte>> bytes) {
  auto packets = take_apart(*bytes);
  if (!packets) return packets.error();
  return std::shared_ptr<audio_source>(std::make_shared<opus_file_source>(std::move(*packets)));
}

}  // namespace tollgate::pstn::media
