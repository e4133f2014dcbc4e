// SPDX-License-Identifier: Apache-2.0
// The end of every call's money: its stop record goes to the ledger, or, while the database is away, to a
// spool on disk from which it is replayed. Exactly once either way, because the ledger knows each call id.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "billing/ledger.hpp"
#include "billing/stop_record.hpp"
#include "gateway/call/spool.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::call {

class settlement_desk {
 public:
  settlement_desk(db::database& database, spool& records) : database_(database), spool_(records) {}

  // Settles (a call with a hold) or records (one without). Nothing when the ledger could not be reached: then
  // the record is on disk, and will be settled by replay().
  boost::asio::awaitable<std::optional<billing::settlement>> settle(billing::stop_record record);

  // Settles what was spooled, oldest first; stops at the first record for which the ledger cannot be reached.
  // Returns how many records are left.
  boost::asio::awaitable<std::size_t> replay();

  // Whether something waits on disk, and how much.
  bool backlog() const { return backlog_; }
  std::size_t spooled() const { return spool_.count(); }

 private:
  boost::asio::awaitable<boost::system::result<billing::settlement>> write(
      const billing::stop_record& record);

  db::database& database_;
  spool& spool_;
  bool backlog_ = true;  // until the first replay has looked
};

}  // namespace tollgate::gateway::call
