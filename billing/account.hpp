// SPDX-License-Identifier: Apache-2.0
// Prepaid accounts: one row a subscriber, with the sums of the ledger and of the live holds.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

using boost::uuids::uuid;

struct balance {
  money posted{};  // the sum of the ledger's entries: what the subscriber owns
  money held{};    // the sum of the live calls' holds
  money available() const { return posted - held; }
};

struct account {
  uuid account_id{};
  std::string currency{};                 // ISO 4217
  std::string country{};                  // ISO 3166 alpha-2
  std::string deck{};                     // its plan: the rate deck that it shares with other accounts
  std::optional<std::string> own_deck{};  // rates of its own, which go before the plan's
  balance credit{};
  bool blocked = false;
  std::int64_t last_sequence = 0;  // number of the newest ledger entry
};

// Opens an account without credit; its currency is for ever. Repeating it with the same values changes
// nothing; error::account_conflict with others, error::malformed for a currency or country that is not one,
// unknown_currency, wrong_currency if there is a deck of that name in another currency, or one of costs. A
// deck that does not exist yet may be named.
boost::system::result<void> create_account(pqxx::transaction_base& tx, const uuid& account_id,
                                           const std::string& currency, const std::string& country,
                                           const std::string& deck = "default");

// error::no_account
boost::system::result<account> find_account(pqxx::transaction_base& tx, const uuid& account_id);

// error::no_account
boost::system::result<balance> find_balance(pqxx::transaction_base& tx, const uuid& account_id);

// A blocked account opens no hold, extends none and is charged no subscription; live calls end with their
// hold. error::no_account
boost::system::result<void> set_blocked(pqxx::transaction_base& tx, const uuid& account_id, bool blocked);

// Names the decks of an account: its plan, if given, and its own, if given (empty: none any more). From its
// next call on; a live call keeps its rate. error::no_account, no_deck (of that name, of kind sell),
// wrong_currency (the deck is in another).
boost::system::result<void> set_decks(pqxx::transaction_base& tx, const uuid& account_id,
                                      const std::optional<std::string>& plan,
                                      const std::optional<std::string>& own);

}  // namespace tollgate::billing
