// SPDX-License-Identifier: Apache-2.0
// What the gateway sends to an attached device.
#include "gateway/overlay/device_session.hpp"

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::overlay {

void device_session::send(const frame& outgoing) {
  auto text = to_text(outgoing);
  if (text)
    connection_->send(std::move(*text));
  else
    core_->log("event=frame_dropped type=" + logging::text(outgoing.type) + " reason=frame_too_large");
}

namespace {

std::string origin_of(const std::string& from) {
  return from.empty() ? "anonymous" : "tel:" + from;
}

}  // namespace

void device_session::send_offer(const std::string& call, const std::string& from,
                                const std::string& from_name, const std::string& from_verdict,
                                const std::string& sdp) {
  auto made = calls_.make_offer(call, origin_of(from), uri_, sdp, core_->wall_now());
  if (!made) return core_->log("event=offer_dropped call_id=" + logging::text(call) + " reason=" + logging::text(made.error().message()));
  made->body["from"] = from;
  made->body["from_name"] = from_name;
  if (!from_verdict.empty()) made->body["from_verdict"] = from_verdict;
  send(*made);
}

void device_session::send_progress(const std::string& type, const std::string& call, const std::string& sdp,
                                   boost::json::object extra) {
  frame outgoing{.type = type, .call = call};
  if (!sdp.empty()) {
    auto made = calls_.make_answer(type, call, sdp, core_->wall_now());
    if (!made)
      return core_->log("event=" + type + "_dropped overlay_call=" + logging::text(call) + " reason=" + logging::text(made.error().message()));
    outgoing = std::move(*made);
  }
  for (auto& member : extra)
    if (!outgoing.body.contains(member.key())) outgoing.body.emplace(member.key(), std::move(member.value()));
  send(outgoing);
}

void device_session::send_ring(const std::string& call, const std::string& sdp, boost::json::object extra) {
  send_progress("ring", call, sdp, std::move(extra));
}

void device_session::send_answer(const std::string& call, const std::string& sdp, boost::json::object extra) {
  send_progress("answer", call, sdp, std::move(extra));
}

void device_session::resume_begun(const std::string& call, const std::string& to, const std::string& offer) {
  calls_.resume(call, uri_, to, false, offer);
}

void device_session::resume_taken(const std::string& call, const std::string& from) {
  calls_.resume(call, origin_of(from), uri_, true);
}

void device_session::send_restart(const std::string& call, const std::string& sdp) {
  send_progress("restart", call, sdp, {});
}

void device_session::send_taken(const std::string& call) {
  calls_.forget(call);
  send({.type = "taken", .call = call});
}

void device_session::send_hangup(const std::string& call, const std::string& code, const std::string& text,
                                 boost::json::object summary) {
  calls_.forget(call);
  frame outgoing{.type = "hangup", .call = call};
  outgoing.body = {{"code", code}, {"text", text}};
  if (!summary.empty()) outgoing.body["summary"] = std::move(summary);
  send(outgoing);
}

void device_session::send_error(const std::string& call, const std::string& code, const std::string& text) {
  send_refusal(*connection_, {code, text}, {}, call);
}

void device_session::send_event(const std::string& kind, boost::json::object body, const std::string& call) {
  body["kind"] = kind;
  send({.type = "event", .call = call, .body = std::move(body)});
}

void device_session::close(const std::string& code, const std::string& text) {
  send_refusal(*connection_, {code, text}, {}, {});
  connection_->close();
}

}  // namespace tollgate::gateway::overlay
