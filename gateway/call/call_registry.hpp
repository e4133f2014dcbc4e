// SPDX-License-Identifier: Apache-2.0
// The live calls of this node, and who is asked when something happens to one. Signalling thread only.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_hash.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "billing/ledger.hpp"
#include "billing/rate.hpp"
#include "gateway/call/call_event.hpp"

namespace tollgate::gateway::call {

using boost::uuids::uuid;

// What is shown of a live call.
struct call_facts {
  uuid call_id{};
  uuid account_id{};
  std::string overlay_call;  // the call's id on the overlay: uuid text
  billing::call_direction direction = billing::call_direction::out;
  std::string caller;
  std::string callee;
  std::string caller_verdict;  // in: what the caller's signature amounted to; empty: nobody looked
  std::string state;  // "trying", "ringing", "talking", "voicemail", "ending"
  std::string trunk;
  std::chrono::system_clock::time_point started;
  std::optional<std::chrono::steady_clock::time_point> answered;
  std::optional<std::chrono::milliseconds> talked;  // in all, of a call out that has ended
  std::optional<std::int64_t> credential_generation;  // of the device that speaks, or is about to; none: none does
  bool emergency = false;
  bool holds_credit = false;
  billing::money held;                // granted so far
  std::optional<billing::rate> rate;  // of a call out
  std::string currency;               // of that and of what is held
};

class live_call {
 public:
  virtual ~live_call() = default;
  virtual const call_facts& facts() const = 0;
  virtual void deliver(call_event event) = 0;
};
using live_call_ptr = std::shared_ptr<live_call>;

class call_registry {
 public:
  void add(live_call_ptr call);
  void remove(const uuid& call_id);

  // The SIP dialog `key` belongs to the call until `release`.
  void bind(pstn::sip::call_key key, const uuid& call_id);
  void release(pstn::sip::call_key key);

  live_call_ptr find(const uuid& call_id) const;
  live_call_ptr find(pstn::sip::call_key key) const;
  // The account's call with this id on the overlay: another account's call of the same text is not found.
  live_call_ptr find(const uuid& account_id, const std::string& overlay_call) const;

  std::vector<live_call_ptr> all() const;
  std::size_t size() const { return calls_.size(); }
  std::uint64_t total() const { return total_; }  // since the start
  // Calls of the account that have not ended. A forwarded one counts once: by its inbound half.
  std::size_t count_of(const uuid& account_id) const;
  // The halves of its forwarded calls towards telephones.
  std::vector<live_call_ptr> forwards_of(const uuid& account_id) const;

 private:
  std::unordered_map<uuid, live_call_ptr, boost::hash<uuid>> calls_;
  std::unordered_map<pstn::sip::call_key, uuid> dialogs_;
  std::uint64_t total_ = 0;
};

}  // namespace tollgate::gateway::call
