// SPDX-License-Identifier: Apache-2.0
// The rates and the trunks that calls use now, read from the database at the start and whenever they have
// changed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "billing/rate_deck.hpp"
#include "billing/rating.hpp"
#include "gateway/call/clocks.hpp"
#include "gateway/call/trunk_directory.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway {

// Signalling thread only. Tables are immutable and shared: a change puts new ones in their place, and a call
// keeps what it began with.
class tariff {
 public:
  // `standard`: the decks that stand behind every account's own and its plan's, by currency.
  tariff(db::database& database, call::trunk_directory& trunks, call::clocks time,
         billing::standard_decks standard);

  // The rates of an account: never null, empty while none of its decks is in force.
  std::shared_ptr<const billing::rate_chain> rates(const billing::deck_choice& of) const;
  // What the carrier asks for calls to these E.164 digits, by its cost deck; nothing if it has none or that
  // has no prefix.
  std::optional<billing::cost_rate> cost(const boost::uuids::uuid& carrier_id, std::string_view digits) const;

  // Keep what was read before when the database cannot be reached; the error is logged and returned.
  boost::asio::awaitable<boost::system::result<void>> reload_rates();
  boost::asio::awaitable<boost::system::result<void>> reload_trunks();
  // The same after a notification: those that come while the rates are being read are answered by one more
  // reading.
  boost::asio::awaitable<void> refresh_rates();
  // Whether another table should be in force by now.
  bool expired() const;

 private:
  db::database& database_;
  call::trunk_directory& trunks_;
  call::clocks time_;
  struct loaded_deck {
    billing::deck_kind kind = billing::deck_kind::sell;
    int deck_version_id = 0;  // 0: none is in force
    std::shared_ptr<const billing::rate_table> table;
    std::optional<std::chrono::system_clock::time_point> valid_until;
  };
  struct price_book {
    std::map<std::string, loaded_deck> decks;
    std::map<boost::uuids::uuid, std::string> cost_decks;  // by carrier
    std::set<std::string> read_anew;
  };
  static price_book read_prices(pqxx::work& tx, const std::map<std::string, loaded_deck>& known,
                                std::chrono::system_clock::time_point now);
  // What is sold below cost, as far as one of the two decks was read anew.
  static billing::loss_list losses_of(const price_book& book);
  static void tell(const price_book& book);
  std::shared_ptr<const billing::rate_table> table_of(const std::string& deck) const;

  billing::standard_decks standard_;
  std::map<std::string, loaded_deck> decks_;
  std::map<boost::uuids::uuid, std::string> cost_decks_;
  bool refreshing_ = false, refresh_again_ = false;
  std::uint64_t rates_asked_ = 0, rates_read_ = 0;  // two readings may overlap: the later one counts
  std::uint64_t trunks_asked_ = 0, trunks_read_ = 0;
};

}  // namespace tollgate::gateway
