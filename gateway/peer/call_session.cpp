// SPDX-License-Identifier: Apache-2.0
// The beginning of a call, its media and its talk; the end is in call_ending.cpp.
#include "gateway/peer/call_session.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/overlay/frame.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds live_line_period{500};
constexpr milliseconds through_check_period{50};
// A call in which the answer came but no media within this time is of no use to anybody.
constexpr milliseconds media_deadline{20'000};

/// Silence while the call is held; what is played goes on where it was.
class holdable_source final : public pstn::media::audio_source {
 public:
  holdable_source(std::shared_ptr<audio_source> inner, std::shared_ptr<const bool> held)
      : inner_(std::move(inner)), held_(std::move(held)) {}

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    if (!*held_) return inner_->read(frame, rate_hz);
    std::fill(frame.begin(), frame.end(), std::int16_t{0});
    return frame.size();
  }

 private:
  std::shared_ptr<audio_source> inner_;
  std::shared_ptr<const bool> held_;
};

}  // namespace

call_session::call_session(const call_environment& environment, std::uint32_t number_in_run,
                           end_handler ended)
    : environment_(environment),
      ended_(std::move(ended)),
      recording_(recording_name(environment.options.record, number_in_run)),
      ring_timer_(environment.executor),
      dtmf_timer_(environment.executor),
      duration_timer_(environment.executor),
      tick_timer_(environment.executor),
      end_timer_(environment.executor) {
  timeline_.begun_at = clock::now();
}

call_session::~call_session() {
  if (media_) media_->close();
}

void call_session::after(boost::asio::steady_timer& timer, milliseconds delay,
                         void (*function)(call_session&)) {
  timer.expires_after(delay);
  timer.async_wait([weak = weak_from_this(), function](const boost::system::error_code& failure) {
    if (failure) return;
    if (const auto self = weak.lock(); self && self->state_ != state::over) function(*self);
  });
}

void call_session::place(const std::string& number, const std::string& own_name,
                         const boost::json::object& credit) {
  charge_.learn_credit(credit);
  id_ = overlay::make_call_id();
  to_ = number;
  own_name_ = own_name;
  start_media();
}

void call_session::take(const overlay::incoming_call& incoming, std::optional<milliseconds> ring_for,
                        bool waiting) {
  id_ = incoming.call;
  incoming_ = incoming;
  state_ = state::ringing;
  timeline_.ringing_at = timeline_.begun_at;
  const std::string caller =
      incoming.from.empty() ? "a withheld number"
                            : caller_text(incoming.from, incoming.from_name, incoming.from_verdict) +
                                  (incoming.from_verdict == "verified_a" ? ", verified" : "");
  boost::json::object fields = named();
  fields["from"] = incoming.from;
  fields["from_name"] = incoming.from_name;
  if (!incoming.from_verdict.empty()) fields["from_verdict"] = incoming.from_verdict;
  fields["waiting"] = waiting;
  waiting_ = waiting;
  environment_.out.report("incoming", fields,
                          waiting ? "Another call, from " + caller +
                                        " (a: take it and hold this one, e: end this one and take it, "
                                        "r: refuse it)."
                                  : "Call from " + caller + ".");
  environment_.client.send_ring(id_);
  start_media();
  if (ring_for) after(ring_timer_, *ring_for, [](call_session& self) { self.accept(); });
}

void call_session::accept() {
  if (!rings()) return;
  accepting_ = true;
  waiting_ = false;
  send_answer();
}

void call_session::hold() {
  if (!talks() || *held_) return;
  *held_ = true;
  environment_.out.report("held", named(), "The call is held.");
}

void call_session::resume() {
  if (!*held_) return;
  *held_ = false;
  if (talks()) environment_.out.report("resumed", named(), "Back in the call that was held.");
}

void call_session::start_media() {
  const auto guarded = [weak = weak_from_this()](auto function) {
    return [weak, function](auto... arguments) {
      if (const auto self = weak.lock(); self && self->state_ != state::over) function(*self, arguments...);
    };
  };
  media_events events;
  events.described = guarded([](call_session& self) { self.on_described(); });
  events.up = guarded([](call_session& self) { self.on_media_up(); });
  events.failed = guarded([](call_session& self, const std::string& why) { self.fail("media_failed", why); });
  events.digit = guarded([](call_session& self, char digit) {
    boost::json::object fields = self.named();
    fields["digit"] = std::string(1, digit);
    self.environment_.out.report("digit", fields, std::string("The other side pressed ") + digit + ".");
  });
  events.played = guarded([](call_session& self) { self.played_ = true; });
  media_ = media_session::start(environment_.glib, environment_.executor, environment_.dtls, environment_.ice,
                                std::move(events));
}

void call_session::on_described() {
  described_ = true;
  if (incoming_) return send_answer();
  const std::string sdp = to_string(media_->offer());
  boost::json::object fields = named();
  fields["to"] = to_;
  environment_.out.report("calling", fields, "Calling " + to_ + " ...");
  timeline_.begun_at = clock::now();
  const auto sent = environment_.client.send_offer(id_, to_, sdp, own_name_);
  if (!sent) return fail(sent.error().code, sent.error().text);
  if (state_ == state::preparing) state_ = state::calling;
  tick();
}

void call_session::send_answer() {
  if (!described_ || !accepting_ || state_ != state::ringing) return;
  const overlay::webrtc_description answer = media_->answer(incoming_->description);
  const auto sent = environment_.client.send_answer(id_, to_string(answer));
  if (!sent) return fail(sent.error().code, sent.error().text);
  media_->connect(incoming_->description, answer.setup);
  begin_talk();
}

void call_session::rang(const overlay::call_progress& progress) {
  if (state_ >= state::talking) return;
  charge_.learn(progress.body);
  if (progress.description) media_->connect(*progress.description, overlay::dtls_setup::actpass);
  const bool connecting = text_member(progress.body, "state") == "connecting";
  if (!connecting && !timeline_.ringing_at) timeline_.ringing_at = clock::now();
  if (!connecting) state_ = state::ringing;
  boost::json::object fields = named();
  for (const auto& [key, value] : progress.body)
    fields.emplace(key, value);
  fields["after_ms"] = timeline_.since_beginning(clock::now()).count();
  const std::string price = charge_.price_text();
  environment_.out.report(connecting ? "connecting" : "ringing", fields,
                          connecting ? (price.empty() ? "" : "The call costs " + price + ".") : "It rings.");
}

void call_session::answered(const overlay::call_progress& progress) {
  if (state_ >= state::talking) return;
  charge_.learn(progress.body);
  if (progress.description) media_->connect(*progress.description, overlay::dtls_setup::actpass);
  granted_ = integer_member(progress.body, "granted_s");
  begin_talk();
}

void call_session::begin_talk() {
  state_ = state::talking;
  timeline_.answered_at = clock::now();
  boost::json::object fields = named();
  fields["after_ms"] = timeline_.since_beginning(*timeline_.answered_at).count();
  fields["media_up"] = timeline_.media_up_at.has_value();
  if (granted_) fields["granted_s"] = *granted_;
  environment_.out.report("answered", fields, "Answered.");
  if (environment_.options.duration) {
    after(duration_timer_, *environment_.options.duration,
          [](call_session& self) { self.hang_up("duration"); });
  }
  if (timeline_.media_up_at) {
    play();
    schedule_dtmf();
  } else {
    after(end_timer_, media_deadline, [](call_session& self) {
      self.fail("media_failed", "the call was answered, but no secure media path came up");
    });
  }
  tick();
}

void call_session::on_media_up() {
  timeline_.media_up_at = clock::now();
  if (state_ != state::ending) end_timer_.cancel();
  if (!recording_.empty()) {
    auto recorder = start_recording(recording_);
    if (!recorder) return fail("recording_failed", recorder.error().message());
    recorder_ = *recorder;
    media_->record(recorder_);
  }
  boost::json::object fields = named();
  fields["after_ms"] = timeline_.since_beginning(*timeline_.media_up_at).count();
  fields["srtp_profile"] = media_->srtp_profile();
  fields["dtls_cipher"] = media_->dtls_cipher();
  environment_.out.report(
      "media_up", fields,
      "Encrypted to the gateway (" + std::string(media_->srtp_profile()) +
          "); the gateway hears the call, and the telephone network may carry it in clear.");
  const bool talking = state_ == state::talking;
  if (talking || environment_.options.from == play_start::media) play();
  if (talking) schedule_dtmf();
}

void call_session::play() {
  if (timeline_.playing_at) return;
  auto source = environment_.to_play.start();
  if (!source) {
    played_ = true;
    return;
  }
  timeline_.playing_at = clock::now();
  media_->play(std::make_shared<holdable_source>(std::move(source), held_));
  boost::json::object fields = named();
  fields["after_ms"] = timeline_.since_beginning(*timeline_.playing_at).count();
  fields["file"] = environment_.options.play;
  environment_.out.report("playing", fields, "");
}

void call_session::schedule_dtmf() {
  if (environment_.options.dtmf.empty()) {
    digits_given_ = true;
  } else {
    const auto since_answer = timeline_.talk(clock::now());
    const auto wait = std::max(milliseconds(0), environment_.options.dtmf_after - since_answer);
    after(dtmf_timer_, wait, [](call_session& self) {
      self.digits_given_ = true;
      self.media_->send_digits(self.environment_.options.dtmf);
      boost::json::object fields = self.named();
      fields["digits"] = self.environment_.options.dtmf;
      fields["after_ms"] = self.timeline_.since_beginning(clock::now()).count();
      self.environment_.out.report("dtmf", fields,
                                   "Sending the digits " + self.environment_.options.dtmf + ".");
      self.check_through();
    });
  }
  check_through();
}

void call_session::check_through() {
  if (!environment_.options.hang_up_after_play || state_ != state::talking) return;
  if (played_ && digits_given_ && !media_->sending_digits()) return hang_up("played");
  // The digits' own timer is idle once they were given; before that their handler comes back here.
  if (digits_given_)
    after(dtmf_timer_, through_check_period, [](call_session& self) { self.check_through(); });
}

void call_session::press(char digit) {
  if (state_ != state::talking || !media_->up()) return;
  media_->send_digits(std::string(1, digit));
  boost::json::object fields = named();
  fields["digits"] = std::string(1, digit);
  environment_.out.report("dtmf", fields, "");
}

void call_session::tick() {
  show_live();
  after(tick_timer_, live_line_period, [](call_session& self) { self.tick(); });
}

void call_session::show_live() {
  if (waiting_ || *held_) return;  // the line is the other call's
  const auto talk = std::chrono::duration_cast<std::chrono::seconds>(timeline_.talk(clock::now()));
  switch (state_) {
    case state::preparing:
    case state::calling:
      return environment_.out.live("connecting");
    case state::ringing:
      return environment_.out.live("ringing");
    case state::ending:
      return environment_.out.live("hanging up");
    case state::over:
      return environment_.out.live("");
    case state::talking:
      break;
  }
  std::string line = "talking " + duration_text(talk);
  const std::string cost = charge_.running_text(talk);
  if (!cost.empty()) line += "  " + cost;
  if (credit_ends_at_) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*credit_ends_at_ - clock::now());
    line += "  credit ends in " + duration_text(left);
  }
  environment_.out.live(line + "  (0-9 * # send digits, Ctrl-C hangs up)");
}

}  // namespace tollgate::gateway::peer
