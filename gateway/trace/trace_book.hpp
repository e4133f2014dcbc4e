// SPDX-License-Identifier: Apache-2.0
// The messages of the calls of this node that have not been stored yet, within bounds of memory. The SIP
// thread adds messages, the signalling thread tells whose they are and takes out what has ended: hence the
// lock. Secrets are gone before anything is kept.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_hash.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/trace/call_trace.hpp"
#include "pstn/sip/user_agent.hpp"

namespace tollgate::gateway::trace {

struct book_options {
  std::string node;
  endpoint_address local;                          ///< of our SIP port
  endpoint_address local6;                         ///< of that towards IPv6; empty: `local`
  std::size_t bytes_most = std::size_t{64} << 20;  ///< of all calls; beyond, the oldest call goes
  std::size_t call_messages_most = 200;            ///< beyond, from the middle
  std::size_t message_bytes_most = 16 << 10;       ///< what is longer is cut
  std::size_t unclaimed_most = 1'000;              ///< INVITEs that no call has taken
  std::chrono::seconds unclaimed_for{30};          ///< then they are forgotten
  std::chrono::seconds linger{5};                  ///< after a call's end, for its last messages
  /// Whether an INVITE from there may become a call of ours: others are never kept. Any thread.
  std::function<bool(const pstn::sip::source_address&)> trusts;
};

class trace_book {
 public:
  explicit trace_book(book_options options) : options_(std::move(options)) {}

  /// A message of anybody's; kept when its Call-ID is a call's, or when it is an INVITE that may become one.
  void note(const pstn::sip::seen_message& message, wall_time now);
  /// The dialog belongs to the call; before its first message is sent, or while its INVITE waits.
  void claim(const std::string& sip_call_id, const boost::uuids::uuid& call_id, const std::string& trunk,
             wall_time now);
  void end(const boost::uuids::uuid& call_id, wall_time now);

  /// What is there of a call, also while it goes on.
  std::optional<call_trace> find(const boost::uuids::uuid& call_id) const;
  /// Up to `most` calls that have ended `linger` ago (with `all`: at any time).
  std::vector<call_trace> ended(wall_time now, std::size_t most, bool all = false) const;
  void forget(const std::vector<call_trace>& calls);

  struct figures {
    std::size_t calls = 0, bytes = 0;
    std::uint64_t evicted = 0;  ///< calls, for want of memory
  };
  figures read_figures() const;

 private:
  using call_id_type = boost::uuids::uuid;
  struct entry {
    call_trace trace;
    std::size_t bytes = 0;
    std::vector<std::string> dialogs{};
  };
  struct dialog {
    std::optional<call_id_type> call;  // nothing: unclaimed
    std::string trunk{};
    wall_time since{};
    std::vector<trace_message> waiting{};  // while unclaimed
  };
  void add(entry& to, trace_message message);
  void remove(const call_id_type& call_id);
  void forget_unclaimed(wall_time now);
  void make_room();

  const book_options options_;
  mutable std::mutex mutex_;
  std::unordered_map<call_id_type, entry, boost::hash<call_id_type>> calls_;
  std::deque<call_id_type> order_;  // of their beginning; some are gone
  std::unordered_map<std::string, dialog> dialogs_;
  std::deque<std::string> unclaimed_;  // of their arrival; some are claimed or gone
  std::size_t bytes_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace tollgate::gateway::trace
