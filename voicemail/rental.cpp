// SPDX-License-Identifier: Apache-2.0
// Renting and renewing: billing charges the term in the transaction that changes the number.
#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/account.hpp"
#include "billing/credit_life.hpp"
#include "billing/subscription.hpp"
#include "voicemail/country_rules.hpp"
#include "voicemail/number_row.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

using boost::uuids::uuid;
using pstn::number::phone_number;

// One run takes so many steps with one number at most: a year without a run is caught up by the next runs.
constexpr int steps_most = 8;

error translated(boost::system::error_code code) {
  if (code == billing::error::insufficient_credit) return error::credit_insufficient;
  if (code == billing::error::no_term) return error::term_unknown;
  if (code == billing::error::period_conflict) return error::order_conflict;
  return error::account_unknown;
}

// Empty only for an account that does not exist, which is never charged.
std::string currency_of(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto account = billing::find_account(tx, account_id);
  return account ? account->currency : std::string{};
}

// Charges one period. A repetition is no failure of billing's; the caller decides what it means.
boost::system::result<billing::subscription_answer> charge(pqxx::transaction_base& tx, const uuid& account_id,
                                                           const uuid& order_id, int period,
                                                           const billing::term& term,
                                                           const phone_number& number,
                                                           system_clock::time_point now) {
  const auto answer = billing::charge_subscription(tx, {.account_id = account_id,
                                                        .subscription_id = order_id,
                                                        .period = period,
                                                        .sold = term,
                                                        .note = number.e164(),
                                                        .at = now});
  if (!answer) return translated(answer.error());
  return *answer;
}

system_clock::time_point begin_rental(pqxx::transaction_base& tx, const rent_request& request) {
  const auto rows = tx.exec_params(
      "UPDATE voicemail.number SET state = 'assigned', account_id = $2, order_id = $3, term_months = "
      "$4::int, "
      "anchor = voicemail.to_time($5), anchor_day = NULL, paid_periods = 1, notices = 0, "
      "paid_until = voicemail.term_end(voicemail.to_time($5), $4::int, 1), "
      "reserved_until = NULL, grace_until = NULL, quarantined_until = NULL WHERE number = $1 "
      "RETURNING voicemail.to_micros(paid_until)",
      request.number.e164(), sql::text(request.account_id), sql::text(request.order_id), request.term_months,
      sql::micros(request.now));
  return sql::time(rows[0][0]);
}

// Terms that were over before anybody renewed, as after a long outage, were not given and are not charged: the anchor moves on by them,
// and where it comes into a shorter month it keeps the day that it had (anchor_day).
system_clock::time_point begin_next_term(pqxx::transaction_base& tx, const phone_number& number, system_clock::time_point now) {
  const auto rows = tx.exec_params(
      "UPDATE voicemail.number n SET state = 'assigned', paid_periods = paid_periods + 1, notices = 0, grace_until = NULL, "
      "anchor = running.anchor, anchor_day = running.anchor_day, "
      "paid_until = voicemail.term_end(running.anchor, term_months, paid_periods + 1, running.anchor_day) "
      "FROM (SELECT x.anchor, x.anchor_day FROM voicemail.number o, generate_series(0, 1200) missed, LATERAL (SELECT "
      "    voicemail.term_end(o.anchor, o.term_months, missed, o.anchor_day) AS anchor, "
      "    CASE missed WHEN 0 THEN o.anchor_day ELSE voicemail.anchor_day(o.anchor, o.anchor_day) END AS anchor_day) x "
      "  WHERE o.number = $1 AND voicemail.term_end(x.anchor, o.term_months, o.paid_periods + 1, x.anchor_day) > voicemail.to_time($2) "
      "  ORDER BY missed LIMIT 1) running WHERE n.number = $1 "
      "RETURNING voicemail.to_micros(paid_until)",
      number.e164(), sql::micros(now));
  return sql::time(rows[0][0]);
}

bool order_used_elsewhere(pqxx::transaction_base& tx, const rent_request& request) {
  return !tx.exec_params("SELECT 1 FROM voicemail.number WHERE order_id = $1 AND number <> $2",
                         sql::text(request.order_id), request.number.e164())
              .empty();
}

// The next term of a number whose row is locked. error::credit_insufficient, account_unknown, term_unknown.
boost::system::result<rental> charge_next_term(pqxx::transaction_base& tx, const number_record& number,
                                               system_clock::time_point now) {
  const auto term = find_rental_term(tx, *number.account_id, number.number, number.term_months);
  if (!term) return term.error();
  const auto charged =
      charge(tx, *number.account_id, *number.order_id, number.paid_periods + 1, *term, number.number, now);
  if (!charged) return charged.error();
  return rental{.repeated = false,
                .price = term->price,
                .currency = currency_of(tx, *number.account_id),
                .paid_until = begin_next_term(tx, number.number, now),
                .charged = charged->charged,
                .tax = charged->tax};
}

// What the current term of a rented number was charged.
rental repeated(pqxx::transaction_base& tx, const number_record& number, const uuid& order_id) {
  const auto charged = billing::find_charge(tx, *number.account_id, order_id, number.paid_periods);
  return {.repeated = true,
          .price = charged ? charged->price : billing::money{},
          .currency = currency_of(tx, *number.account_id),
          .paid_until = *number.dates.paid_until,
          .charged = charged ? charged->charged : billing::money{},
          .tax = charged ? charged->tax : std::nullopt};
}

// Stores an event for the owner, once for each term: what becomes of the number, and until when.
void tell(pqxx::transaction_base& tx, const number_record& number, const std::string& kind,
          system_clock::time_point until) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(until.time_since_epoch()).count();
  billing::add_event(
      tx, *number.account_id,
      kind + "/" + sql::text(*number.order_id) + "/" + std::to_string(number.paid_periods), kind,
      "{\"number\":\"" + number.number.e164() + "\",\"until\":" + std::to_string(seconds) + "}",
      *number.dates.paid_until);
}

void enter_grace(pqxx::transaction_base& tx, const number_record& number, const term_policy& policy) {
  tx.exec_params(
      "UPDATE voicemail.number SET state = 'grace', grace_until = voicemail.to_time($2) WHERE number = $1",
      number.number.e164(), sql::micros(*number.dates.paid_until + policy.grace));
  tell(tx, number, "number_in_grace", *number.dates.paid_until + policy.grace);
}

// Takes the step that is due and counts it. False: none is.
bool take_step(pqxx::transaction_base& tx, const number_record& number, system_clock::time_point now,
               const term_policy& policy, term_report& report) {
  switch (due_step(number.state, number.dates, number.auto_renew, now)) {
    case term_step::none:
      return false;
    case term_step::renew:
      if (charge_next_term(tx, number, now)) {
        ++report.renewed;
        return true;
      }
      [[fallthrough]];
    case term_step::enter_grace:
      enter_grace(tx, number, policy);
      ++report.entered_grace;
      return true;
    case term_step::quarantine:
      // Who has topped up since keeps the number.
      if (number.auto_renew && charge_next_term(tx, number, now)) {
        ++report.renewed;
        return true;
      }
      quarantine(tx, number.number, *number.dates.grace_until + policy.quarantine);
      tell(tx, number, "number_given_up", *number.dates.grace_until + policy.quarantine);
      ++report.quarantined;
      return true;
    case term_step::free_reservation:
    case term_step::return_to_stock:
      return_to_stock(tx, number.number);
      ++report.returned_to_stock;
      return true;
  }
  return false;
}

}  // namespace

boost::system::result<rental> rent_number(pqxx::transaction_base& tx, const rent_request& request) {
  const auto found = lock_number(tx, request.number);
  if (!found) return error::number_unknown;
  const bool rented = found->state == number_state::assigned || found->state == number_state::grace;
  if (rented && found->order_id == request.order_id) {
    if (found->account_id != request.account_id || found->term_months != request.term_months) {
      return error::order_conflict;
    }
    return repeated(tx, *found, request.order_id);
  }
  if (order_used_elsewhere(tx, request)) return error::order_conflict;
  if (!open_to(*found, request.account_id, request.now)) return error::number_unavailable;
  const auto term = find_rental_term(tx, request.account_id, request.number, request.term_months);
  if (!term) return term.error();
  if (const auto allowed = check_country_rule(tx, request.account_id, request.number, request.term_months); !allowed)
    return allowed.error();
  const auto charged =
      charge(tx, request.account_id, request.order_id, 1, *term, request.number, request.now);
  if (!charged) return charged.error();
  // Paid once already, for a rental that is over: the order is spent.
  if (charged->status == billing::subscription_status::repeated) return error::order_conflict;
  return rental{.repeated = false,
                .price = term->price,
                .currency = currency_of(tx, request.account_id),
                .paid_until = begin_rental(tx, request),
                .charged = charged->charged,
                .tax = charged->tax};
}

boost::system::result<rental> renew_number(pqxx::transaction_base& tx, const phone_number& number,
                                           const uuid& account_id, system_clock::time_point now) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  const bool rented = found->state == number_state::assigned || found->state == number_state::grace;
  if (!rented || found->account_id != account_id) return error::number_not_yours;
  if (*found->dates.paid_until > now) {
    return repeated(tx, *found, *found->order_id);
  }
  return charge_next_term(tx, *found, now);
}

boost::system::result<std::optional<uuid>> port_number(pqxx::transaction_base& tx, const phone_number& number, system_clock::time_point now,
                                                       porting which) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  if (which == porting::unpaid && found->state == number_state::assigned) return error::number_not_yours;
  if (!may_follow(found->state, number_state::ported_out)) return error::number_unavailable;
  const bool rented = found->state == number_state::assigned || found->state == number_state::grace;
  billing::money given{};
  if (found->state == number_state::assigned) {
    const auto refund = refund_term(tx, number, false, now);
    if (!refund && refund.error() != error::nothing_unused) return refund.error();
    if (refund) given = refund->amount;
  }
  leave_stock(tx, number, number_state::ported_out);
  if (!rented) return std::optional<uuid>();
  billing::add_event(tx, *found->account_id, "number_ported/" + number.e164() + "/" + sql::text(*found->order_id), "number_ported",
                     "{\"number\":\"" + number.e164() + "\",\"amount_micros\":" + std::to_string(given.micros) +
                         ",\"currency\":\"" + currency_of(tx, *found->account_id) + "\"}",
                     now);
  return found->account_id;
}

boost::system::result<term_refund> refund_term(pqxx::transaction_base& tx, const phone_number& number,
                                               bool release, system_clock::time_point now,
                                               const term_policy& policy) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  const bool rented = found->state == number_state::assigned;
  // A repetition of a refund that released the number finds it in quarantine.
  if (!rented && found->state != number_state::quarantined) return error::number_not_yours;
  if (!found->account_id || !found->order_id || found->paid_periods == 0) return error::number_not_yours;
  int unused = 0;
  int whole = 1;
  if (rented) {
    const auto days = tx.exec_params1(
        "SELECT greatest(0, floor(extract(epoch FROM paid_until - voicemail.to_time($2)) / 86400))::int, "
        "(extract(epoch FROM paid_until - voicemail.term_end(anchor, term_months, paid_periods - 1, anchor_day)) / "
        "86400)::int FROM voicemail.number WHERE number = $1",
        number.e164(), sql::micros(now));
    whole = days[1].as<int>();
    unused = std::min(days[0].as<int>(), whole);
  }
  const auto given = billing::refund_subscription(tx, {.account_id = *found->account_id,
                                                       .subscription_id = *found->order_id,
                                                       .period = found->paid_periods,
                                                       .unused_days = unused,
                                                       .period_days = whole,
                                                       .note = number.e164(),
                                                       .now = now});
  if (!given && given.error() == billing::error::nothing_unused)
    return rented ? error::nothing_unused : error::number_not_yours;
  if (!given) return translated(given.error());
  if (rented && release) quarantine(tx, number, now + policy.quarantine);
  return term_refund{.repeated = given->repeated,
                     .amount = given->amount,
                     .currency = currency_of(tx, *found->account_id),
                     .unused_days = given->repeated ? 0 : unused};
}

namespace {

// Numbers in grace whose owners can pay by now: they need not wait for its end. Drawn at random: who cannot pay after all, for the
// tax that comes to the price, holds up nobody.
void renew_in_grace(pqxx::transaction_base& tx, system_clock::time_point now, int limit, term_report& report) {
  const auto rows = tx.exec_params(
      select_number + " WHERE state = 'grace' AND auto_renew AND EXISTS (SELECT FROM billing.account a WHERE a.account_id = "
                      "voicemail.number.account_id AND NOT a.blocked AND a.posted_micros - a.held_micros >= "
                      "voicemail.price_of(voicemail.number.number, a.currency::text, term_months)) ORDER BY random() LIMIT $1 FOR UPDATE "
                      "SKIP LOCKED",
      std::clamp(limit, 1, 1000));
  for (const auto& row : rows)
    if (const auto number = read_number(row); charge_next_term(tx, number, now)) ++report.renewed;
}

}  // namespace

term_report advance_terms(pqxx::transaction_base& tx, system_clock::time_point now, int limit,
                          const term_policy& policy) {
  term_report report;
  renew_in_grace(tx, now, limit, report);
  const auto rows = tx.exec_params(select_number +
                                       " WHERE due_at <= voicemail.to_time($1) ORDER BY due_at LIMIT $2 "
                                       "FOR UPDATE SKIP LOCKED",
                                   sql::micros(now), std::clamp(limit, 1, 1000));
  for (const auto& row : rows) {
    std::optional<number_record> number = read_number(row);
    for (int step = 0; step < steps_most && number; ++step) {
      if (!take_step(tx, *number, now, policy, report)) break;
      number = find_number(tx, number->number);
    }
  }
  return report;
}

}  // namespace tollgate::voicemail
