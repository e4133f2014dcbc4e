// SPDX-License-Identifier: Apache-2.0
#include "gateway/device/device_desk.hpp"

#include <boost/json/parse.hpp>

#include "voicemail/mailbox_store.hpp"

namespace tollgate::gateway::device {

void device_desk::attached(const overlay::session_ptr& device) {
  with_.calls.on_attached(device);
  notify_mailboxes({device->account_id()});
  with_.tasks.spawn("deliver_events", deliver_events({device->account_id()}));
}

void device_desk::detached(const overlay::session_ptr& device) {
  with_.calls.on_detached(device);
  uploads_.erase(device->id());
}

void device_desk::offered(const overlay::session_ptr& device, const overlay::call_offer& offer) {
  with_.calls.place_call(device, offer);
}

void device_desk::rang(const overlay::session_ptr& device, const std::string& call) {
  with_.calls.to_call(device->account_id(), call, call::peer_event::rang{device});
}

void device_desk::answered(const overlay::session_ptr& device, const overlay::call_answer& answer) {
  with_.calls.to_call(device->account_id(), answer.call,
                      call::peer_event::answered{device, answer.description});
}

void device_desk::trickled(const overlay::session_ptr&, const std::string&,
                           const std::vector<overlay::ice_candidate>&) {
  // An ICE-lite agent learns the peer's addresses from its checks (RFC 8445 §2.5): candidates tell it
  // nothing.
}

void device_desk::restarted(const overlay::session_ptr& device, const overlay::call_offer& offer) {
  with_.calls.to_call(device->account_id(), offer.call,
                      call::peer_event::restarted{device, offer.description});
}

void device_desk::digit(const overlay::session_ptr& device, const std::string& call, char digit,
                        std::chrono::milliseconds duration) {
  with_.calls.to_call(device->account_id(), call, call::peer_event::digit{digit, duration});
}

void device_desk::hung_up(const overlay::session_ptr& device, const std::string& call,
                          const std::string& code) {
  with_.calls.to_call(device->account_id(), call, call::peer_event::hung_up{device, code});
}

void device_desk::notify_mailboxes(std::vector<boost::uuids::uuid> accounts) {
  with_.tasks.spawn("notify_mailboxes", send_counts(std::move(accounts)));
}

boost::asio::awaitable<void> device_desk::send_counts(std::vector<boost::uuids::uuid> accounts) {
  for (const auto& account : accounts)
    co_await send_counts(account);
}

// One at a time of each account: of two that overlap, the older counts could be told last.
boost::asio::awaitable<void> device_desk::send_counts(boost::uuids::uuid account) {
  if (with_.devices_of(account).empty()) co_return;
  const auto [mark, first] = being_counted_.try_emplace(account, false);
  mark->second = !first;
  if (!first) co_return;
  const auto forget = [this](const boost::uuids::uuid* which) { being_counted_.erase(*which); };
  const std::unique_ptr<boost::uuids::uuid, decltype(forget)> ended(&account, forget);
  const auto work = [account](pqxx::work& tx) { return voicemail::count_messages(tx, account); };
  for (bool changed = true; changed;) {
    being_counted_[account] = false;
    const auto counts = co_await with_.database.run(work, {.idempotent = true});
    if (!counts) break;  // the list, when it is asked for, will tell
    for (const auto& device : with_.devices_of(account))
      device->send_event("voicemail", {{"new", counts->unread}, {"saved", counts->saved}}, "");
    changed = being_counted_[account];
  }
}

boost::asio::awaitable<void> device_desk::deliver_events(std::vector<boost::uuids::uuid> accounts) {
  constexpr int batch = 200;
  if (delivering_ || accounts.empty()) co_return;  // what is left over now is found by the next round
  delivering_ = true;
  const std::unique_ptr<bool, void (*)(bool*)> ended(&delivering_, [](bool* flag) { *flag = false; });
  const auto read = [&](pqxx::work& tx) { return billing::pending_events(tx, accounts, batch); };
  const auto events = co_await with_.database.run(read, {.idempotent = true});
  std::vector<billing::account_event> sent;
  if (events)
    for (const auto& event : *events) {
      auto body = boost::json::parse(event.body).as_object();
      body["event"] = event.key;
      const auto devices = with_.devices_of(event.account_id);
      for (const auto& device : devices)
        device->send_event(event.kind, body, "");
      if (!devices.empty()) sent.push_back(event);
    }
  const auto now = with_.time.wall();
  const auto confirm = [&](pqxx::work& tx) { billing::confirm_delivery(tx, sent, now); };
  if (!sent.empty()) co_await with_.database.run(confirm, {.idempotent = true});
}

}  // namespace tollgate::gateway::device
