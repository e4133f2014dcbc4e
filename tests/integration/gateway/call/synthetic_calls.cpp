// SPDX-License-Identifier: Apache-2.0
#include "synthetic_calls.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numbers>
#include <stdexcept>
#include <thread>

#include "gateway/overlay/datagram.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::gateway::call::test {
namespace {

namespace media = pstn::media;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr double peer_tone_hz = 1000, trunk_tone_hz = 600;
constexpr double amplitude = 8000;
constexpr int rate_hz = 8000;
constexpr std::size_t frame_samples = 160;
constexpr auto patience = 60s;  // then something is broken, however slow the machine
constexpr std::uint32_t peer_ssrc = 0x70656572, trunk_ssrc = 0x7472756e;

media::leg_parameters make_leg(media::codec_id codec, std::uint8_t events) {
  media::leg_parameters leg;
  leg.codec = media::default_description(codec);
  leg.telephone_event_payload_type = events;
  leg.telephone_event_clock_hz = leg.codec.rtp_clock_hz;
  leg.cname = "synthetic";
  return leg;
}

std::vector<std::vector<std::byte>> coded_tone(media::codec_id codec, double hz) {
  const auto encoder = media::make_encoder(media::default_description(codec), rate_hz).value();
  std::vector<std::vector<std::byte>> packets;
  std::vector<std::int16_t> frame(frame_samples);
  for (std::size_t number = 0; number < 100; ++number) {
    for (std::size_t i = 0; i < frame_samples; ++i) {
      const double at = static_cast<double>(number * frame_samples + i) / rate_hz;
      frame[i] = static_cast<std::int16_t>(amplitude * std::sin(2 * std::numbers::pi * hz * at));
    }
    std::vector<std::byte> packet(media::payload_max_bytes);
    packet.resize(encoder->encode(frame, packet));
    packets.push_back(std::move(packet));
  }
  // The first second has the encoder's beginning: the one after it can be repeated, both tones fit into it.
  return {packets.begin() + 50, packets.end()};
}

// Share of the frame's energy at a frequency (Goertzel), 0..1, and whether the level is that of a far end.
bool is_tone(std::span<const std::int16_t> frame, double hz) {
  double energy = 0, re = 0, im = 0;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz;
    energy += static_cast<double>(frame[i]) * frame[i];
    re += frame[i] * std::cos(angle);
    im += frame[i] * std::sin(angle);
  }
  const double count = static_cast<double>(frame.size());
  const double level = std::sqrt(2 * energy / count);
  return level > amplitude / 3 && level < amplitude * 2 && 2 * (re * re + im * im) > 0.8 * count * energy;
}

// For the far ends, once in a process.
void set_up_srtp() {
  static const bool ready = srtp_init() == srtp_err_status_ok;
  if (!ready) throw std::runtime_error("libsrtp2 does not start");
}

}  // namespace

synthetic_call::synthetic_call(media_engine& engine, const overlay::dtls_context& dtls,
                               std::shared_ptr<media_session> session, bool listens)
    : session_(std::move(session)), listens_(listens) {
  opus_ = media::make_decoder(media::default_description(media::codec_id::opus), rate_hz).value();
  alaw_ = media::make_decoder(media::default_description(media::codec_id::pcma), rate_hz).value();
  const auto device = session_->add_device();
  overlay_remote peer;
  peer.ice = far_.ice;
  peer.certificate = dtls.own_certificate().digest();
  peer.own_role = overlay::dtls_role::server;
  peer.leg = make_leg(media::codec_id::opus, 126);
  session_->connect_overlay(device.index, std::move(peer));
  session_->choose_device(device.index);
  trunk_remote trunk;
  trunk.address = "127.0.0.1";
  trunk.port = far_.trunk.number();
  trunk.rtcp_port = 9;  // discard: nothing listens there
  trunk.leg = make_leg(media::codec_id::pcma, 101);
  trunk_port_ = session_->open_trunk().value();
  overlay_port_ = session_->overlay_port();
  session_->connect_trunk(std::move(trunk));
  session_->connect_voice(true);
  far_.peer.connect(overlay_port_);
  far_.trunk.connect(trunk_port_);
  far_.begin(dtls, device.ice, engine.fingerprint());
}

void synthetic_call::send(std::span<const std::byte> opus, std::span<const std::byte> alaw) {
  std::array<std::byte, 1600> packet{};
  const auto write = [&](std::uint8_t payload_type, std::uint32_t timestamp, std::uint32_t ssrc,
                         std::span<const std::byte> payload) {
    media::write_rtp_header({false, payload_type, sequence_, timestamp, ssrc},
                            std::span(packet).first<media::rtp_header_bytes>());
    std::copy(payload.begin(), payload.end(), packet.begin() + media::rtp_header_bytes);
    return media::rtp_header_bytes + payload.size();
  };
  if (connected()) {
    const auto opus_type = media::default_description(media::codec_id::opus).payload_type;
    const auto bytes = write(opus_type, timestamp_ * 6, peer_ssrc, opus);
    std::memcpy(protected_.data(), packet.data(), bytes);
    protected_bytes_ = far_.protect(protected_, bytes);
    far_.peer.send(latest_protected());
    ++sent_;
  }
  const auto bytes = write(8, timestamp_, trunk_ssrc, alaw);
  far_.trunk.send({reinterpret_cast<const unsigned char*>(packet.data()), bytes});
  ++sequence_;
  timestamp_ += frame_samples;
}

void synthetic_call::judge(heard& by, media::decoder& with, std::span<const unsigned char> packet,
                           double tone_hz) {
  const auto read = media::parse_rtp(std::as_bytes(packet));
  if (!read) return;
  ++by.packets;
  if (!listens_) return;
  std::array<std::int16_t, 1920> frame{};
  const auto count = with.decode(read->header.payload_type, read->payload, frame);
  ++(is_tone(std::span(frame).first(count), tone_hz) ? by.frames_right : by.frames_wrong);
}

void synthetic_call::receive() {
  std::array<unsigned char, 2048> packet{};
  while (const auto got = far_.peer.receive(packet)) {
    const auto datagram = std::span(packet).first(got->size);
    if (!connected() || overlay::classify(std::as_bytes(datagram)) != overlay::datagram_kind::rtp) {
      far_.take_set_up(datagram);
      continue;
    }
    if (const auto bytes = far_.unprotect(datagram))
      judge(peer_heard_, *opus_, datagram.first(bytes), trunk_tone_hz);
  }
  while (const auto got = far_.trunk.receive(packet))
    judge(trunk_heard_, *alaw_, std::span(packet).first(got->size), peer_tone_hz);
}

media_report synthetic_call::close(boost::asio::io_context& signalling) {
  std::optional<media_report> facts;
  session_->close([&facts](media_report report) { facts = std::move(report); });
  const auto end = steady_clock::now() + patience;
  while (!facts) {
    if (steady_clock::now() > end) throw std::runtime_error("a session does not close");
    signalling.restart();
    signalling.run_for(5ms);
  }
  return *facts;
}

synthetic_calls::synthetic_calls(std::size_t workers, bool shed_load, const load_limits& load)
    : dtls_(overlay::certificate::make(std::chrono::system_clock::now())),
      opus_(coded_tone(media::codec_id::opus, peer_tone_hz)),
      alaw_(coded_tone(media::codec_id::pcma, trunk_tone_hz)) {
  set_up_srtp();
  const clocks time{[] { return steady_clock::now(); }, [] { return std::chrono::system_clock::now(); }};
  media_options options;
  options.address = "127.0.0.1";
  options.workers = workers;
  options.shed_load = shed_load;
  options.load = load;
  options.trunk_port_low = 40'000;
  options.trunk_port_high = 47'999;
  engine_ = std::make_unique<media_engine>(options, time,
                                           overlay::dtls_context(overlay::certificate::make(time.wall())),
                                           signalling_.get_executor());
}

bool synthetic_calls::add(bool listens) {
  if (!engine_->admit()) return false;
  auto session = engine_->open([](const media_message&) {});
  if (!session) return false;
  calls_.push_back(std::make_unique<synthetic_call>(*engine_, dtls_, std::move(session), listens));
  return true;
}

void synthetic_calls::run(std::chrono::milliseconds time, const std::function<void()>& meanwhile) {
  constexpr std::size_t parts = 20;  // of a frame's time
  if (steady_clock::now() - next_ > 200ms) next_ = steady_clock::now();
  const auto begin = next_;
  behind_ = 0ns;
  for (std::chrono::milliseconds passed{0}; passed < time; passed += 20ms, ++frame_) {
    for (std::size_t part = 0; part < parts; ++part) {
      const auto due = begin + passed + std::chrono::milliseconds(part);
      std::this_thread::sleep_until(due);
      for (std::size_t i = part; i < calls_.size(); i += parts) {
        if (frame_ % 10 == 0 && !calls_[i]->connected()) calls_[i]->repeat_set_up();
        calls_[i]->receive();
        calls_[i]->send(opus_[frame_ % opus_.size()], alaw_[frame_ % alaw_.size()]);
        behind_ = std::max<std::chrono::nanoseconds>(behind_, steady_clock::now() - due);
      }
    }
    if (meanwhile) meanwhile();
    signalling_.restart();
    signalling_.poll();
    next_ += 20ms;
  }
  for (const auto& each : calls_)
    each->receive();
}

std::size_t synthetic_calls::connect(const std::function<void()>& meanwhile) {
  constexpr int frames = 250;
  const auto is_connected = [](const auto& each) { return each->connected(); };
  for (int i = 0; i < frames && !std::all_of(calls_.begin(), calls_.end(), is_connected); ++i)
    run(20ms, meanwhile);
  return std::erase_if(calls_, std::not_fn(is_connected));
}

}  // namespace tollgate::gateway::call::test
