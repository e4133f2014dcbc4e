// SPDX-License-Identifier: Apache-2.0
// The expected failures of rented numbers and mailboxes, as one boost::system error category. Free of IO.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/is_error_code_enum.hpp>
#include <type_traits>

namespace tollgate::voicemail {

enum class error {
  number_unknown = 1,   // not in the inventory
  number_exists,        // in the inventory already
  number_unavailable,   // somebody else's: reserved, rented, in grace or in quarantine
  number_not_yours,     // the account does not rent this number
  term_unknown,         // no price for a term of so many months in this currency
  order_conflict,       // this order id has been used for another number, account or term
  credit_insufficient,  // the account's free credit does not pay the term
  account_unknown,      // no such account, or it is blocked
  nothing_unused,       // no whole day of the paid term is left
  message_unknown,      // no such message in this mailbox
  message_conflict,     // this message id has been used for other audio or another mailbox
  mailbox_full,         // the quota (messages, time or bytes) leaves no room for the message
  greeting_unknown,     // the owner has recorded none for this situation
  greeting_too_long,    // more than greeting_longest
  greeting_too_short,   // less than greeting_shortest
  audio_unreadable,     // no sound file of a kind that is known
  forward_loop,         // calls would be forwarded to a number of this gateway, and come back
  time_zone_unknown,    // PostgreSQL knows no time zone of this name
  pin_unsuitable,       // not 6 to 12 digits, or too easily guessed
  currency_unknown,     // none of ISO 4217
  price_unknown,        // the number has no price of its own for this term
  reservations_exhausted,  // the account keeps as many numbers as it may without renting one
  address_required,     // the number's country asks for the renter's address
  address_elsewhere,    // … for one in that country
  address_out_of_area,  // … for one in the number's own area
  identity_required,    // … for a renter whose identity the operator has seen proved
  term_too_short,       // … for a longer term
  numbers_exhausted,    // … for no more numbers of one account than this has
  audio_key_unknown,    // the recording is encrypted by a key that the operator has not given
  audio_damaged,        // the stored recording is not what was stored
  prompt_unreadable,    // a file of the prompt set is absent, damaged, empty or too long
  blocked_exhausted,    // a number refuses as many callers as it may
};

const boost::system::error_category& error_category() noexcept;

boost::system::error_code make_error_code(error value) noexcept;

// A stable word for programs, such as "mailbox_full".
const char* code_text(error value) noexcept;

}  // namespace tollgate::voicemail

template <>
struct boost::system::is_error_code_enum<tollgate::voicemail::error> : std::true_type {};
