// SPDX-License-Identifier: Apache-2.0
// What comes to the peer: replies, and the frames of its calls.
#include <boost/json/array.hpp>

#include "gateway/overlay/client_implementation.hpp"

namespace tollgate::gateway::overlay {

namespace asio = boost::asio;

namespace {

refusal refusal_of(boost::system::error_code error) {
  return to_refusal(static_cast<overlay_error>(error.value()));
}

refusal refusal_in(const boost::json::object& body) {
  return {std::string(find_text(body, "code").value_or("error")),
          std::string(find_text(body, "text").value_or(""))};
}

}  // namespace

asio::awaitable<void> client::implementation::read_all(std::shared_ptr<implementation> self,
                                                       std::shared_ptr<link> from) {
  refusal why = to_refusal(overlay_error::connection_closed);
  while (self->handler != nullptr) {
    const auto text = co_await from->read();
    if (!text) break;
    const auto incoming = parse_frame(*text);
    if (!incoming) {
      why = refusal_of(incoming.error());
      break;
    }
    if (self->handler != nullptr && self->connection == from) self->take(*incoming);
  }
  from->close();
  const bool by_other = self->connection == from;
  if (by_other) {
    self->connection = nullptr;
    if (!self->last_error.code.empty()) why = self->last_error;
  }
  self->lost(why, by_other);
}

// Ends what waits for a reply; tells the handler unless this end has closed the connection.
void client::implementation::lost(const refusal& why, bool by_other) {
  calls.reset();
  for (const auto& [id, request] : waiting) {
    if (!request->reply) request->reply = why;
    request->arrived.cancel();
  }
  if (by_other && handler != nullptr) handler->disconnected(why);
}

void client::implementation::take(const frame& incoming) {
  if (incoming.id && waiting.contains(*incoming.id)) return take_reply(incoming);
  if (incoming.type == "error") return take_error(incoming);
  if (!calls) return;
  if (incoming.type == "event")
    return handler->happened(std::string(find_text(incoming.body, "kind").value_or("")), incoming.call,
                             incoming.body);
  if (incoming.call.empty()) return;  // of a later version, perhaps
  if (incoming.type == "offer") return take_offer(incoming);
  if (incoming.type == "ring") return take_progress(incoming, &client_handler::rang);
  if (incoming.type == "answer") return take_progress(incoming, &client_handler::answered);
  if (incoming.type == "restart") return take_progress(incoming, &client_handler::restarted);
  if (incoming.type == "hangup") return take_hangup(incoming);
  if (incoming.type == "trickle") return take_trickle(incoming);
  if (incoming.type == "taken") {
    calls->forget(incoming.call);
    handler->taken(incoming.call);
  }
}

void client::implementation::take_reply(const frame& incoming) {
  auto& request = *waiting.at(*incoming.id);
  if (incoming.type == "error") {
    request.reply = refusal_in(incoming.body);
  } else {
    const auto accepted = request.accept ? request.accept(incoming) : answer<void>{};
    request.reply = accepted ? answer<frame>(incoming) : answer<frame>(accepted.error());
  }
  request.arrived.cancel();
}

// Ends a call at both ends for a reason found here.
void client::implementation::end_call(const std::string& call, const refusal& why) {
  calls->forget(call);
  static_cast<void>(send_about("hangup", call, {{"code", why.code}}));
  handler->hung_up({.call = call, .code = why.code, .text = why.text});
}

void client::implementation::take_offer(const frame& incoming) {
  const auto from = find_text(incoming.body, "from").value_or("");
  const auto origin = from.empty() ? std::string("anonymous") : "tel:" + std::string(from);
  auto taken = calls->take_offer(incoming, origin, "tollgate:" + name, options.wall_clock(), tokens_seen);
  if (!taken) {  // the handler has not heard of this call
    static_cast<void>(send_about("hangup", incoming.call, {{"code", refusal_of(taken.error()).code}}));
    return;
  }
  handler->offered({.call = incoming.call,
                    .from = std::string(from),
                    .from_name = std::string(find_text(incoming.body, "from_name").value_or("")),
                    .from_verdict = std::string(find_text(incoming.body, "from_verdict").value_or("")),
                    .sdp = std::move(taken->sdp),
                    .description = std::move(taken->description)});
}

void client::implementation::take_progress(const frame& incoming,
                                           void (client_handler::*tell)(const call_progress&)) {
  if (!calls->knows(incoming.call)) return;
  call_progress progress{.call = incoming.call, .body = incoming.body};
  if (incoming.body.contains("sdp")) {
    auto taken = calls->take_answer(incoming, options.wall_clock(), tokens_seen);
    if (!taken) return end_call(incoming.call, refusal_of(taken.error()));
    progress.sdp = std::move(taken->sdp);
    progress.description = std::move(taken->description);
  } else if (incoming.type == "answer" && calls->awaits_answer(incoming.call)) {
    return end_call(incoming.call, refusal_of(overlay_error::token_malformed));  // answered without a token
  }
  (handler->*tell)(progress);
}

void client::implementation::take_hangup(const frame& incoming) {
  calls->forget(incoming.call);
  const auto why = refusal_in(incoming.body);
  const auto* summary = incoming.body.if_contains("summary");
  handler->hung_up({.call = incoming.call,
                    .code = why.code,
                    .text = why.text,
                    .summary = summary != nullptr && summary->is_object() ? summary->get_object()
                                                                          : boost::json::object{}});
}

void client::implementation::take_trickle(const frame& incoming) {
  const auto* list = incoming.body.if_contains("candidates");
  if (list == nullptr || !list->is_array() || !calls->knows(incoming.call)) return;
  std::vector<ice_candidate> candidates;
  for (const auto& entry : list->get_array())
    if (entry.is_string())
      if (auto candidate = parse_candidate(entry.get_string());
          candidate && candidates.size() < candidates_max)
        candidates.push_back(std::move(*candidate));
  handler->trickled(incoming.call, candidates);
}

void client::implementation::take_error(const frame& incoming) {
  if (incoming.id) return;  // of a request that nobody waits for any more
  if (incoming.call.empty())
    last_error = refusal_in(incoming.body);
  else if (calls)
    handler->complained(incoming.call, refusal_in(incoming.body));
}

}  // namespace tollgate::gateway::overlay
