// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/phone.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "gateway/peer/gateway_address.hpp"
#include "gateway/peer/notice_text.hpp"
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
      change_(executor),
      second_timer_(executor) {}

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
  second_timer_.cancel();
  lines_.clear();
  co_await client_.close();
}

std::shared_ptr<call_session> phone::make_call() {
  const std::uint32_t number = ++calls_begun_;
  lines_.push_back({number, std::make_shared<call_session>(
                                environment_, number, [this, number, alive = std::weak_ptr(alive_)](call_outcome outcome) {
                                  if (!alive.expired()) ended(number, outcome);
                                })});
  return lines_.back().call;
}

void phone::ended(std::uint32_t number, call_outcome outcome) {
  std::erase_if(lines_, [number](const line& one) { return one.number == number; });
  if (heard() != nullptr) heard()->resume();
  // Nobody needs to be asked about a call that rings alone now.
  if (heard() != nullptr && heard()->rings()) {
    second_timer_.cancel();
    heard()->accept();
  }
  last_outcome_ = outcome;
  ++calls_ended_;
  notify();
}

void phone::take_second(bool end_first) {
  if (second() == nullptr || !second()->rings()) return;
  std::swap(lines_.front(), lines_.back());
  if (end_first)
    second()->hang_up("second");
  else
    second()->hold();
  heard()->accept();
}

void phone::refuse_second() {
  if (second() != nullptr && second()->rings()) second()->hang_up("user");
}

void phone::swap() {
  if (second() == nullptr || !second()->talks() || !heard()->talks()) return;
  std::swap(lines_.front(), lines_.back());
  second()->hold();
  heard()->resume();
}

void phone::place(const std::string& number, const boost::json::object& credit) {
  make_call()->place(number, account_.identity.name, credit);
}

void phone::press(char digit) {
  if (heard() != nullptr) heard()->press(digit);
}

void phone::hang_up() {
  if (heard() != nullptr) heard()->hang_up("user");
}

void phone::interrupt() {
  interrupted_ = true;
  for (const auto& one : std::vector(lines_))
    one.call->hang_up("user");
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
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const line& one) { return one.call->id() == call; });
  return found == lines_.end() ? nullptr : found->call.get();
}

void phone::offered(const overlay::incoming_call& call) {
  if (!taking_ || interrupted_) {
    client_.send_hangup(call.call, "busy");
    return;
  }
  if (taking_->reject) return decline(call);
  if (!lines_.empty()) return offer_second(call);
  make_call()->take(call, taking_->ring_for);
}

void phone::offer_second(const overlay::incoming_call& call) {
  if (lines_.size() > 1 || !heard()->talks() || taking_->second == second_call::refuse) return tell_refused(call);
  const auto second_one = make_call();
  if (taking_->second == second_call::ask) return second_one->take(call, std::nullopt, true);
  second_one->take(call, std::nullopt, true);
  second_timer_.expires_after(taking_->ring_for);
  second_timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& failure) {
    if (!failure && !alive.expired()) take_second(taking_->second == second_call::end);
  });
}

void phone::tell_refused(const overlay::incoming_call& call) {
  client_.send_hangup(call.call, "busy");
  const std::string from = call.from.empty() ? "a withheld number" : call.from;
  out_.report("refused_second",
              {{"call", call.call}, {"direction", "in"}, {"from", call.from}, {"from_name", call.from_name}},
              from + " has called meanwhile, and heard that you are busy.");
}

void phone::decline(const overlay::incoming_call& call) {
  const std::string from = call.from.empty() ? "a withheld number" : call.from;
  boost::json::object fields{{"call", call.call}, {"direction", "in"}};
  fields["from"] = call.from;
  fields["from_name"] = call.from_name;
  if (!call.from_verdict.empty()) fields["from_verdict"] = call.from_verdict;
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
  auto fields = notice_fields(kind, body);
  if (!id.empty()) fields["call"] = id;
  out_.report("notice", fields, notice_text(kind, body));
}

void phone::complained(const std::string& id, const overlay::refusal& error) {
  out_.report("error", {{"call", id}, {"code", error.code}, {"text", error.text}}, error.text);
}

void phone::disconnected(const overlay::refusal& reason) {
  lost_ = reason;
  for (const auto& one : std::vector(lines_))
    one.call->disconnected(reason);
  notify();
}

}  // namespace tollgate::gateway::peer
