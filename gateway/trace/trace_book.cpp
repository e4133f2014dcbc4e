// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/trace_book.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/trace/redaction.hpp"

namespace tollgate::gateway::trace {
namespace {

constexpr std::size_t unclaimed_messages_most = 16;  // of one INVITE

// What one message costs beside its text.
constexpr std::size_t message_overhead_bytes = sizeof(trace_message) + 64;

}  // namespace

void trace_book::note(const pstn::sip::seen_message& message, wall_time now) {
  const std::string sip_call_id = header_of(message.text, "Call-ID", 'i');
  if (sip_call_id.empty()) return;
  const std::lock_guard lock(mutex_);
  auto found = dialogs_.find(sip_call_id);
  if (found == dialogs_.end()) {
    if (message.sent || !message.text.starts_with("INVITE ") || !options_.trusts ||
        !options_.trusts(message.remote))
      return;
    forget_unclaimed(now);
    found = dialogs_.emplace(sip_call_id, dialog{.call = std::nullopt, .since = now}).first;
    unclaimed_.push_back(sip_call_id);
  }
  dialog& of = found->second;
  if (!of.call && of.waiting.size() >= unclaimed_messages_most) return;
  std::string text = message.text;
  if (text.size() > options_.message_bytes_most) text.resize(options_.message_bytes_most);
  const bool is_second = !options_.local6.ip.empty() && message.remote.ip.find(':') != std::string::npos;
  trace_message kept{now,
                     message.sent,
                     message.transport,
                     is_second ? options_.local6 : options_.local,
                     {message.remote.ip, message.remote.port},
                     of.trunk,
                     redacted(std::move(text))};
  if (!of.call) {
    of.waiting.push_back(std::move(kept));
    return;
  }
  add(calls_.at(*of.call), std::move(kept));
  make_room();
}

void trace_book::claim(const std::string& sip_call_id, const call_id_type& call_id, const std::string& trunk,
                       wall_time now) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = calls_.try_emplace(call_id);
  entry& call = place->second;
  if (is_new) {
    call.trace.call_id = call_id;
    call.trace.node = options_.node;
    call.trace.began = now;
    order_.push_back(call_id);
  }
  dialog& of = dialogs_[sip_call_id];
  if (of.call) return;  // of another call: a far end that uses one Call-ID twice is seen with the first
  of.call = call_id;
  of.trunk = trunk;
  call.dialogs.push_back(sip_call_id);
  for (trace_message& one : std::exchange(of.waiting, {})) {
    one.trunk = trunk;
    call.trace.began = std::min(call.trace.began, one.at);
    add(call, std::move(one));
  }
  make_room();
}

void trace_book::end(const call_id_type& call_id, wall_time now) {
  const std::lock_guard lock(mutex_);
  if (const auto found = calls_.find(call_id); found != calls_.end()) found->second.trace.ended = now;
}

void trace_book::add(entry& to, trace_message message) {
  auto& messages = to.trace.messages;
  const std::size_t cost = message_overhead_bytes + message.text.size();
  to.bytes += cost;
  bytes_ += cost;
  messages.push_back(std::move(message));
  if (messages.size() <= options_.call_messages_most) return;
  // How it began and how it ends tell the most.
  const auto middle = messages.begin() + static_cast<std::ptrdiff_t>(messages.size() / 2);
  const std::size_t freed = message_overhead_bytes + middle->text.size();
  messages.erase(middle);
  ++to.trace.left_out;
  to.bytes -= freed;
  bytes_ -= freed;
}

void trace_book::remove(const call_id_type& call_id) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) return;
  for (const std::string& each : found->second.dialogs)
    dialogs_.erase(each);
  bytes_ -= found->second.bytes;
  calls_.erase(found);
}

void trace_book::make_room() {
  while (bytes_ > options_.bytes_most && !order_.empty()) {
    const call_id_type oldest = order_.front();
    order_.pop_front();
    if (!calls_.contains(oldest)) continue;
    remove(oldest);
    ++evicted_;
  }
}

void trace_book::forget_unclaimed(wall_time now) {
  while (!unclaimed_.empty()) {
    const auto found = dialogs_.find(unclaimed_.front());
    if (found != dialogs_.end() && !found->second.call) {
      if (unclaimed_.size() < options_.unclaimed_most && found->second.since + options_.unclaimed_for > now)
        return;
      dialogs_.erase(found);
    }
    unclaimed_.pop_front();
  }
}

std::optional<call_trace> trace_book::find(const call_id_type& call_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call_id);
  return found == calls_.end() ? std::nullopt : std::optional(found->second.trace);
}

std::vector<call_trace> trace_book::ended(wall_time now, std::size_t most, bool all) const {
  const std::lock_guard lock(mutex_);
  std::vector<call_trace> out;
  for (const call_id_type& each : order_) {
    if (out.size() >= most) break;
    const auto found = calls_.find(each);
    if (found == calls_.end()) continue;
    const auto& ended = found->second.trace.ended;
    if (ended && (all || *ended + options_.linger <= now)) out.push_back(found->second.trace);
  }
  return out;
}

void trace_book::forget(const std::vector<call_trace>& calls) {
  const std::lock_guard lock(mutex_);
  for (const call_trace& each : calls)
    remove(each.call_id);
  std::erase_if(order_, [this](const call_id_type& one) { return !calls_.contains(one); });
}

trace_book::figures trace_book::read_figures() const {
  const std::lock_guard lock(mutex_);
  return {calls_.size(), bytes_, evicted_};
}

}  // namespace tollgate::gateway::trace
