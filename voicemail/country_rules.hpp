// SPDX-License-Identifier: Apache-2.0
// What the law, or the supplier, of a country asks of who rents its numbers: data that an admin keeps as CSV, checked with every
// order. And who an account is, as far as that is known. In PostgreSQL (schema voicemail), within the caller's transaction.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "voicemail/error.hpp"
#include "voicemail/number_import.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

enum class address_rule {
  none,     // nothing need be known
  any,      // an address, wherever it is
  country,  // one in the number's country
  area,     // one in that country, in the city that the number's area names
};
std::string_view to_text(address_rule value) noexcept;
std::optional<address_rule> parse_address_rule(std::string_view text) noexcept;

// A country without one asks for nothing.
struct country_rule {
  std::string country;  // ISO 3166 alpha-2, or "001" for numbers of no country
  address_rule address = address_rule::none;
  bool identity = false;  // the operator has seen proved who it is
  int least_term_months = 1;
  std::optional<int> most_numbers{};  // of one account in this country; empty: any
  std::string note{};                 // for people
};

struct country_rule_list {
  std::vector<country_rule> rules;
  std::vector<import_error> errors;
};

// Columns country, address, identity (yes, no), least_term_months, most_numbers and note by a header line, in any order; all but
// country may be left out, or empty. RFC 4180. Errors: "columns", "malformed", "country_invalid", "country_repeated",
// "address_invalid", "identity_invalid", "term_invalid", "most_numbers_invalid", "note_too_long". Free of IO.
country_rule_list read_country_rules(std::string_view csv);
// What read_country_rules reads back to the same rules.
std::string write_country_rules(const std::vector<country_rule>& rules);

// By country.
std::vector<country_rule> list_country_rules(pqxx::transaction_base& tx);
// In place of all before.
void replace_country_rules(pqxx::transaction_base& tx, const std::vector<country_rule>& rules);

// Who an account is.
struct renter {
  std::string name, street, postal_code, city;
  std::string country;                                        // ISO 3166 alpha-2
  std::optional<std::chrono::system_clock::time_point> identified_at{};  // when the operator saw that proved
};

std::optional<renter> find_renter(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
// In place of what was known. Whose name or address changes has to prove it anew, unless `identified` says that it is proved.
void set_renter(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const renter& who, bool identified,
                std::chrono::system_clock::time_point now);

// Whether the account may rent this number for so long. Who rents one already keeps it, whatever the rules have become.
// error::address_required, address_elsewhere, address_out_of_area, identity_required, term_too_short, numbers_exhausted.
boost::system::result<void> check_country_rule(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                               const pstn::number::phone_number& number, int term_months);

}  // namespace tollgate::voicemail
