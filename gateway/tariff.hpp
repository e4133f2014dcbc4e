// SPDX-License-Identifier: Apache-2.0
// The rates and the trunks that calls use now, read from the database at the start and whenever they have
// changed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "billing/rating.hpp"
#include "gateway/call/clocks.hpp"
#include "gateway/call/trunk_directory.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway {

// Signalling thread only.
class tariff {
 public:
  tariff(db::database& database, call::trunk_directory& trunks, call::clocks time);

  // The rates of a deck: never null, empty while none of that name is in force. A call keeps the table it
  // began with.
  std::shared_ptr<const billing::rate_table> rates(const std::string& deck) const;

  // Keep what was read before when the database cannot be reached; the error is logged and returned.
  boost::asio::awaitable<boost::system::result<void>> reload_rates();
  boost::asio::awaitable<boost::system::result<void>> reload_trunks();
  // Whether another table should be in force by now.
  bool expired() const;

 private:
  db::database& database_;
  call::trunk_directory& trunks_;
  call::clocks time_;
  using table = std::shared_ptr<const billing::rate_table>;
  std::map<std::string, table> decks_;
  std::uint64_t rates_asked_ = 0, rates_read_ = 0;  // two readings may overlap: the later one counts
  std::uint64_t trunks_asked_ = 0, trunks_read_ = 0;
};

}  // namespace tollgate::gateway
