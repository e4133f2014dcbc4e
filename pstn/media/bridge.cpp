// SPDX-License-Identifier: Apache-2.0
// The bridge: legs, directions, and what happens at each tick. Free of IO.
#include "pstn/media/bridge.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>
#include <vector>

#include "pstn/media/bridge_flow.hpp"
#include "pstn/media/bridge_leg.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

constexpr int narrowband_hz = 8000;
constexpr int wideband_hz = 16000;
constexpr int complexity_usual = 5;             // of Opus
constexpr auto ptime_alone = 20ms;              // of a direction whose end is not attached
constexpr int ticks_at_once = 25;               // half a second that is caught up; more is skipped
constexpr std::size_t frame_max_samples = 960;  // 60 ms at 16 kHz
constexpr std::size_t events_expected = 16;
constexpr std::array both{side::overlay, side::trunk};

constexpr std::size_t index_of(side which) noexcept {
  return static_cast<std::size_t>(which);
}

std::int16_t added(std::int16_t a, std::int16_t b) noexcept {
  return static_cast<std::int16_t>(std::clamp(a + b, -32768, 32767));
}

}  // namespace

class bridge::implementation {
 public:
  implementation(bridge_observer& observer, std::uint64_t seed) : observer_(observer), random_(seed) {
    events_.reserve(events_expected);
    delivered_.reserve(events_expected);
  }

  void attach(side which, const leg_parameters& parameters, packet_sink rtp, packet_sink rtcp);
  void detach(side which);
  void receive_rtp(side from, std::span<const std::byte> packet, time_point arrived_at);
  void receive_rtcp(side from, std::span<const std::byte> packet, time_point arrived_at);
  packet_fate fate(side from) const noexcept { return leg(from) ? leg(from)->fate() : packet_fate::stray; }
  void set_complexity(int complexity);
  void connect_voice(bool connected) { connected_ = connected; }
  void play(side toward, std::shared_ptr<audio_source> source, play_mode mode);
  void record(side from, std::shared_ptr<audio_sink> sink, record_mode mode);
  std::optional<time_point> next_deadline() const noexcept;
  void advance(time_point now);
  void drain_recorders();

  std::unique_ptr<bridge_leg>& leg(side which) { return legs_[index_of(which)]; }
  const std::unique_ptr<bridge_leg>& leg(side which) const { return legs_[index_of(which)]; }
  flow& toward(side which) { return flows_[index_of(which)]; }
  bool connected() const noexcept { return connected_; }
  leg_statistics statistics(side which) const;
  void deliver();
  void heard_of(time_point now) noexcept { now_ = std::max(now_, now); }

 private:
  struct event {
    side where;
    char digit;  // 0: a playback has finished
    std::chrono::milliseconds duration;
  };

  void follow(side from, std::size_t alternative);
  void adjust_tones(side which);
  void listen_for_tones(flow& through);
  void adjust_rate();
  void adjust_echo(side which);
  std::chrono::milliseconds period(side toward_side) const;
  bool needed(side toward_side) const { return leg(toward_side) || leg(other(toward_side)); }
  bool may_pass(side toward_side) const;
  void update_passage(side toward_side, time_point now, bool packet_comes);
  void close_passage(side toward_side, time_point now);
  void run(side toward_side, time_point now);
  void tick(side toward_side, time_point at);
  void play_into(flow& into, side toward_side, std::span<std::int16_t> frame);
  void take_tones(flow& through, side from, std::span<std::int16_t> frame);
  void take_digit(side from, const digit_progress& digit);
  bool digits_leave_voice(side toward_side) const;
  void drain(side from);

  bridge_observer& observer_;
  std::mt19937_64 random_;
  std::array<std::unique_ptr<bridge_leg>, 2> legs_;
  std::array<leg_statistics, 2> past_{};  // of legs that are detached
  std::array<flow, 2> flows_{};           // by the side that they go to
  bool connected_ = false;
  int complexity_ = complexity_usual;
  int rate_hz_ = narrowband_hz;
  time_point now_{};  // the latest time that we were told
  std::vector<event> events_;
  std::vector<event> delivered_;
  std::array<std::int16_t, frame_max_samples> voice_{};
  std::array<std::int16_t, frame_max_samples> output_{};
};

void bridge::implementation::attach(side which, const leg_parameters& parameters, packet_sink rtp,
                                    packet_sink rtcp) {
  for (const side each : both)
    close_passage(each, now_);
  if (leg(which)) {
    leg(which)->change(parameters, std::move(rtp), std::move(rtcp), random_);
  } else {
    leg(which) = std::make_unique<bridge_leg>(parameters, std::move(rtp), std::move(rtcp), random_);
    leg(which)->set_recorder(toward(other(which)).whole.get());
  }
  adjust_tones(which);
  adjust_rate();
}

// A far end goes on in another of the codecs that were agreed on.
void bridge::implementation::follow(side from, std::size_t alternative) {
  for (const side each : both)
    close_passage(each, now_);
  leg(from)->follow_coding(alternative, random_);
  adjust_tones(from);
  adjust_rate();
}

void bridge::implementation::adjust_tones(side which) {
  const leg_parameters& parameters = leg(which)->parameters();
  auto& tones = toward(other(which)).tones;
  // Opus begins a tone out of silence (DTX) with frames that are not sent: its first digit would come twice.
  if (parameters.telephone_event_payload_type || parameters.codec.id == codec_id::opus)
    tones.reset();
  else if (!tones)
    listen_for_tones(toward(other(which)));
}

void bridge::implementation::listen_for_tones(flow& through) {
  through.tones.emplace(rate_hz_);
  through.remover = tone_remover(rate_hz_);
}

void bridge::implementation::adjust_rate() {
  rate_hz_ = wideband_hz;
  for (const side which : both)
    if (leg(which)) rate_hz_ = std::min(rate_hz_, voice_rate_hz(leg(which)->parameters().codec.id));
  for (const side which : both) {
    if (!leg(which)) continue;
    leg(which)->set_rate(rate_hz_);
    adjust_echo(which);
    flow& onward = toward(other(which));
    if (!onward.tones || onward.tones->rate_hz() == rate_hz_) continue;
    listen_for_tones(onward);
  }
  set_complexity(complexity_);
}

void bridge::implementation::set_complexity(int complexity) {
  complexity_ = complexity;
  for (const side which : both)
    if (leg(which)) leg(which)->sender().set_complexity(complexity);
}

// Made anew only where rate or wish has changed: what it has learnt outlives a re-INVITE.
void bridge::implementation::adjust_echo(side which) {
  auto& echo = toward(other(which)).echo;
  const auto tail = leg(which)->parameters().echo_tail;
  if (tail <= 0ms)
    echo.reset();
  else if (!echo || echo->rate_hz() != rate_hz_)
    echo.emplace(rate_hz_, tail);
}

void bridge::implementation::detach(side which) {
  if (!leg(which)) return;
  for (const side each : both)
    close_passage(each, now_);
  drain(which);
  leg(which)->report(now_, random_, true);
  past_[index_of(which)] = statistics(which);
  leg(which).reset();
  toward(other(which)).tones.reset();
  toward(other(which)).echo.reset();
  for (const side each : both)
    if (!needed(each)) toward(each).clock.stop();
  if (leg(other(which))) adjust_rate();
}

leg_statistics bridge::implementation::statistics(side which) const {
  if (!leg(which)) return past_[index_of(which)];
  leg_statistics now = leg(which)->statistics();
  const auto& from = leg(other(which));
  if (from && connected_)
    now.remote_mos = leg(which)->remote_mos(from->received_quality(), from->received_delay());
  else
    now.remote_mos = leg(which)->remote_mos(std::nullopt, 0ms);
  return now;
}

std::chrono::milliseconds bridge::implementation::period(side toward_side) const {
  return leg(toward_side) ? leg(toward_side)->ptime() : ptime_alone;
}

void bridge::implementation::receive_rtp(side from, std::span<const std::byte> packet,
                                         time_point arrived_at) {
  heard_of(arrived_at);
  if (!leg(from)) return;
  if (const auto alternative = leg(from)->changed_coding(packet)) follow(from, *alternative);
  update_passage(other(from), arrived_at, true);
  flow& onward = toward(other(from));
  if (onward.passed.open()) {
    const bridge_leg::onward pass{onward.passed, *leg(other(from))};
    for (const digit_progress& digit : leg(from)->receive_rtp(packet, arrived_at, &pass))
      take_digit(from, digit);
    return;
  }
  for (const digit_progress& digit : leg(from)->receive_rtp(packet, arrived_at))
    take_digit(from, digit);
  if (const auto begins_at = leg(from)->receiver().begins_at()) {
    if (!onward.clock.running()) onward.clock.start(arrived_at);
    onward.clock.align(*begins_at, period(other(from)));
  }
}

void bridge::implementation::receive_rtcp(side from, std::span<const std::byte> packet,
                                          time_point arrived_at) {
  heard_of(arrived_at);
  if (!leg(from)) return;
  const std::int64_t lost = leg(from)->receive_rtcp(packet, arrived_at);
  // Nobody but the encoder of what is passed on can do something about it.
  if (lost > 0 && toward(from).passed.open()) leg(other(from))->lost_beyond(lost);
}

// Digits are passed on while they last, so that both far ends have them for the same time.
void bridge::implementation::take_digit(side from, const digit_progress& digit) {
  if (digit.ended) events_.push_back({from, digit.digit, digit.duration});
  const auto& onward = leg(other(from));
  if (!connected_ || !onward || onward->parameters().digits_by_signalling) return;
  digit_queue& queue = onward->sender().digits();
  if (digit.first)
    queue.begin(digit.digit, digit.duration);
  else
    queue.extend(digit.duration);
  if (digit.ended) queue.finish(digit.duration);
}

// Whether digits that are heard in the voice go to this side as something else: then not in the voice as
// well.
bool bridge::implementation::digits_leave_voice(side toward_side) const {
  if (!connected_ || !leg(toward_side)) return false;
  const leg_parameters& target = leg(toward_side)->parameters();
  return target.telephone_event_payload_type || target.digits_by_signalling;
}

void bridge::implementation::play(side where, std::shared_ptr<audio_source> source, play_mode mode) {
  toward(where).playback = std::move(source);
  toward(where).mode = mode;
}

void bridge::implementation::record(side from, std::shared_ptr<audio_sink> sink, record_mode mode) {
  flow& onward = toward(other(from));
  // Nobody else waits for what has arrived: the recorder may have it.
  if (onward.whole || !connected_) drain(from);
  if (leg(from)) leg(from)->set_recorder(nullptr);
  onward.whole.reset();
  onward.recorder = std::move(sink);
  if (!onward.recorder || mode != record_mode::whole) return;
  onward.whole = std::make_unique<packet_recorder>(onward.recorder);
  if (leg(from)) leg(from)->set_recorder(onward.whole.get());
}

void bridge::implementation::drain(side from) {
  flow& onward = toward(other(from));
  if (!onward.recorder || !leg(from)) return;
  if (onward.whole) return onward.whole->finish();
  while (const std::size_t count = leg(from)->receiver().drain(voice_))
    onward.recorder->write(std::span(voice_).first(count), rate_hz_);
}

void bridge::implementation::drain_recorders() {
  for (const side which : both)
    drain(which);
}

std::optional<time_point> bridge::implementation::next_deadline() const noexcept {
  std::optional<time_point> next;
  const auto consider = [&next](time_point at) { next = next ? std::min(*next, at) : at; };
  for (const side which : both) {
    if (leg(which)) consider(leg(which)->report_at());
    if (!needed(which)) continue;
    const flow_clock& clock = flows_[index_of(which)].clock;
    if (flows_[index_of(which)].passed.open() && may_pass(which)) continue;  // packets alone move it
    consider(clock.running() ? clock.tick() : time_point{});
  }
  return next;
}

void bridge::implementation::advance(time_point now) {
  heard_of(now);
  for (const side which : both) {
    if (!needed(which)) continue;
    update_passage(which, now, false);
    if (!toward(which).passed.open()) run(which, now);
  }
  for (const side which : both) {
    if (!leg(which)) continue;
    if (const auto digit = leg(which)->expire_digit(now)) take_digit(which, *digit);
    if (leg(which)->report_at() <= now) leg(which)->report(now, random_, false);
  }
}

// Packets go on as they are while both legs have the same codec and nobody wants to hear or say anything
// between.
bool bridge::implementation::may_pass(side toward_side) const {
  const auto& from = leg(other(toward_side));
  const auto& to = leg(toward_side);
  const flow& through = flows_[index_of(toward_side)];
  const bool echo = through.echo || flows_[index_of(other(toward_side))].echo;
  const bool listens = through.tones && digits_leave_voice(toward_side);
  return connected_ && from && to && !echo && !listens && !through.playback && !through.recorder &&
         from->may_pass_to(*to);
}

void bridge::implementation::update_passage(side toward_side, time_point now, bool packet_comes) {
  flow& through = toward(toward_side);
  const bool wanted = may_pass(toward_side);
  if (through.passed.open() == wanted) return;
  if (!wanted) return close_passage(toward_side, now);
  // Only a packet shows that there is a stream; until then silence is made here.
  if (packet_comes && leg(other(toward_side))->pass_waiting({through.passed, *leg(toward_side)}, now))
    through.clock.stop();
}

void bridge::implementation::close_passage(side toward_side, time_point now) {
  flow& through = toward(toward_side);
  if (!through.passed.open()) return;
  through.passed.close();
  const auto resumed = leg(other(toward_side))->receiver().resume(now, period(toward_side));
  through.clock.start(resumed ? resumed->at : now);
  if (resumed)
    leg(toward_side)->sender().resume(resumed->skipped);
  else
    leg(toward_side)->sender().resume_at(now);
}

void bridge::implementation::run(side toward_side, time_point now) {
  flow& through = toward(toward_side);
  const side from = other(toward_side);
  if (!through.clock.running()) through.clock.start(now);
  const auto length = period(toward_side);
  const std::size_t samples = static_cast<std::size_t>(rate_hz_ * length.count() / 1000);
  for (int ticks = 0; through.clock.tick() <= now; ++ticks) {
    if (ticks == ticks_at_once) {
      // We were away for long: what was not sent in time is not sent at all, and the timestamps say so.
      const auto missed = static_cast<int>((now - through.clock.tick()) / length);
      if (leg(toward_side)) leg(toward_side)->sender().skip(missed);
      if (auto& echo = toward(from).echo) echo->sent_silence(samples * static_cast<std::size_t>(missed));
      through.clock.advance(length * missed, 0ns);
      if (through.clock.tick() > now) break;
    }
    tick(toward_side, through.clock.tick());
    through.clock.advance(length, leg(from) ? leg(from)->receiver().correction() : 0ns);
  }
}

void bridge::implementation::tick(side toward_side, time_point at) {
  flow& through = toward(toward_side);
  const side from = other(toward_side);
  const auto samples = static_cast<std::size_t>(rate_hz_ * period(toward_side).count() / 1000);
  const std::span<std::int16_t> voice = std::span(voice_).first(samples);
  std::optional<std::int64_t> position;
  if (leg(from)) {
    position = leg(from)->receiver().media_position();
    leg(from)->receiver().pull(at, voice);
  } else
    std::fill(voice.begin(), voice.end(), std::int16_t{0});
  if (through.echo) through.echo->process(voice, position);
  if (through.whole)
    through.whole->advance(at);
  else if (through.recorder)
    through.recorder->write(voice, rate_hz_);
  if (through.tones) take_tones(through, from, voice);
  if (!leg(toward_side)) return;
  if (!connected_) std::fill(voice.begin(), voice.end(), std::int16_t{0});
  if (through.playback) play_into(through, toward_side, voice);
  if (auto& echo = toward(from).echo) echo->sent(voice);
  leg(toward_side)->send(voice, at);
}

void bridge::implementation::play_into(flow& into, side toward_side, std::span<std::int16_t> frame) {
  const std::span<std::int16_t> played = std::span(output_).first(frame.size());
  const std::size_t count = std::min(into.playback->read(played, rate_hz_), played.size());
  std::fill(played.begin() + static_cast<std::ptrdiff_t>(count), played.end(), std::int16_t{0});
  if (into.mode == play_mode::replace)
    std::copy(played.begin(), played.end(), frame.begin());
  else
    std::transform(played.begin(), played.end(), frame.begin(), frame.begin(), added);
  if (count == played.size()) return;
  into.playback.reset();
  events_.push_back({toward_side, 0, 0ms});
}

void bridge::implementation::take_tones(flow& through, side from, std::span<std::int16_t> frame) {
  const std::uint64_t made_up = leg(from) ? leg(from)->receiver().frames_made_up() : 0;
  const bool lost = std::exchange(through.made_up, made_up) != made_up;
  const bool leave = digits_leave_voice(other(from));
  const bool sounded = through.tones->sounding();  // the frame in which a digit ends has some of it
  if (!lost || !through.tones->skip()) {
    for (const digit_progress& digit : through.tones->take(frame)) {
      if (leg(from) && leg(from)->parameters().digits_by_signalling) continue;  // it comes that way as well
      // Where the other side has tones, too, it hears these as they are.
      if (leave)
        take_digit(from, digit);
      else if (digit.ended)
        events_.push_back({from, digit.digit, digit.duration});
    }
  }
  if (leave) through.remover.process(frame, sounded || through.tones->sounding());
}

void bridge::implementation::deliver() {
  if (events_.empty()) return;
  // An observer may call advance or receive_rtp, and so come here again: it then finds a list of its own.
  std::vector<event> now = std::move(delivered_);
  now.swap(events_);
  for (const event& each : now) {
    if (each.digit != 0)
      observer_.digit_received(each.where, each.digit, each.duration);
    else
      observer_.playback_finished(each.where);
  }
  now.clear();
  delivered_ = std::move(now);
}

bridge::bridge(bridge_observer& observer, std::uint64_t seed)
    : implementation_(std::make_unique<implementation>(observer, seed)) {}

bridge::~bridge() {
  implementation_->drain_recorders();
}

void bridge::attach(side which, leg_parameters parameters, packet_sink rtp, packet_sink rtcp) {
  implementation_->attach(which, parameters, std::move(rtp), std::move(rtcp));
}

void bridge::detach(side which) {
  implementation_->detach(which);
}

bool bridge::attached(side which) const noexcept {
  return implementation_->leg(which) != nullptr;
}

packet_fate bridge::receive_rtp(side from, std::span<const std::byte> packet, time_point arrived_at) {
  implementation_->receive_rtp(from, packet, arrived_at);
  const packet_fate fate = implementation_->fate(from);  // before an observer can detach the leg
  implementation_->deliver();
  return fate;
}

void bridge::set_complexity(int complexity) {
  implementation_->set_complexity(complexity);
}

void bridge::receive_rtcp(side from, std::span<const std::byte> packet, time_point arrived_at) {
  implementation_->receive_rtcp(from, packet, arrived_at);
}

void bridge::connect_voice(bool connected) {
  implementation_->connect_voice(connected);
}
bool bridge::voice_connected() const noexcept {
  return implementation_->connected();
}

void bridge::play(side toward, std::shared_ptr<audio_source> source, play_mode mode) {
  implementation_->play(toward, std::move(source), mode);
}

bool bridge::playing(side toward) const noexcept {
  return implementation_->toward(toward).playback != nullptr;
}

void bridge::record(side from, std::shared_ptr<audio_sink> sink, record_mode mode) {
  implementation_->record(from, std::move(sink), mode);
}

void bridge::send_digits(side toward, std::string_view digits, std::chrono::milliseconds duration) {
  if (const auto& leg = implementation_->leg(toward)) leg->sender().push_digits(digits, duration);
}

bool bridge::sending_digits(side toward) const noexcept {
  const auto& leg = implementation_->leg(toward);
  return leg && leg->sender().sending_digits();
}

std::optional<time_point> bridge::next_deadline() const noexcept {
  return implementation_->next_deadline();
}

void bridge::advance(time_point now) {
  implementation_->advance(now);
  implementation_->deliver();
}

leg_statistics bridge::statistics(side which) const {
  return implementation_->statistics(which);
}

}  // namespace tollgate::pstn::media
