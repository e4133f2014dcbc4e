// SPDX-License-Identifier: Apache-2.0
// What a node does at intervals over the database alone, whether it has calls or not.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/call/clocks.hpp"
#include "gateway/call/task_group.hpp"
#include "gateway/configuration.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/audio_keys.hpp"

namespace tollgate::gateway {

/// Rounds that all nodes make: each step is a transaction that is taken once, whichever node comes first. What fails, for the
/// database is away, is left to the next round.
class upkeep {
 public:
  /// All but `keys` and `clocks` must outlive it.
  upkeep(boost::asio::any_io_executor executor, db::database& database, const configuration& settings,
         voicemail::audio_keys keys, call::clocks clocks);

  /// Begins all rounds, in tasks of `tasks`.
  void start(call::task_group& tasks);
  /// No round begins any more; those that run end after their step.
  void stop();

 private:
  boost::asio::awaitable<void> keep_terms();
  boost::asio::awaitable<void> give_notices();
  boost::asio::awaitable<void> advance_terms();
  boost::asio::awaitable<void> keep_credit();
  boost::asio::awaitable<void> keep_mailboxes();
  boost::asio::awaitable<void> purge_messages();
  boost::asio::awaitable<void> encrypt_anew();
  boost::asio::awaitable<void> keep_records();
  boost::asio::awaitable<void> keep_call_months();
  boost::asio::awaitable<void> keep_audit_months();
  boost::asio::awaitable<void> pause(boost::asio::steady_timer& timer, std::chrono::seconds interval);

  db::database& database_;
  const configuration& settings_;
  const voicemail::audio_keys keys_;
  const call::clocks clocks_;
  boost::asio::steady_timer terms_, credit_, mailboxes_, records_;
  bool stopping_ = false;
};

}  // namespace tollgate::gateway
