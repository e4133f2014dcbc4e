// SPDX-License-Identifier: Apache-2.0
// The inventory of telephone numbers and their rental, in PostgreSQL (schema voicemail). Every function works
// within the caller's transaction, so that a number and its charge are committed together. The time is an
// argument.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/money.hpp"
#include "billing/tax.hpp"
#include "pstn/number/phone_number.hpp"
#include "voicemail/error.hpp"
#include "voicemail/number_price.hpp"
#include "voicemail/number_term.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

struct new_number {
  pstn::number::phone_number number;
  std::string area;                            // "San Francisco"; free text for people
  std::optional<boost::uuids::uuid> trunk_id;  // the trunk on which the carrier delivers it
};

// One number as the inventory has it.
struct number_record {
  pstn::number::phone_number number;
  std::string area;
  std::optional<boost::uuids::uuid> trunk_id;
  number_state state;
  std::optional<boost::uuids::uuid> account_id;  // present when reserved, assigned, in grace, or quarantined
  std::optional<boost::uuids::uuid> order_id;    // the subscription by which it is rented
  int term_months;                               // 0 when not rented
  int paid_periods;
  bool auto_renew;
  bool voicemail_enabled;
  std::optional<std::chrono::seconds>
      ring_timeout;  // the owner's wish for this number; empty: the subscriber's setting
  number_dates dates;
  std::string country;  // ISO 3166 alpha-2; "001": a code of no country
  int notices;          // given in this term: 30 d, 7 d, 1 d before its end
  std::vector<own_price> prices{};  // instead of the general ones, by currency and length
};

// What a term costs, as billing has it (3 months EUR 10, 12 months EUR 30), or by a price of the number's own.
struct rental_price {
  int months;
  std::string currency;
  billing::money price;
};

struct rent_request {
  boost::uuids::uuid order_id;  // made by the orderer; the same order twice rents and charges once
  boost::uuids::uuid account_id;
  pstn::number::phone_number number;
  int term_months;
  system_clock::time_point now;
};

struct rental {
  bool repeated;         // this order was carried out before; nothing was charged now
  billing::money price;  // of the term
  std::string currency;
  system_clock::time_point paid_until;
  billing::money charged{};                 // for the current term: its price, with a tax that comes on top
  std::optional<billing::tax_share> tax{};  // of that, negative as the ledger's entry
};

// Where an incoming call goes.
struct number_owner {
  boost::uuids::uuid account_id;
  pstn::number::phone_number number;
  std::optional<std::chrono::seconds> ring_timeout;  // empty: the subscriber's setting
  bool term_valid;
  bool voicemail_enabled;
};

// What the periodic run did.
struct term_report {
  int renewed = 0;
  int entered_grace = 0;
  int quarantined = 0;
  int returned_to_stock = 0;  // after quarantine or an abandoned reservation
};

struct number_filter {
  std::optional<number_state> state{};
  std::optional<boost::uuids::uuid> account_id{};
  std::string country{};  // ISO 3166 alpha-2; empty: any
  std::string area{};     // a part of its name, in any case; empty: any
  bool paid = false;      // only those whose term is not over by the database's clock, however late the run that changes states is
  std::optional<price_range> price{};  // what a term costs, by a price of its own or the general one
  std::string pattern{};  // of the digits, from the first one: ? is one, * any; "1650*00"; empty: any
  std::string after{};  // the last number of the page before, "+44…"; empty: from the first
  int limit = 100;      // 1–1000
};

// Puts a number into stock. error::number_exists.
boost::system::result<void> add_number(pqxx::transaction_base& tx, const new_number& number);

// Keeps an available number for one account until `until`, or longer if it was kept for it longer.
// error::number_unknown, number_unavailable.
boost::system::result<void> reserve_number(pqxx::transaction_base& tx,
                                           const pstn::number::phone_number& number,
                                           const boost::uuids::uuid& account_id,
                                           system_clock::time_point until, system_clock::time_point now);

// How many numbers are kept for the account, this one aside.
int count_reservations(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                       const pstn::number::phone_number& aside, system_clock::time_point now);

// Rents a number at its own price or the general one: charges the first term and assigns it, or does neither. The number has to
// be available, reserved for this account, or quarantined after having been this account's, and the account has to be what the
// rules of the number's country ask for (country_rules.hpp). Idempotent by order_id.
// error::number_unknown, number_unavailable, term_unknown, order_conflict, credit_insufficient,
// account_unknown, and those of check_country_rule.
boost::system::result<rental> rent_number(pqxx::transaction_base& tx, const rent_request& request);

// The owner gives a number up at once; it goes into quarantine until now + policy.quarantine. Nothing is
// refunded. error::number_unknown, number_not_yours.
boost::system::result<void> release_number(pqxx::transaction_base& tx,
                                           const pstn::number::phone_number& number,
                                           const boost::uuids::uuid& account_id, system_clock::time_point now,
                                           const term_policy& policy = {});

struct number_settings {
  bool auto_renew = true;
  bool voicemail_enabled = true;
  std::optional<std::chrono::seconds> ring_timeout{};  // 5–120 s
};

// error::number_unknown, number_not_yours.
boost::system::result<void> change_settings(pqxx::transaction_base& tx,
                                            const pstn::number::phone_number& number,
                                            const boost::uuids::uuid& account_id,
                                            const number_settings& settings);

// Who asks for what this transaction changes, for the events of numbers: "admin:…"; until one is named, the gateway itself.
void name_actor(pqxx::transaction_base& tx, const std::string& actor);

// Which numbers may leave.
enum class porting : std::uint8_t {
  unpaid,  // those that are in no paid term
  any,
};

// It leaves for another operator and is nobody's, for good. Its owner gets the unused days of the term back, as from a withdrawal,
// and is told (event number_ported); the answer is who that was, if it was rented. error::number_unknown, number_not_yours (it is in a
// paid term, and only unpaid ones may leave), number_unavailable (it has left before, or is only reserved or held back).
boost::system::result<std::optional<boost::uuids::uuid>> port_number(pqxx::transaction_base& tx,
                                                                     const pstn::number::phone_number& number,
                                                                     system_clock::time_point now, porting which);

struct number_event {
  std::int64_t sequence;
  system_clock::time_point at;         // on the database's clock
  std::optional<number_state> before;  // empty: it came into stock
  number_state after;
  std::optional<boost::uuids::uuid> account_id;  // whose it is, or was until then
  std::optional<boost::uuids::uuid> order_id;
  std::optional<system_clock::time_point> paid_until;
  std::string actor;
};
// Latest first, at most `limit` (1–1000), before the sequence `before`.
std::vector<number_event> list_number_events(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                                             int limit, std::optional<std::int64_t> before = {});

// The owner of a called number; empty when nobody rents it. One round trip.
std::optional<number_owner> owner_of(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                                     system_clock::time_point now, const term_policy& policy = {});

std::optional<number_record> find_number(pqxx::transaction_base& tx,
                                         const pstn::number::phone_number& number);

// In the order of the digits.
std::vector<number_record> list_numbers(pqxx::transaction_base& tx, const number_filter& filter);

// The general ones, or with a number what this one costs. Shortest term first; empty for a currency without prices.
std::vector<rental_price> list_rental_prices(pqxx::transaction_base& tx, std::string_view currency,
                                             const std::optional<pstn::number::phone_number>& number = {});

// Charges the next term now: the owner pays in grace, without waiting for the periodic run. A number
// whose term is not over is left alone (`repeated`). error::number_unknown, number_not_yours, term_unknown,
// credit_insufficient, account_unknown.
boost::system::result<rental> renew_number(pqxx::transaction_base& tx,
                                           const pstn::number::phone_number& number,
                                           const boost::uuids::uuid& account_id,
                                           system_clock::time_point now);

struct term_refund {
  bool repeated;          // it was given before; nothing was given now
  billing::money amount;  // for the unused days
  std::string currency;
  int unused_days;  // 0 when repeated
};

// An admin gives back what is unused of the current term: whole days of 24 hours, by their share of the
// price, once for each term. The number goes into quarantine at once (`release`) or stays with its owner
// until the term's end. error::number_unknown, number_not_yours (nobody rents it and pays now),
// nothing_unused, account_unknown.
boost::system::result<term_refund> refund_term(pqxx::transaction_base& tx,
                                               const pstn::number::phone_number& number, bool release,
                                               system_clock::time_point now, const term_policy& policy = {});

// Tells owners 30 days, 7 days and 1 day before a paid term ends (event number_term_notice), each once; how many were told, at
// most `limit`. Any node may run it at any time.
int give_notices(pqxx::transaction_base& tx, system_clock::time_point now, int limit);

// Renews, lapses and frees at most `limit` numbers whose dates ask for it at `now`. Any node may run it at
// any time: rows that another run holds are passed over, and a renewal is charged once per period.
term_report advance_terms(pqxx::transaction_base& tx, system_clock::time_point now, int limit,
                          const term_policy& policy = {});

}  // namespace tollgate::voicemail
