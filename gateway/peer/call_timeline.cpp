// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/call_timeline.hpp"

namespace tollgate::gateway::peer {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

milliseconds call_timeline::since_beginning(time_point at) const {
  return duration_cast<milliseconds>(at - begun_at);
}

milliseconds call_timeline::talk(time_point now) const {
  if (!answered_at) return milliseconds(0);
  return duration_cast<milliseconds>(ended_at.value_or(now) - *answered_at);
}

boost::json::object call_timeline::to_json() const {
  boost::json::object members;
  const auto put = [&](const char* name, const std::optional<time_point>& at) {
    if (at) members[name] = since_beginning(*at).count();
  };
  put("ringing_ms", ringing_at);
  put("media_up_ms", media_up_at);
  put("answered_ms", answered_at);
  put("playing_ms", playing_at);
  put("ended_ms", ended_at);
  if (media_up_at && answered_at)
    members["answer_in_recording_ms"] = duration_cast<milliseconds>(*answered_at - *media_up_at).count();
  if (media_up_at && playing_at)
    members["play_in_recording_ms"] = duration_cast<milliseconds>(*playing_at - *media_up_at).count();
  return members;
}

}  // namespace tollgate::gateway::peer
