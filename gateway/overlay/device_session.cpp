// SPDX-License-Identifier: Apache-2.0
// Frames of an attached device.
#include "gateway/overlay/device_session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/array.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <exception>

#include "gateway/logging/line.hpp"
#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::size_t from_name_max_bytes = 64;
constexpr std::size_t candidates_in_frame_max = 16;
constexpr std::int64_t digit_least_ms = 40;  // RFC 4733 §2.5.2.3 leaves the length to the sender
constexpr std::int64_t digit_longest_ms = 8000;
constexpr std::int64_t digit_usual_ms = 100;

// A code that may be passed on: "normal", "declined", …; anything else becomes "normal".
std::string clean_code(std::string_view code) {
  const bool clean = !code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return clean ? std::string(code) : std::string("normal");
}

}  // namespace

void send_frame(link& connection, const frame& outgoing) {
  auto text = to_text(outgoing);
  if (text) connection.send(std::move(*text));
}

void send_refusal(link& connection, const refusal& why, std::optional<std::uint64_t> id,
                  const std::string& call) {
  frame outgoing{.type = "error", .id = id, .call = call};
  outgoing.body = {{"code", why.code}, {"text", why.text}};
  send_frame(connection, outgoing);
}

device_session::device_session(std::shared_ptr<server_core> core, std::shared_ptr<link> connection,
                               std::string remote_address, subscriber_identity subscriber,
                               const public_key& device)
    : core_(std::move(core)),
      connection_(std::move(connection)),
      remote_address_(std::move(remote_address)),
      subscriber_(std::move(subscriber)),
      device_(device.thumbprint()),
      id_(random_token(12)),
      uri_("tollgate:" + subscriber_.name),
      account_key_(boost::uuids::to_string(subscriber_.account_id)),
      since_(core_->wall_now()),
      calls_(core_->node, core_->options.node_name, {subscriber_.name, device},
             core_->options.limits.calls_per_session) {}

void device_session::attach() {
  attached_ = true;
  core_->handler.attached(shared_from_this());
}

void device_session::detach() {
  core_->leave(*this);
  if (std::exchange(attached_, false)) core_->handler.detached(shared_from_this());
}

bool device_session::take(frame incoming) {
  if (!open()) return false;  // replaced or closed in the meantime
  if (take_call_frame(incoming)) return true;
  if (!incoming.id) {
    send_refusal(*connection_, to_refusal(overlay_error::protocol_violated), {}, incoming.call);
    return false;
  }
  take_request(std::move(incoming));
  return true;
}

// The frames that belong to calls; false for any other.
bool device_session::take_call_frame(const frame& incoming) {
  using step = void (device_session::*)(const frame&);
  static constexpr std::pair<std::string_view, step> steps[] = {
      {"offer", &device_session::take_offer},     {"answer", &device_session::take_answer},
      {"restart", &device_session::take_restart}, {"trickle", &device_session::take_trickle},
      {"dtmf", &device_session::take_digit},      {"hangup", &device_session::take_hangup}};
  if (incoming.type == "ring") {
    if (calls_.knows(incoming.call)) core_->handler.rang(shared_from_this(), incoming.call);
    return true;
  }
  for (const auto& [type, method] : steps) {
    if (type != incoming.type) continue;
    if (incoming.call.empty())
      send_refusal(*connection_, to_refusal(overlay_error::frame_malformed), incoming.id, {});
    else
      (this->*method)(incoming);
    return true;
  }
  return false;
}

void device_session::refuse_call(const std::string& call, const refusal& why) {
  send_hangup(call, why.code, why.text, {});
}

void device_session::take_offer(const frame& incoming) {
  const auto& limits = core_->options.limits;
  if (calls_.knows(incoming.call))  // not a hang-up: that would end the call that is alive
    return send_error(incoming.call, "token_wrong_call", "this call exists already");
  const bool may_be_emergency = incoming.to.size() <= longest_emergency;
  if (core_->draining && !may_be_emergency)
    return refuse_call(incoming.call, {"draining", "the gateway is about to stop; call again in a moment"});
  if (!core_->offers.allow(account_key_, core_->now()))
    return refuse_call(incoming.call, {"rate_limited", "too many calls in a short time; wait a minute"});
  if (core_->outgoing_calls_of(subscriber_.account_id) >= limits.outgoing_calls && !may_be_emergency)
    return refuse_call(incoming.call, {"too_many_calls", "too many calls at once"});
  const auto from_name = find_text(incoming.body, "from_name").value_or("");
  if (incoming.to.empty() || from_name.size() > from_name_max_bytes)
    return refuse_call(incoming.call, to_refusal(overlay_error::frame_malformed));
  auto taken = calls_.take_offer(incoming, uri_, incoming.to, core_->wall_now(), core_->tokens_seen);
  if (!taken)
    return refuse_call(incoming.call, to_refusal(static_cast<overlay_error>(taken.error().value())));
  core_->handler.offered(shared_from_this(), {.call = incoming.call,
                                              .to = incoming.to,
                                              .sdp = std::move(taken->sdp),
                                              .from_name = std::string(from_name),
                                              .description = std::move(taken->description)});
}

// An answer that does not verify ends the call for this device: its media could not be trusted.
void device_session::take_answer(const frame& incoming) {
  if (!calls_.knows(incoming.call)) return refuse_call(incoming.call, {"gone", "the call has ended"});
  auto taken = calls_.take_answer(incoming, core_->wall_now(), core_->tokens_seen);
  if (taken)
    return core_->handler.answered(shared_from_this(),
                                   {incoming.call, std::move(taken->sdp), std::move(taken->description)});
  const auto why = to_refusal(static_cast<overlay_error>(taken.error().value()));
  refuse_call(incoming.call, why);
  core_->handler.hung_up(shared_from_this(), incoming.call, why.code);
}

// A restart that does not verify changes nothing: the call goes on as it was.
void device_session::take_restart(const frame& incoming) {
  auto taken = calls_.take_restart(incoming, core_->wall_now(), core_->tokens_seen);
  if (!taken) {
    const auto why = to_refusal(static_cast<overlay_error>(taken.error().value()));
    return send_error(incoming.call, why.code, why.text);
  }
  core_->handler.restarted(shared_from_this(), {.call = incoming.call,
                                                .to = {},
                                                .sdp = std::move(taken->sdp),
                                                .description = std::move(taken->description)});
}

void device_session::take_trickle(const frame& incoming) {
  const auto* list = incoming.body.if_contains("candidates");
  if (list == nullptr || !list->is_array() || list->get_array().size() > candidates_in_frame_max)
    return send_error(incoming.call, "frame_malformed", "candidates are a list of at most 16 texts");
  std::vector<ice_candidate> candidates;
  for (const auto& entry : list->get_array()) {
    if (!calls_.allow_trickle(incoming.call, core_->options.limits.trickles_per_call)) return;
    auto candidate = entry.is_string() ? parse_candidate(entry.get_string())
                                       : boost::system::result<ice_candidate>(overlay_error::frame_malformed);
    if (candidate) candidates.push_back(std::move(*candidate));
  }
  if (!candidates.empty()) core_->handler.trickled(shared_from_this(), incoming.call, candidates);
}

void device_session::take_digit(const frame& incoming) {
  constexpr std::string_view digits = "0123456789*#ABCD";
  const auto digit = find_text(incoming.body, "digit").value_or("");
  if (digit.size() != 1 || digits.find(digit[0]) == std::string_view::npos)
    return send_error(incoming.call, "frame_malformed", "a digit is one of 0-9, *, #, A-D");
  const auto duration = find_integer(incoming.body, "duration_ms").value_or(digit_usual_ms);
  core_->handler.digit(shared_from_this(), incoming.call, digit[0],
                       std::chrono::milliseconds(std::clamp(duration, digit_least_ms, digit_longest_ms)));
}

// A call that this device has been offered and does not take is over for it at once, whatever becomes of it elsewhere.
void device_session::take_hangup(const frame& incoming) {
  const auto code = clean_code(find_text(incoming.body, "code").value_or("normal"));
  if (calls_.awaits_answer(incoming.call)) send_hangup(incoming.call, code, "You did not take the call.", {});
  calls_.forget(incoming.call);
  core_->handler.hung_up(shared_from_this(), incoming.call, code);
}

void device_session::take_request(frame incoming) {
  auto& limiter = incoming.type == "search" ? core_->searches : core_->requests;
  if (!limiter.allow(account_key_, core_->now()))
    return send_refusal(*connection_, {"rate_limited", "too many requests in a short time"}, incoming.id,
                        incoming.call);
  if (requests_in_flight_ >= core_->options.limits.requests_in_flight)
    return send_refusal(*connection_, {"busy", "too many requests at once"}, incoming.id, incoming.call);
  ++requests_in_flight_;
  core_->began();
  boost::asio::co_spawn(core_->executor, serve_request(shared_from_this(), std::move(incoming)),
                        [self = shared_from_this()](std::exception_ptr) {
                          --self->requests_in_flight_;
                          self->core_->ended();
                        });
}

boost::asio::awaitable<void> device_session::serve_request(std::shared_ptr<device_session> self,
                                                           frame incoming) {
  refusal why{"internal", "the gateway could not answer; try again"};
  try {
    auto reply = co_await self->core_->handler.request(self, incoming.type, std::move(incoming.body));
    if (reply) {
      frame outgoing{.type = incoming.type, .id = incoming.id, .call = incoming.call};
      outgoing.body = std::move(*reply);
      auto text = to_text(outgoing);
      if (text) {
        self->connection_->send(std::move(*text));
        co_return;
      }
      why = {"reply_too_large", "the reply does not fit into a frame; ask for less"};
    } else {
      why = std::move(reply.error());
    }
  } catch (const std::exception& failure) {
    self->core_->log("event=request_failed type=" + logging::text(incoming.type) + " what=" + logging::text(failure.what()));
  }
  send_refusal(*self->connection_, why, incoming.id, incoming.call);
}

}  // namespace tollgate::gateway::overlay
