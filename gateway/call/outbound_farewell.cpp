// SPDX-License-Identifier: Apache-2.0
// What a caller hears of a call that failed: the tone of the called country, as from a telephone. The device
// is told at once, the trunk and the credit are free before; only the hang-up waits for the tone.
#include <boost/json/object.hpp>

#include "gateway/call/outbound_call.hpp"
#include "pstn/trunk/failure.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

namespace {

std::optional<media::tone> tone_of(pstn::trunk::heard_as what) {
  using pstn::trunk::heard_as;
  switch (what) {
    case heard_as::nothing:
      return std::nullopt;
    case heard_as::busy:
      return media::tone::busy;
    case heard_as::congestion:
      return media::tone::congestion;
    case heard_as::intercept:
      return media::tone::sit_intercept;
    case heard_as::vacant:
      return media::tone::sit_vacant;
    case heard_as::no_circuit:
      return media::tone::sit_no_circuit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<media::tone> outbound_call::farewell_tone() const {
  if (record_.answered) return std::nullopt;
  const auto& end = machine_->outcome();
  const auto reason = pstn::trunk::failure_reason_named(end.reason);
  if (!reason) return std::nullopt;  // the caller's own hang-up, an operator's
  return tone_of(pstn::trunk::heard(*reason, end.q850));
}

// Whether the caller is to hear a tone. One who has had the carrier's own announcement is not told twice.
bool outbound_call::begin_farewell() {
  const auto tone = farewell_tone();
  if (!tone) return false;
  const bool heard = media_ && !overlay_failed_ && !early_media_;
  const auto& end = machine_->outcome();
  boost::json::object body{{"code", end.reason},
                           {"text", end.text},
                           {"tone", media::to_string(*tone)},
                           {"region", callee_region_},
                           {"tone_ms", heard ? farewell_duration.count() : 0}};
  device_->send_event("call_failed", std::move(body), offer_.call);
  if (!heard) return false;
  media_->connect_voice(false);
  media_->watch_silence(media::side::overlay, false);
  media_->watch_silence(media::side::trunk, false);
  play_farewell();
  return true;
}

void outbound_call::play_farewell() {
  if (const auto tone = farewell_tone())
    media_->play(media::side::overlay, media::make_tone_source(*tone, callee_region_), media::play_mode::replace);
}

// Until the tone has been heard, or the caller does not want to. A far end that fails at once may be faster than
// the media's handshake: that has a second to come up.
boost::asio::awaitable<void> outbound_call::hear_farewell() {
  constexpr std::chrono::seconds handshake{1};
  const auto begun = environment_.time.steady();
  auto until = begun + (overlay_up_ ? std::chrono::milliseconds(farewell_duration) : handshake);
  while (environment_.time.steady() < until) {
    const auto event = co_await inbox_.next(until);
    if (!event) continue;
    if (std::holds_alternative<peer_event::hung_up>(*event)) co_return;
    if (std::holds_alternative<operator_hang_up>(*event)) co_return;
    if (const auto* one = std::get_if<peer_event::reattached>(&*event))
      if (one->device->device() == device_->device()) device_ = one->device;
    if (const auto* one = std::get_if<peer_event::restarted>(&*event)) on_restart(*one);
    const auto* message = std::get_if<media_message>(&*event);
    if (!message) continue;
    if (std::holds_alternative<media_event::overlay_failed>(*message)) co_return;
    if (!std::holds_alternative<media_event::overlay_connected>(*message) || overlay_up_) continue;
    overlay_up_ = true;
    play_farewell();  // from its beginning
    until = environment_.time.steady() + farewell_duration;
  }
}

}  // namespace tollgate::gateway::call
