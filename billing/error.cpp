// SPDX-License-Identifier: Apache-2.0
// Codes and sentences of the billing errors.
#include "billing/error.hpp"

#include <string>

namespace tollgate::billing {
namespace {

const char* sentence_of(error value) {
  switch (value) {
    case error::no_account:
      return "the account does not exist";
    case error::account_conflict:
      return "the account exists with other properties";
    case error::account_blocked:
      return "the account is blocked";
    case error::insufficient_credit:
      return "the credit is not sufficient";
    case error::invalid_amount:
      return "the amount is not positive or too large";
    case error::below_minimum:
      return "the amount is less than the least top-up";
    case error::wrong_currency:
      return "the currency is not that of the account";
    case error::unknown_currency:
      return "the currency is none of ISO 4217";
    case error::payment_account_conflict:
      return "the payment id was used for another account";
    case error::payment_amount_conflict:
      return "the payment id was used for another amount";
    case error::payment_currency_conflict:
      return "the payment id was used for another currency";
    case error::no_payment:
      return "there is no payment of this id";
    case error::refund_conflict:
      return "the refund id was used for another amount or payment";
    case error::refund_exceeds_payment:
      return "the refund is more than what is left of the payment";
    case error::reference_conflict:
      return "the reference was used for another amount";
    case error::nothing_inactive:
      return "the account has no inactive credit";
    case error::voucher_unknown:
      return "there is no voucher with this PIN";
    case error::voucher_used:
      return "the voucher was redeemed by another account";
    case error::voucher_expired:
      return "the voucher has expired";
    case error::voucher_revoked:
      return "the voucher was called back";
    case error::voucher_locked:
      return "too many wrong PINs were tried";
    case error::batch_exists:
      return "the id of the voucher batch is taken";
    case error::no_charge:
      return "this period of the subscription was not charged";
    case error::nothing_unused:
      return "no whole day of the subscription's period is unused";
    case error::no_batch:
      return "there is no such voucher batch";
    case error::period_conflict:
      return "the subscription period was charged otherwise or is not the next one";
    case error::no_tax_rate:
      return "there is no such tax rate";
    case error::tax_rate_in_force:
      return "the tax rate is or was in force and stays as it is";
    case error::no_term:
      return "there is no such subscription term in this currency";
    case error::no_deck:
      return "there is no such rate deck in force";
    case error::deck_invalid:
      return "the rate deck has errors";
    case error::hold_exists:
      return "the call has a hold and must be settled";
    case error::malformed:
      return "the text is malformed";
  }
  return "unknown billing error";
}

// Boost's base has a protected, non-virtual destructor by design; nothing is ever deleted through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class error_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.billing"; }
  std::string message(int value) const override { return sentence_of(static_cast<error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const char* code_of(error value) {
  switch (value) {
    case error::no_account:
      return "no_account";
    case error::account_conflict:
      return "account_conflict";
    case error::account_blocked:
      return "account_blocked";
    case error::insufficient_credit:
      return "insufficient_credit";
    case error::invalid_amount:
      return "invalid_amount";
    case error::below_minimum:
      return "below_minimum";
    case error::wrong_currency:
      return "wrong_currency";
    case error::unknown_currency:
      return "unknown_currency";
    case error::payment_account_conflict:
      return "payment_account_conflict";
    case error::payment_amount_conflict:
      return "payment_amount_conflict";
    case error::payment_currency_conflict:
      return "payment_currency_conflict";
    case error::no_payment:
      return "no_payment";
    case error::refund_conflict:
      return "refund_conflict";
    case error::refund_exceeds_payment:
      return "refund_exceeds_payment";
    case error::reference_conflict:
      return "reference_conflict";
    case error::nothing_inactive:
      return "nothing_inactive";
    case error::voucher_unknown:
      return "voucher_unknown";
    case error::voucher_used:
      return "voucher_used";
    case error::voucher_expired:
      return "voucher_expired";
    case error::voucher_revoked:
      return "voucher_revoked";
    case error::voucher_locked:
      return "voucher_locked";
    case error::batch_exists:
      return "batch_exists";
    case error::no_charge:
      return "no_charge";
    case error::nothing_unused:
      return "nothing_unused";
    case error::no_batch:
      return "no_batch";
    case error::period_conflict:
      return "period_conflict";
    case error::no_tax_rate:
      return "no_tax_rate";
    case error::tax_rate_in_force:
      return "tax_rate_in_force";
    case error::no_term:
      return "no_term";
    case error::no_deck:
      return "no_deck";
    case error::deck_invalid:
      return "deck_invalid";
    case error::hold_exists:
      return "hold_exists";
    case error::malformed:
      return "malformed";
  }
  return "unknown";
}

boost::system::error_code make_error_code(error value) {
  static const error_category category;
  return {static_cast<int>(value), category};
}

}  // namespace tollgate::billing
