// SPDX-License-Identifier: Apache-2.0
// An owner at a device renews a number in grace, and takes one that is kept for the account: its own of
// before, or the one in place of a withdrawn one (overlay/wire.md, "Requests"). Other numbers are ordered
// from the operator.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "billing/account.hpp"
#include "billing/subscription.hpp"
#include "gateway/call/summary.hpp"
#include "gateway/device/device_desk.hpp"
#include "gateway/device/number_body.hpp"
#include "gateway/device/request_fields.hpp"
#include "voicemail/number_price.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;
using pstn::phone_number;

namespace {

// Whether the number is the account's, or kept for it. Whose it is otherwise is nobody's business.
boost::system::result<voicemail::number_record> find_kept(pqxx::work& tx, const uuid& account,
                                                          const phone_number& number) {
  const auto found = voicemail::find_number(tx, number);
  if (!found || found->account_id != account)
    return voicemail::make_error_code(voicemail::error::number_not_yours);
  return *found;
}

boost::system::result<json::object> list_terms(pqxx::work& tx, const uuid& account,
                                               const phone_number& number) {
  const auto kept = find_kept(tx, account, number);
  if (!kept) return kept.error();
  const auto payer = billing::find_account(tx, account);
  if (!payer) return payer.error();
  json::array terms;
  for (const auto& offered : billing::list_terms(tx, payer->currency)) {
    const int months = static_cast<int>(offered.length.count());
    const auto term = voicemail::find_rental_term(tx, account, number, months);
    if (!term) continue;
    json::object one{{"months", months}, {"currency", payer->currency}};
    call::put_money(one, "price", term->price);
    terms.push_back(std::move(one));
  }
  return json::object{{"number", number.e164()}, {"terms", std::move(terms)}};
}

boost::system::result<json::object> told(pqxx::work& tx, const phone_number& number,
                                         const voicemail::rental& rented) {
  auto body = number_body(*voicemail::find_number(tx, number), voicemail::find_rules(tx, number));
  body["repeated"] = rented.repeated;
  body["currency"] = rented.currency;
  call::put_money(body, "charged", rented.charged);
  return body;
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::rent_number(uuid account, json::object body) {
  const auto op = text_of(body, "op").value_or("");
  const auto number = phone_number::parse(text_of(body, "number").value_or(""));
  if (!number) co_return bad_request("number is one of yours, as it is listed.");
  const auto order = id_of(body, "order");
  const auto months = integer_of(body, "term_months", 3, 1, 120);
  if (op != "terms" && op != "renew" && op != "rent") co_return bad_request("op is terms, renew or rent.");
  if (op == "rent" && (!order || !months))
    co_return bad_request("rent names an order, a UUID of your own, and term_months.");
  const auto now = with_.time.wall();
  const auto work = [&](pqxx::work& tx) -> boost::system::result<json::object> {
    if (op == "terms") return list_terms(tx, account, *number);
    if (const auto kept = find_kept(tx, account, *number); !kept) return kept.error();
    voicemail::name_actor(tx, "subscriber");
    const auto done = op == "renew" ? voicemail::renew_number(tx, *number, account, now)
                                    : voicemail::rent_number(tx, {.order_id = *order,
                                                                  .account_id = account,
                                                                  .number = *number,
                                                                  .term_months = static_cast<int>(*months),
                                                                  .now = now});
    if (!done) return done.error();
    return told(tx, *number, *done);
  };
  auto answer = co_await with_.database.run(work, {.idempotent = true});
  if (!answer) co_return number_refusal(answer.error());
  co_return std::move(*answer);
}

}  // namespace tollgate::gateway::device
