// SPDX-License-Identifier: Apache-2.0
// The inventory of telephone numbers, and their rental.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/external_id.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/number_search.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/error.hpp"
#include "voicemail/listing.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::value optional_id(const std::optional<uuid>& id) {
  return id ? boost::json::value(uuid_text(*id)) : boost::json::value(nullptr);
}

boost::json::object to_json(const voicemail::number_record& value) {
  boost::json::object out{{"number", value.number.e164()},
                          {"area", value.area},
                          {"country", value.country},
                          {"trunk_id", optional_id(value.trunk_id)},
                          {"state", voicemail::to_text(value.state)},
                          {"account_id", optional_id(value.account_id)},
                          {"order_id", optional_id(value.order_id)},
                          {"term_months", value.term_months},
                          {"paid_periods", value.paid_periods},
                          {"auto_renew", value.auto_renew},
                          {"voicemail_enabled", value.voicemail_enabled}};
  out["ring_timeout_s"] =
      value.ring_timeout ? boost::json::value(value.ring_timeout->count()) : boost::json::value(nullptr);
  boost::json::array prices;
  for (const auto& each : value.prices) {
    boost::json::object price{{"term_months", each.months}, {"currency", each.currency}};
    put_money(price, "price", each.price);
    prices.push_back(std::move(price));
  }
  out["prices"] = std::move(prices);
  put_time(out, "reserved_until", value.dates.reserved_until);
  put_time(out, "paid_until", value.dates.paid_until);
  put_time(out, "grace_until", value.dates.grace_until);
  put_time(out, "quarantined_until", value.dates.quarantined_until);
  return out;
}

// A subscriber may keep so many numbers at once without renting one.
constexpr int subscribers_reservations = 5;

bool is_subscriber(const request& from) {
  return from.by && from.by->as == role::subscriber;
}

// What a subscriber may see of the inventory: its own numbers, or those in stock.
void confine(const request& from, voicemail::number_filter& filter) {
  if (!is_subscriber(from)) return;
  if (filter.account_id)
    filter.account_id = from.by->account_id;
  else
    filter.state = voicemail::number_state::available;
}

// Over which trunk it comes is the operator's matter.
boost::json::object seen_by(const request& from, const voicemail::number_record& value) {
  boost::json::object out = to_json(value);
  if (is_subscriber(from)) out.erase("trunk_id");
  return out;
}

reply unknown_number() {
  return problem(voicemail::make_error_code(voicemail::error::number_unknown));
}

result<voicemail::number_record> existing(pqxx::work& tx, const pstn::phone_number& number) {
  auto found = voicemail::find_number(tx, number);
  if (!found) return voicemail::make_error_code(voicemail::error::number_unknown);
  return *found;
}

}  // namespace

awaitable<reply> list_numbers(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  voicemail::number_filter filter;
  filter.account_id = fields.id("account_id");
  filter.after = read_last_number(fields);
  const bool descending = order_of(fields, "number").descending;
  filter.country = read_country(fields).value_or("");
  filter.area = fields.text("area").value_or("");
  filter.pattern = fields.text("pattern").value_or("");
  if (filter.pattern.find_first_not_of("0123456789?*") != std::string::npos)
    fields.complain("pattern", "has digits, ? for one and * for any");
  filter.price = read_price(fields, with.options.currency);
  filter.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  if (const auto state = fields.text("state")) {
    filter.state = voicemail::parse_number_state(*state);
    if (!filter.state) fields.complain("state", "has no such value");
  }
  const auto external = fields.text("external_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (external && is_subscriber(from)) co_return forbidden();  // it is the operator's
  confine(from, filter);
  const auto read = [&](pqxx::work& tx) {
    if (!external) return voicemail::list_numbers_in(tx, filter, descending);
    const auto number = pstn::phone_number::parse(find_by_external_id(tx, "number", *external).value_or(""));
    const auto one = number ? voicemail::find_number(tx, *number) : std::nullopt;
    return one ? std::vector<voicemail::number_record>{*one} : std::vector<voicemail::number_record>{};
  };
  const result<std::vector<voicemail::number_record>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const voicemail::number_record& each : *found)
    items.push_back(seen_by(from, each));
  if (!is_subscriber(from)) {
    const auto unnamed = co_await put_external_ids(with, "number", items);
    if (unnamed) co_return problem(unnamed);
  }
  const bool more = !external && found->size() == static_cast<std::size_t>(filter.limit);
  co_return list_reply(std::move(items), more ? std::optional(found->back().number.e164()) : std::nullopt);
}

awaitable<reply> create_number(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const auto number = fields.needed_number("number");
  const std::string area = fields.text("area").value_or("");
  const auto trunk_id = fields.id("trunk_id");
  const external_name external = read_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto add = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    voicemail::name_actor(tx, actor_of(from));
    const auto added = voicemail::add_number(tx, {.number = *number, .area = area, .trunk_id = trunk_id});
    if (added.has_error()) return added.error();
    if (const auto named = set_external_id(tx, {"number", number->e164()}, external); named.has_error()) return named.error();
    return existing(tx, *number);
  };
  const result<voicemail::number_record> added = co_await with.database.run(add);
  if (!added) co_return problem(added.error());
  boost::json::object body = seen_by(from, *added);
  put_external_id(body, external.name);
  reply out = json_reply(201, body);
  out.headers.emplace_back("Location", "/v1/numbers/" + number->e164());
  co_return out;
}

awaitable<reply> get_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  if (!number) co_return unknown_number();
  std::optional<std::string> name;
  const auto read = [&](pqxx::work& tx) {
    name = external_id_of(tx, {"number", number->e164()});
    return existing(tx, *number);
  };
  const result<voicemail::number_record> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::object body = seen_by(from, *found);
  if (!is_subscriber(from)) put_external_id(body, name);
  co_return json_reply(200, body);
}

awaitable<reply> change_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const auto auto_renew = fields.flag("auto_renew"), voicemail_enabled = fields.flag("voicemail_enabled");
  const bool names_ring_timeout = fields.has("ring_timeout_s");
  const auto ring_timeout_s = fields.integer("ring_timeout_s", 5, 120);
  const external_name external = read_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (external.is_given && !may_set(from, guarded::number_name)) co_return forbidden(guarded::number_name);
  if (auto_renew.value_or(false) && !may_set(from, guarded::number_auto_renewal)) co_return forbidden(guarded::number_auto_renewal);
  if (!number) co_return unknown_number();
  const bool is_named_alone = external.is_given && !auto_renew && !voicemail_enabled && !names_ring_timeout;
  std::optional<std::string> name;
  const auto apply = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    const auto found = existing(tx, *number);
    if (!found) return found.error();
    if (const auto named = set_external_id(tx, {"number", number->e164()}, external); named.has_error()) return named.error();
    name = external_id_of(tx, {"number", number->e164()});
    if (is_named_alone) return *found;  // also of one in stock
    if (!found->account_id) return voicemail::make_error_code(voicemail::error::number_not_yours);
    voicemail::number_settings settings{
        .auto_renew = auto_renew.value_or(found->auto_renew),
        .voicemail_enabled = voicemail_enabled.value_or(found->voicemail_enabled),
        .ring_timeout = found->ring_timeout};
    if (names_ring_timeout)
      settings.ring_timeout =
          ring_timeout_s ? std::optional(std::chrono::seconds(*ring_timeout_s)) : std::nullopt;
    const auto changed = voicemail::change_settings(tx, *number, *found->account_id, settings);
    if (changed.has_error()) return changed.error();
    return existing(tx, *number);
  };
  const result<voicemail::number_record> changed =
      co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (!changed) co_return problem(changed.error());
  if (changed->account_id) with.gateway.account_changed(*changed->account_id);
  boost::json::object body = seen_by(from, *changed);
  if (!is_subscriber(from)) put_external_id(body, name);
  co_return json_reply(200, body);
}

awaitable<reply> release_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const uuid account_id = fields.needed_id("account_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return unknown_number();
  const auto now = std::chrono::system_clock::now();
  const auto release = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    voicemail::name_actor(tx, actor_of(from));
    const auto released = voicemail::release_number(tx, *number, account_id, now);
    if (released.has_error()) return released.error();
    return existing(tx, *number);
  };
  const result<voicemail::number_record> released = co_await with.database.run(release);
  if (!released) co_return problem(released.error());
  with.gateway.account_changed(account_id);
  co_return json_reply(200, seen_by(from, *released));
}

awaitable<reply> refund_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const auto release = fields.flag("release");
  if (!release) fields.complain("release", "is needed: true gives the number up, false keeps it");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return unknown_number();
  struct refunded {
    voicemail::number_record number;
    voicemail::term_refund refund;
  };
  const auto now = std::chrono::system_clock::now();
  const auto give_back = [&](pqxx::work& tx) -> result<refunded> {
    voicemail::name_actor(tx, actor_of(from));
    const auto given = voicemail::refund_term(tx, *number, *release, now);
    if (!given) return given.error();
    const auto found = existing(tx, *number);
    if (!found) return found.error();
    return refunded{*found, *given};
  };
  const result<refunded> done = co_await with.database.run(give_back, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(*done->number.account_id);
  boost::json::object out{{"number", seen_by(from, done->number)},
                          {"currency", done->refund.currency},
                          {"repeated", done->refund.repeated},
                          {"unused_days", done->refund.unused_days}};
  put_money(out, "amount", done->refund.amount);
  co_return json_reply(200, out);
}

// Keeps a number in stock for who is about to order it.
awaitable<reply> reserve_number(services& with, const request& from) {
  constexpr std::chrono::minutes kept{15};
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const uuid account_id = fields.needed_id("account_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return unknown_number();
  const auto now = std::chrono::system_clock::now();
  const auto reserve = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    voicemail::name_actor(tx, actor_of(from));
    if (is_subscriber(from) &&
        voicemail::count_reservations(tx, account_id, *number, now) >= subscribers_reservations)
      return voicemail::make_error_code(voicemail::error::reservations_exhausted);
    const auto reserved = voicemail::reserve_number(tx, *number, account_id, now + kept, now);
    if (reserved.has_error()) return reserved.error();
    return existing(tx, *number);
  };
  const result<voicemail::number_record> reserved =
      co_await with.database.run(reserve, db::run_options{.idempotent = true});
  co_return reserved ? json_reply(200, seen_by(from, *reserved)) : problem(reserved.error());
}

// It leaves for another operator, with its owner.
awaitable<reply> port_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  if (!number) co_return unknown_number();
  std::optional<uuid> owner;
  const auto which = may_set(from, guarded::rented_porting) ? voicemail::porting::any : voicemail::porting::unpaid;
  const auto now = std::chrono::system_clock::now();
  const auto port = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    voicemail::name_actor(tx, actor_of(from));
    const auto ported = voicemail::port_number(tx, *number, now, which);
    if (!ported) return ported.error();
    owner = *ported;
    return existing(tx, *number);
  };
  const result<voicemail::number_record> ported = co_await with.database.run(port);
  if (ported.has_error() && ported.error() == voicemail::error::number_not_yours) co_return forbidden(guarded::rented_porting);
  if (!ported) co_return problem(ported.error());
  if (owner) with.gateway.account_changed(*owner);
  co_return json_reply(200, seen_by(from, *ported));
}

// The owner pays for the next term of a number in grace, without waiting for the gateway's own run.
awaitable<reply> renew_number(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const uuid account_id = fields.needed_id("account_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return unknown_number();
  const auto now = std::chrono::system_clock::now();
  const auto renew = [&](pqxx::work& tx) -> result<voicemail::number_record> {
    voicemail::name_actor(tx, actor_of(from));
    const auto renewed = voicemail::renew_number(tx, *number, account_id, now);
    if (!renewed) return renewed.error();
    return existing(tx, *number);
  };
  const result<voicemail::number_record> renewed =
      co_await with.database.run(renew, db::run_options{.idempotent = true});
  if (!renewed) co_return problem(renewed.error());
  with.gateway.account_changed(account_id);
  co_return json_reply(200, seen_by(from, *renewed));
}

}  // namespace tollgate::gateway::api
