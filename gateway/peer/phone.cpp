// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/phone.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "gateway/peer/gateway_address.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

phone::phone(boost::asio::any_io_executor executor, output& out, const account_state& account,
             overlay::client_options options, const sound_options& sounds, const sound& to_play,
             std::optional<taking_policy> taking)
    : out_(out),
      account_(account),
      taking_(taking),
      dtls_(overlay::certificate::make(options.wall_clock())),
      client_(executor, std::move(options), *this),
      environment_{executor, client_, glib_,
                   dtls_,    out,     {.include_loopback = reached_over_loopback(account.gateway)},
                   sounds,   to_play},
      change_(executor) {}

phone::~phone() = default;

boost::asio::awaitable<overlay::answer<void>> phone::open() {
  lost_.reset();
  const auto connected = co_await client_.connect(account_.gateway);
  if (!connected) co_return connected.error();
  const auto attached = co_await client_.attach(account_.identity);
  if (attached) {
    out_.report("attached", {{"name", account_.identity.name}, {"node", client_.node()}}, "");
  }
  co_return attached;
}

boost::asio::awaitable<void> phone::close() {
  current_.reset();
  co_await client_.close();
}

std::shared_ptr<call_session> phone::make_call() {
  ++calls_begun_;
  current_ = std::make_shared<call_session>(environment_, calls_begun_,
                                            [this, alive = std::weak_ptr(alive_)](call_outcome outcome) {
                                              if (alive.expired()) return;
                                              current_.reset();
                                              last_outcome_ = outcome;
                                              ++calls_ended_;
                                              notify();
                                            });
  return current_;
}

void phone::place(const std::string& number, const boost::json::object& credit) {
  make_call()->place(number, account_.identity.name, credit);
}

void phone::press(char digit) {
  if (current_) current_->press(digit);
}

void phone::hang_up() {
  if (current_) current_->hang_up("user");
}

void phone::interrupt() {
  interrupted_ = true;
  hang_up();
  notify();
}

boost::asio::awaitable<void> phone::changed(std::optional<time_point> deadline) {
  change_.expires_at(deadline.value_or(time_point::max()));
  boost::system::error_code cancelled;
  co_await change_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

void phone::notify() {
  change_.cancel();
}

call_session* phone::find(const std::string& call) const {
  return current_ && current_->id() == call ? current_.get() : nullptr;
}

void phone::offered(const overlay::incoming_call& call) {
  if (!taking_ || current_ || interrupted_) {
    client_.send_hangup(call.call, "busy");
    return;
  }
  if (taking_->reject) return decline(call);
  make_call()->take(call, taking_->ring_for);
}

void phone::decline(const overlay::incoming_call& call) {
  const std::string from = call.from.empty() ? "a withheld number" : call.from;
  boost::json::object fields{{"call", call.call}, {"direction", "in"}};
  fields["from"] = call.from;
  fields["from_name"] = call.from_name;
  out_.report("incoming", fields, "Call from " + from + ".");
  client_.send_hangup(call.call, "declined");
  fields["code"] = "declined";
  fields["text"] = "You declined the call.";
  fields["answered"] = false;
  fields["talk_ms"] = 0;
  fields["exit_code"] = static_cast<int>(exit_code::ok);
  out_.report("ended", fields, "You declined the call.");
  ++calls_ended_;
  last_outcome_ = {exit_code::ok, false};
  notify();
}

void phone::rang(const overlay::call_progress& progress) {
  if (auto* call = find(progress.call)) call->rang(progress);
}

void phone::answered(const overlay::call_progress& progress) {
  if (auto* call = find(progress.call)) call->answered(progress);
}

// The peer restarts no ICE itself, and the gateway (lite) does not ask for it.
void phone::restarted(const overlay::call_progress&) {}

void phone::taken(const std::string& id) {
  if (auto* call = find(id)) call->taken();
}

void phone::hung_up(const overlay::call_end& end) {
  if (auto* call = find(end.call)) call->hung_up(end);
}

// A lite agent has no further candidates: all of them are in its description.
void phone::trickled(const std::string&, const std::vector<overlay::ice_candidate>&) {}

void phone::happened(const std::string& kind, const std::string& id, const boost::json::object& body) {
  if (auto* call = find(id)) return call->happened(kind, body);
  if (kind == "voicemail") {
    const std::int64_t fresh = integer_member(body, "new").value_or(0);
    if (fresh > 0) voicemail_announced_ = true;
    out_.report("voicemail", body,
                fresh == 1 ? "You have a new voicemail message."
                           : "You have " + std::to_string(fresh) + " new voicemail messages.");
    return notify();
  }
  boost::json::object fields(body);
  if (!id.empty()) fields["call"] = id;
  out_.report("notice", fields, "");
}

void phone::complained(const std::string& id, const overlay::refusal& error) {
  out_.report("error", {{"call", id}, {"code", error.code}, {"text", error.text}}, error.text);
}

void phone::disconnected(const overlay::refusal& reason) {
  lost_ = reason;
  if (current_) current_->disconnected(reason);
  notify();
}

}  // namespace tollgate::gateway::peer
