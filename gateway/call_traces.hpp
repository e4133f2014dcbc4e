// SPDX-License-Identifier: Apache-2.0
// The SIP messages of calls between memory and database. Signalling thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "gateway/db/database.hpp"
#include "gateway/trace/trace_book.hpp"
#include "pstn/sip/user_agent.hpp"

namespace tollgate::gateway {

class call_traces {
 public:
  /// `keep_for` zero: nothing is kept, and nothing is looked at.
  call_traces(db::database& database, trace::book_options options, std::chrono::hours keep_for,
              std::function<bool(const pstn::sip::source_address&)> trusts);

  /// The options, so that the user agent shows us its messages; `now` is called on its thread.
  pstn::sip::user_agent_options seen_by(pstn::sip::user_agent_options options,
                                        std::function<std::chrono::system_clock::time_point()> now);
  /// Who tells it of calls; nullptr when nothing is kept.
  trace::trace_book* book() { return keep_for_.count() > 0 ? &book_ : nullptr; }

  /// Stores what has ended, and at times removes what is old. With `all`, also what ended just now: for the
  /// end of the process. While the database is away the traces wait in memory, within their bounds.
  boost::asio::awaitable<void> keep(std::chrono::system_clock::time_point now, bool all = false);
  boost::asio::awaitable<boost::system::result<std::optional<trace::call_trace>>> find(
      boost::uuids::uuid call_id);
  trace::trace_book::figures read_figures() const { return book_.read_figures(); }

 private:
  db::database& database_;
  std::chrono::hours keep_for_;
  trace::trace_book book_;
  std::optional<std::chrono::system_clock::time_point> purged_;
};

}  // namespace tollgate::gateway
