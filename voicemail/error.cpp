// SPDX-License-Identifier: Apache-2.0
// Texts of the room's errors.
#include "voicemail/error.hpp"

#include <string>

namespace tollgate::voicemail {
namespace {

const char* sentence(error value) noexcept {
  switch (value) {
    case error::number_unknown:
      return "the number is not in the inventory";
    case error::number_exists:
      return "the number is in the inventory already";
    case error::number_unavailable:
      return "the number is not available";
    case error::number_not_yours:
      return "the number is not rented by this account";
    case error::nothing_unused:
      return "no whole day of the paid term is left";
    case error::term_unknown:
      return "numbers are not rented for such a term";
    case error::order_conflict:
      return "this order has been used for another rental";
    case error::credit_insufficient:
      return "the credit does not pay for the term";
    case error::account_unknown:
      return "the account is unknown or blocked";
    case error::message_unknown:
      return "there is no such message";
    case error::message_conflict:
      return "this message id belongs to another message";
    case error::mailbox_full:
      return "the mailbox is full";
    case error::greeting_unknown:
      return "there is no such greeting";
    case error::greeting_too_long:
      return "a greeting lasts at most 55 s";
    case error::greeting_too_short:
      return "a greeting lasts at least half a second";
    case error::audio_unreadable:
      return "the audio is no sound file that can be read: Ogg Opus or WAV";
    case error::forward_loop:
      return "calls are not forwarded to a number of this gateway";
    case error::time_zone_unknown:
      return "there is no such time zone";
    case error::pin_unsuitable:
      return "a PIN has 6 to 12 digits and is not easily guessed";
    case error::currency_unknown:
      return "there is no such currency";
    case error::price_unknown:
      return "the number has no price of its own for this term";
    case error::blocked_exhausted:
      return "no more callers can be blocked";
    case error::reservations_exhausted:
      return "the account keeps as many numbers as it may already: rent one of them, or wait 15 minutes";
    case error::address_required:
      return "numbers of this country are rented to those whose address is known: set the address of the account first";
    case error::address_elsewhere:
      return "numbers of this country are rented to those whose address is in it: the account's is in another";
    case error::address_out_of_area:
      return "numbers of this area are rented to those whose address is in it: the account's is in another city";
    case error::identity_required:
      return "numbers of this country are rented to those whose identity is proved: show it to the operator first";
    case error::term_too_short:
      return "numbers of this country are rented for longer terms only";
    case error::numbers_exhausted:
      return "the account has as many numbers of this country as it may have";
    case error::audio_key_unknown:
      return "the recording is encrypted by a key that is not in the file of keys";
    case error::audio_damaged:
      return "the recording is damaged";
    case error::prompt_unreadable:
      return "a voice prompt cannot be read";
  }
  return "unknown error";
}

// Boost declares the base's destructor protected and not virtual on purpose: no category is destroyed through
// it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.voicemail"; }
  std::string message(int value) const override { return sentence(static_cast<error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(error value) noexcept {
  return {static_cast<int>(value), error_category()};
}

const char* code_text(error value) noexcept {
  switch (value) {
    case error::number_unknown:
      return "number_unknown";
    case error::number_exists:
      return "number_exists";
    case error::number_unavailable:
      return "number_unavailable";
    case error::number_not_yours:
      return "number_not_yours";
    case error::nothing_unused:
      return "nothing_unused";
    case error::term_unknown:
      return "term_unknown";
    case error::order_conflict:
      return "order_conflict";
    case error::credit_insufficient:
      return "credit_insufficient";
    case error::account_unknown:
      return "account_unknown";
    case error::message_unknown:
      return "message_unknown";
    case error::message_conflict:
      return "message_conflict";
    case error::mailbox_full:
      return "mailbox_full";
    case error::greeting_unknown:
      return "greeting_unknown";
    case error::greeting_too_long:
      return "greeting_too_long";
    case error::greeting_too_short:
      return "greeting_too_short";
    case error::audio_unreadable:
      return "audio_unreadable";
    case error::forward_loop:
      return "forward_loop";
    case error::time_zone_unknown:
      return "time_zone_unknown";
    case error::pin_unsuitable:
      return "pin_unsuitable";
    case error::currency_unknown:
      return "currency_unknown";
    case error::price_unknown:
      return "price_unknown";
    case error::blocked_exhausted:
      return "blocked_exhausted";
    case error::reservations_exhausted:
      return "reservations_exhausted";
    case error::address_required:
      return "address_required";
    case error::address_elsewhere:
      return "address_elsewhere";
    case error::address_out_of_area:
      return "address_out_of_area";
    case error::identity_required:
      return "identity_required";
    case error::term_too_short:
      return "term_too_short";
    case error::numbers_exhausted:
      return "numbers_exhausted";
    case error::audio_key_unknown:
      return "audio_key_unknown";
    case error::audio_damaged:
      return "audio_damaged";
    case error::prompt_unreadable:
      return "prompt_unreadable";
  }
  return "unknown";
}

}  // namespace tollgate::voicemail
