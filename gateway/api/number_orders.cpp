// SPDX-License-Identifier: Apache-2.0
// Renting a number: the first term is charged, and a mailbox that has no PIN gets one. And orders as they can be looked up.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/lookups.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/sequence_page.hpp"
#include "gateway/api/tax_json.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/login.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/number_order.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/pin.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

struct fresh_pin {
  std::string pin;  // empty: the mailbox has one
  std::string hash;
};

// A PIN for a mailbox that has none: whoever rents a number can reach it by telephone from the start.
awaitable<result<fresh_pin>> make_first_pin(services& with, const uuid& account_id, const pstn::phone_number& number) {
  struct mailbox {
    bool has_pin;
    std::vector<std::string> numbers;
    bool is_rentable;
  };
  const auto read = [&](pqxx::work& tx) {
    const auto wanted = voicemail::find_number(tx, number);
    return mailbox{voicemail::find_settings(tx, account_id).has_pin, voicemail::numbers_of(tx, account_id),
                   wanted && (!wanted->account_id || *wanted->account_id == account_id)};
  };
  result<mailbox> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return found.error();
  fresh_pin made;
  if (found->has_pin || !found->is_rentable) co_return made;  // no work for what is refused anyway
  found->numbers.emplace_back(number.digits());
  made.pin = make_mailbox_pin(found->numbers);
  const auto hash = co_await with.hasher.hash(voicemail::pin_secret(account_id, made.pin));
  if (!hash) co_return hash.error();
  made.hash = *hash;
  co_return made;
}

boost::json::object to_json(const voicemail::number_order& of) {
  const auto& bought = of.bought;
  boost::json::object out{{"id", uuid_text(bought.subscription_id)}, {"account_id", uuid_text(bought.account_id)}, {"number", bought.note},
                          {"term_months", bought.length.count()},    {"currency", bought.currency},                {"sequence", bought.sequence}};
  put_money(out, "price", bought.first.price);
  put_money(out, "charged", bought.first.charged);
  put_tax(out, bought.first.tax);
  put_time(out, "at", bought.at);
  out["state"] = of.state ? boost::json::value(voicemail::to_text(*of.state)) : boost::json::value("ended");
  put_time(out, "paid_until", of.paid_until);
  return out;
}

std::optional<uuid> own_account(const request& from) {
  return from.by ? from.by->account_id : std::nullopt;
}

}  // namespace

awaitable<reply> list_number_orders(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto own = own_account(from);
  const uuid account_id = own && !fields.has("account_id") ? *own : fields.needed_id("account_id");
  const auto page = read_sequence_page(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return voicemail::list_orders(tx, account_id, page); };
  const auto write = [&](const std::vector<voicemail::number_order>& found) {
    return page_reply(found, static_cast<std::size_t>(page.limit), [](const auto& each) { return to_json(each); },
                      [](const auto& last) { return std::to_string(last.bought.sequence); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_number_order(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  std::optional<voicemail::number_order> order;
  if (id) {
    const auto read = [&](pqxx::work& tx) { return voicemail::find_order(tx, *id, own_account(from)); };
    const result<std::optional<voicemail::number_order>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
    if (!found) co_return problem(found.error());
    order = *found;
  }
  co_return order ? json_reply(200, to_json(*order)) : problem(404, "no_order", "There is no such order.");
}

awaitable<reply> create_number_order(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const uuid order_id = fields.needed_made_id(from);
  const uuid account_id = fields.needed_id("account_id");
  const auto number = fields.needed_number("number");
  const int term_months = static_cast<int>(fields.needed_integer("term_months", 1, 120));
  if (auto refusal = fields.refusal()) co_return *refusal;
  const voicemail::rent_request wanted{.order_id = order_id,
                                       .account_id = account_id,
                                       .number = *number,
                                       .term_months = term_months,
                                       .now = std::chrono::system_clock::now()};
  // Told to nobody but its owner, and admins, who may read everything: whoever else orders leaves it to the owner's device.
  const bool may_know = from.by && (from.by->as == role::admin || from.by->as == role::subscriber);
  result<fresh_pin> pin = fresh_pin{};
  if (may_know) pin = co_await make_first_pin(with, account_id, *number);
  if (!pin) co_return problem(pin.error());
  bool pin_set = false;
  const auto rent = [&](pqxx::work& tx) {
    voicemail::name_actor(tx, actor_of(from));
    const auto done = voicemail::rent_number(tx, wanted);
    pin_set = done && !pin->pin.empty() && voicemail::set_first_pin(tx, account_id, pin->hash);
    return done;
  };
  const result<voicemail::rental> rented =
      co_await with.database.run(rent, db::run_options{.idempotent = true});
  if (!rented) co_return problem(rented.error());
  with.gateway.account_changed(account_id);
  boost::json::object out{{"id", uuid_text(order_id)},    {"account_id", uuid_text(account_id)},
                          {"number", number->e164()},     {"term_months", term_months},
                          {"currency", rented->currency}, {"repeated", rented->repeated}};
  put_money(out, "price", rented->price);
  put_money(out, "charged", rented->charged);
  put_tax(out, rented->tax);
  put_time(out, "paid_until", rented->paid_until);
  if (pin_set) out["voicemail_pin"] = pin->pin;  // this once
  co_return json_reply(rented->repeated ? 200 : 201, out);
}

}  // namespace tollgate::gateway::api
