// SPDX-License-Identifier: Apache-2.0
// POST /v1/payment_events: what a payment provider, or a small adapter before one, tells of payments. It
// needs no token: the signature is its authority. A replayed event finds its payment's id used and changes
// nothing.
#include <boost/json/value.hpp>

#include "billing/account_currency.hpp"
#include "billing/credit.hpp"
#include "billing/error.hpp"
#include "billing/ledger.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/tax_json.hpp"
#include "gateway/api/webhook_signature.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

std::optional<reply> check(const services& with, const request& from) {
  if (with.options.webhook_secret.empty())
    return problem(503, "payment_events_off", "No secret for payment events is configured.");
  const auto now = std::chrono::system_clock::now();
  switch (check_signature(from.signature, from.body, with.options.webhook_secret, now)) {
    case signature_check::good:
      return std::nullopt;
    case signature_check::malformed:
      return problem(401, "signature_malformed", "Tollgate-Signature is missing or malformed.");
    case signature_check::stale:
      return problem(401, "signature_stale", "The signature is older or newer than five minutes.");
    case signature_check::wrong:
      return problem(401, "signature_wrong", "The signature is not that of the body.");
  }
  return problem(401, "signature_wrong", "The signature is not that of the body.");
}

// The money has been paid already: the least top-up is the shop's to ask for, not a reason to keep it.
awaitable<reply> credit_payment(services& with, billing::top_up_request wanted) {
  std::string currency;
  const auto credit = [&](pqxx::work& tx) {
    auto done = billing::top_up(tx, wanted, billing::money{1});
    if (done) currency = billing::currency_of(tx, wanted.account_id);
    return done;
  };
  const result<billing::top_up_answer> done =
      co_await with.database.run(credit, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(wanted.account_id);
  const bool repeated = done->status == billing::top_up_status::repeated;
  boost::json::object out{{"payment_id", wanted.payment_id}, {"repeated", repeated}, {"currency", currency}};
  put_money(out, "credited", done->credited);
  put_tax(out, done->tax);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(200, out);
}

// The money is with the payer already: refused it would be lost from the books, and told again for ever.
awaitable<reply> take_refund(services& with, billing::refund_request wanted) {
  std::string currency;
  const auto refund = [&](pqxx::work& tx) {
    auto done = billing::take_back_payment(tx, wanted);
    if (done) currency = billing::currency_of(tx, done->account_id);
    return done;
  };
  const result<billing::refund_answer> done =
      co_await with.database.run(refund, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(done->account_id);
  boost::json::object out{
      {"refund_id", wanted.refund_id}, {"payment_id", wanted.payment_id}, {"repeated", done->repeated}, {"currency", currency}};
  put_money(out, "debited", done->debited);
  put_money(out, "owed", done->owed);
  put_tax(out, done->tax);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(200, out);
}

}  // namespace

awaitable<reply> take_payment_event(services& with, const request& from) {
  if (auto refusal = check(with, from)) co_return *refusal;
  auto fields = field_reader::of_body(from);
  const auto type = fields.needed_text("type");
  if (type == "payment.succeeded") {
    billing::top_up_request wanted;
    wanted.payment_id = fields.needed_text("payment_id");
    wanted.account_id = fields.needed_id("account_id");
    wanted.amount = fields.needed_money("amount");
    wanted.currency = fields.needed_text("currency");
    wanted.note = fields.text("note").value_or("");
    if (auto refusal = fields.refusal()) co_return *refusal;
    co_return co_await credit_payment(with, std::move(wanted));
  }
  if (type == "payment.refunded") {
    billing::refund_request wanted;
    wanted.refund_id = fields.needed_text("refund_id");
    wanted.payment_id = fields.needed_text("payment_id");
    wanted.amount = fields.needed_money("amount");
    wanted.currency = fields.needed_text("currency");
    wanted.note = fields.text("note").value_or("");
    if (auto refusal = fields.refusal()) co_return *refusal;
    co_return co_await take_refund(with, std::move(wanted));
  }
  co_return problem(422, "type_unknown", "type is payment.succeeded or payment.refunded.",
                    {{"type", "is payment.succeeded or payment.refunded", "/type"}});
}

}  // namespace tollgate::gateway::api
