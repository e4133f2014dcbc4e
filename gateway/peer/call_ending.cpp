// SPDX-License-Identifier: Apache-2.0
// How a call ends at the peer: hung up here or there, refused, taken elsewhere, failed; and what is told of
// it.
#include <boost/asio/post.hpp>
#include <cmath>
#include <utility>

#include "gateway/peer/call_session.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

using clock = std::chrono::steady_clock;

namespace {

// The gateway settles a call within moments; when its word does not come, the call has ended all the same.
constexpr std::chrono::milliseconds charge_deadline{8'000};

double rounded(double value) {
  return std::round(value * 100.0) / 100.0;
}

}  // namespace

void call_session::taken() {
  if (state_ != state::ringing) return;
  finish("taken", "Another device took the call.", {}, exit_code::ok);
}

void call_session::hung_up(const overlay::call_end& end) {
  if (state_ == state::over) return;
  if (!timeline_.ended_at) timeline_.ended_at = clock::now();
  if (failure_) return finish(failure_->code, failure_->text, end.summary, exit_code::call_refused);
  finish(end.code, end.text, end.summary, result_of(end.code));
}

void call_session::happened(const std::string& kind, const boost::json::object& body) {
  if (state_ == state::over) return;
  boost::json::object fields = named();
  for (const auto& [key, value] : body)
    fields.emplace(key, value);
  const auto seconds_left = integer_member(body, "seconds_left");
  if (kind == "running_cost") return environment_.out.report("running_cost", fields, "");
  if (kind == "credit_extended" && seconds_left) {
    credit_ends_at_.reset();
    return environment_.out.report("credit_extended", fields,
                                   "Your credit has grown: the call may last for " +
                                       std::to_string(*seconds_left) + " more seconds.");
  }
  if (kind != "low_credit" || !seconds_left) {
    const auto text =
        fields.if_contains("text");  // of call_failed: the tone follows, the person need not wait
    return environment_.out.report("notice", fields,
                                   text && text->is_string() ? std::string(text->as_string()) : "");
  }
  const std::chrono::seconds left(std::clamp<std::int64_t>(*seconds_left, 0, 86'400));
  credit_ends_at_ = clock::now() + left;
  fields["talk_ms"] = timeline_.talk(clock::now()).count();
  environment_.out.report("warning", fields,
                          "Your credit lasts for " + std::to_string(left.count()) + " more seconds.");
}

void call_session::disconnected(const overlay::refusal& reason) {
  if (state_ == state::over) return;
  finish("disconnected", "The connection to the gateway was lost: " + reason.text, {},
         exit_code::cannot_connect);
}

void call_session::hang_up(std::string_view why) {
  if (state_ >= state::ending) return;
  if (incoming_ && state_ == state::ringing) {
    environment_.client.send_hangup(id_, "declined");
    return finish("declined", "You declined the call.", {}, exit_code::ok);
  }
  if (state_ == state::preparing)
    return finish("cancelled", "You gave up before an answer.", {}, result_of("cancelled"));
  boost::json::object fields = named();
  fields["why"] = why;
  environment_.out.report("hanging_up", fields, "");
  begin_ending(state_ == state::talking ? "normal" : "cancelled");
}

void call_session::fail(const std::string& code, const std::string& text) {
  if (state_ >= state::ending) return;
  failure_ = overlay::refusal{code, text};
  if (state_ == state::preparing) return finish(code, text, {}, exit_code::call_refused);
  begin_ending("failed");
}

void call_session::begin_ending(const std::string& code) {
  state_ = state::ending;
  timeline_.ended_at = clock::now();
  const auto sent = environment_.client.send_hangup(id_, code);
  end_media();
  if (!sent) return disconnected(sent.error());
  after(end_timer_, charge_deadline, [](call_session& self) {
    const overlay::refusal why = self.failure_.value_or(overlay::refusal{
        "normal", "You hung up. The gateway has not told the charge yet: see `tollgate-peer calls`."});
    self.finish(why.code, why.text, {}, self.failure_ ? exit_code::call_refused : self.result_of(why.code));
  });
}

void call_session::end_media() {
  duration_timer_.cancel();
  dtmf_timer_.cancel();
  ring_timer_.cancel();
  if (media_) media_->close();
  if (recorder_ && !recorder_->close()) {
    environment_.out.report("notice", {{"call", id_}, {"kind", "recording_incomplete"}},
                            "The recording is not complete.");
  }
}

void call_session::finish(const std::string& code, const std::string& text,
                          const boost::json::object& summary, exit_code result) {
  if (state_ == state::over) return;
  if (state_ != state::ending) end_media();
  if (!timeline_.ended_at) timeline_.ended_at = clock::now();
  state_ = state::over;
  tick_timer_.cancel();
  end_timer_.cancel();
  const bool answered = timeline_.answered_at.has_value();
  boost::json::object fields = named();
  fields["code"] = code;
  fields["text"] = text;
  fields["answered"] = answered;
  fields["talk_ms"] = timeline_.talk(clock::now()).count();
  fields["summary"] = summary;
  fields["times"] = timeline_.to_json();
  fields["media"] = heard();
  if (recorder_) fields["recording"] = recording_;
  fields["exit_code"] = static_cast<int>(result);
  std::string sentence = text.empty() ? "The call ended (" + code + ")." : text;
  const std::string charge = call_charge::summary_text(summary);
  if (!charge.empty()) sentence += "\nCall ended: " + charge + ".";
  environment_.out.report("ended", fields, sentence);
  recorder_.reset();
  boost::asio::post(environment_.executor,
                    [ended = std::move(ended_), outcome = call_outcome{result, answered}] {
                      if (ended) ended(outcome);
                    });
}

exit_code call_session::result_of(const std::string& code) const {
  if (code == "credit_exhausted") return exit_code::credit_exhausted;
  return timeline_.answered_at && code == "normal" ? exit_code::ok : exit_code::call_refused;
}

boost::json::object call_session::named() const {
  return {{"call", id_}, {"direction", incoming_ ? "in" : "out"}};
}

boost::json::object call_session::heard() const {
  if (!timeline_.media_up_at) return {};
  const pstn::media::leg_statistics measured = media_->statistics();
  boost::json::object members{{"srtp_profile", media_->srtp_profile()},
                              {"packets_sent", measured.packets_sent},
                              {"packets_received", measured.packets_received},
                              {"lost", measured.lost},
                              {"late", measured.late},
                              {"jitter_ms", rounded(measured.jitter_ms)},
                              {"playout_delay_ms", measured.playout_delay.count()},
                              {"mos", rounded(measured.mos)}};
  if (measured.round_trip_ms) members["round_trip_ms"] = rounded(*measured.round_trip_ms);
  return members;
}

}  // namespace tollgate::gateway::peer
