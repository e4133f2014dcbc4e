// SPDX-License-Identifier: Apache-2.0
// Which HTTP status and word each expected failure of our modules has.
#include "billing/error.hpp"
#include "gateway/api/external_id.hpp"
#include "gateway/api/http.hpp"
#include "gateway/db/error.hpp"
#include "gateway/subscriber/error.hpp"
#include "pstn/number/dial_error.hpp"
#include "pstn/trunk/error.hpp"
#include "voicemail/error.hpp"

namespace tollgate::gateway::api {
namespace {

unsigned status_of(billing::error value) {
  using billing::error;
  switch (value) {
    case error::no_account:
    case error::no_deck:
    case error::no_payment:
    case error::no_batch:
    case error::no_charge:
    case error::voucher_unknown:
    case error::no_tax_rate:
      return 404;
    case error::account_conflict:
    case error::payment_account_conflict:
    case error::payment_amount_conflict:
    case error::payment_currency_conflict:
    case error::refund_conflict:
    case error::refund_exceeds_payment:
    case error::reference_conflict:
    case error::nothing_inactive:
    case error::nothing_unused:
    case error::voucher_used:
    case error::voucher_expired:
    case error::voucher_revoked:
    case error::batch_exists:
    case error::period_conflict:
    case error::hold_exists:
    case error::tax_rate_in_force:
      return 409;
    case error::insufficient_credit:
      return 402;
    case error::account_blocked:
      return 403;
    case error::voucher_locked:
      return 429;
    case error::invalid_amount:
    case error::below_minimum:
    case error::wrong_currency:
    case error::unknown_currency:
    case error::no_term:
    case error::deck_invalid:
    case error::malformed:
      return 422;
  }
  return 500;
}

unsigned status_of(voicemail::error value) {
  using voicemail::error;
  switch (value) {
    case error::number_unknown:
    case error::account_unknown:
    case error::message_unknown:
    case error::greeting_unknown:
    case error::price_unknown:
      return 404;
    case error::number_exists:
    case error::blocked_exhausted:
    case error::reservations_exhausted:
    case error::number_unavailable:
    case error::order_conflict:
    case error::nothing_unused:
    case error::message_conflict:
    case error::mailbox_full:
      return 409;
    case error::number_not_yours:
      return 403;
    case error::credit_insufficient:
      return 402;
    case error::term_unknown:
    case error::forward_loop:
    case error::time_zone_unknown:
    case error::pin_unsuitable:
    case error::greeting_too_long:
    case error::greeting_too_short:
    case error::audio_unreadable:
    case error::currency_unknown:
    case error::address_required:
    case error::address_elsewhere:
    case error::address_out_of_area:
    case error::identity_required:
    case error::term_too_short:
    case error::numbers_exhausted:
      return 422;
    case error::audio_key_unknown:
    case error::audio_damaged:
    case error::prompt_unreadable:
      return 500;
  }
  return 500;
}

unsigned status_of(pstn::trunk::trunk_error value) {
  using pstn::trunk::trunk_error;
  switch (value) {
    case trunk_error::name_taken:
    case trunk_error::carrier_in_use:
      return 409;
    case trunk_error::no_such_carrier:
    case trunk_error::no_such_trunk:
      return 404;
    case trunk_error::bad_name:
    case trunk_error::bad_host:
    case trunk_error::bad_port:
    case trunk_error::bad_credentials:
    case trunk_error::bad_codec:
    case trunk_error::bad_source:
    case trunk_error::bad_prefix:
    case trunk_error::bad_capacity:
    case trunk_error::bad_failover_code:
    case trunk_error::bad_region:
      return 422;
  }
  return 500;
}

unsigned status_of(subscriber::errc value) {
  using subscriber::errc;
  switch (value) {
    case errc::name_taken:
      return 409;
    case errc::no_subscriber:
      return 404;
    case errc::name_malformed:
    case errc::passphrase_unsuitable:
    case errc::region_malformed:
    case errc::setting_out_of_range:
    case errc::policy_malformed:
      return 422;
    case errc::wrong_passphrase:
      return 401;
    case errc::blocked:
      return 403;
    case errc::locked_out:
    case errc::overloaded:
      return 429;
  }
  return 500;
}

using field_names = std::vector<std::string_view>;

// Which fields of a request an error may be about, by any of the names that they have.
field_names fields_of(billing::error value) {
  using billing::error;
  if (value == error::invalid_amount || value == error::below_minimum) return {"amount", "value", "price"};
  if (value == error::wrong_currency || value == error::unknown_currency) return {"currency"};
  if (value == error::no_term) return {"term_months"};
  return {};
}

field_names fields_of(voicemail::error value) {
  using voicemail::error;
  if (value == error::term_unknown || value == error::term_too_short) return {"term_months"};
  if (value == error::time_zone_unknown) return {"time_zone"};
  if (value == error::pin_unsuitable) return {"pin"};
  if (value == error::forward_loop) return {"forward"};
  if (value == error::currency_unknown) return {"currency"};
  return {};
}

field_names fields_of(pstn::trunk::trunk_error value) {
  using pstn::trunk::trunk_error;
  switch (value) {
    case trunk_error::bad_name:
    case trunk_error::name_taken:
      return {"name"};
    case trunk_error::bad_host:
      return {"host"};
    case trunk_error::bad_port:
      return {"port"};
    case trunk_error::bad_credentials:
      return {"digest", "inbound_digest"};
    case trunk_error::bad_codec:
      return {"codecs"};
    case trunk_error::bad_source:
      return {"inbound_sources"};
    case trunk_error::bad_prefix:
      return {"served_prefixes"};
    case trunk_error::bad_capacity:
      return {"capacity_calls"};
    case trunk_error::bad_failover_code:
      return {"failover_codes"};
    case trunk_error::bad_region:
      return {"region"};
    case trunk_error::no_such_carrier:
      return {"carrier_id"};
    case trunk_error::no_such_trunk:
    case trunk_error::carrier_in_use:
      return {};
  }
  return {};
}

field_names fields_of(subscriber::errc value) {
  using subscriber::errc;
  if (value == errc::name_taken || value == errc::name_malformed) return {"name"};
  if (value == errc::passphrase_unsuitable) return {"passphrase"};
  if (value == errc::region_malformed) return {"region"};
  if (value == errc::setting_out_of_range) return {"ring_timeout_s"};
  return {};
}

reply about(field_names names, reply told) {
  told.about = std::move(names);
  return told;
}

reply database_problem(db::errc value) {
  using db::errc;
  switch (value) {
    case errc::unavailable:
    case errc::in_doubt:
    case errc::stopped:
    case errc::conflict:
      return problem(503, "database_unavailable",
                     "The database cannot be reached: repeat the request, it is idempotent by its id.");
    case errc::overloaded: {
      reply busy = problem(503, "database_busy", "Too much is asked of the database at once: ask again in a few seconds.");
      busy.headers = {{"Retry-After", "5"}};
      return busy;
    }
    case errc::timeout:
      return problem(504, "database_timeout",
                     "The database did not answer in time: repeat the request, it is idempotent by its id.");
    case errc::constraint:
      return problem(409, "conflict", "The change contradicts what is stored.");
    case errc::refused:
      break;
  }
  return problem(500, "internal", "The request failed inside the gateway; its log says why.");
}

}  // namespace

reply problem(const boost::system::error_code& error) {
  const int value = error.value();
  if (error.category() == billing::make_error_code(billing::error::no_account).category()) {
    const auto known = static_cast<billing::error>(value);
    return about(fields_of(known), problem(status_of(known), billing::code_of(known), error.message()));
  }
  if (error.category() == voicemail::error_category()) {
    const auto known = static_cast<voicemail::error>(value);
    return about(fields_of(known), problem(status_of(known), voicemail::code_text(known), error.message()));
  }
  if (error.category() == pstn::trunk::trunk_category()) {
    const auto known = static_cast<pstn::trunk::trunk_error>(value);
    return about(fields_of(known), problem(status_of(known), pstn::trunk::code(known), error.message()));
  }
  if (error.category() == pstn::number::dial_category())
    return about({"number"}, problem(422, pstn::number::code(static_cast<pstn::number::dial_error>(value)), error.message()));
  if (error.category() == subscriber::error_category()) {
    const auto known = static_cast<subscriber::errc>(value);
    return about(fields_of(known), problem(status_of(known), subscriber::code_of(known), error.message()));
  }
  if (is_external_id_taken(error))
    return about({"external_id"}, problem(409, "external_id_taken", "Another resource of this kind has this external_id."));
  if (error.category() == db::error_category()) return database_problem(static_cast<db::errc>(value));
  return problem(500, "internal", "The request failed inside the gateway; its log says why.");
}

}  // namespace tollgate::gateway::api
