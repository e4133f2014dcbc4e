// SPDX-License-Identifier: Apache-2.0
// /v1/accounts: a subscriber and the prepaid account of the same id.
#include <array>
#include <charconv>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include "billing/account.hpp"
#include "billing/account_country.hpp"
#include "billing/account_list.hpp"
#include "gateway/api/api_token.hpp"
#include "gateway/api/external_id.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/login.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using subscriber::subscriber_record;

struct whole_account {
  subscriber_record subscriber;
  billing::account account;
};

boost::json::object to_json(const whole_account& value) {
  boost::json::object out{{"id", uuid_text(value.subscriber.account_id)},
                          {"name", value.subscriber.name},
                          {"display_name", value.subscriber.display_name},
                          {"region", value.subscriber.region},
                          {"status", to_string(value.subscriber.status)},
                          {"ring_timeout_s", value.subscriber.ring_timeout.count()},
                          {"currency", value.account.currency},
                          {"rate_deck", value.account.deck}};
  out["own_rate_deck"] =
      value.account.own_deck ? boost::json::value(*value.account.own_deck) : boost::json::value(nullptr);
  put_money(out, "available", value.account.credit.available());
  put_time(out, "created_at", value.subscriber.created_at);
  return out;
}

result<whole_account> join(pqxx::work& tx, const result<subscriber_record>& found) {
  if (!found) return found.error();
  const auto account = billing::find_account(tx, found->account_id);
  if (!account) return account.error();
  return whole_account{*found, *account};
}

std::vector<whole_account> join_all(pqxx::work& tx, const std::vector<subscriber_record>& subscribers) {
  std::vector<uuid> ids;
  for (const subscriber_record& each : subscribers)
    ids.push_back(each.account_id);
  std::map<uuid, billing::account> accounts;
  for (billing::account& each : billing::find_accounts(tx, ids))
    accounts.emplace(each.account_id, std::move(each));
  std::vector<whole_account> out;
  for (const subscriber_record& each : subscribers)
    if (const auto own = accounts.find(each.account_id); own != accounts.end()) out.push_back({each, own->second});
  return out;
}

// "MICROSECONDS.ID": where a page ends whose order is by created_at.
std::string age_text(const subscriber_record& of) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(of.created_at.time_since_epoch());
  return std::to_string(micros.count()) + "." + uuid_text(of.account_id);
}

std::optional<subscriber::subscriber_age> read_age(std::string_view text) {
  constexpr std::int64_t latest = 9'000'000'000'000'000;  // in the year 2255: the database and the clock know it
  std::int64_t micros = 0;
  const auto dot = std::min(text.find('.'), text.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, micros);
  const auto id = parse_uuid(text.substr(std::min(dot + 1, text.size())));
  if (error != std::errc{} || end != text.data() + dot || micros < 0 || micros > latest || !id) return std::nullopt;
  return subscriber::subscriber_age{std::chrono::system_clock::time_point(std::chrono::microseconds(micros)), *id};
}

constexpr std::int64_t most_listed = 1'000;

std::optional<guarded> first_refused(const request& from, const std::array<std::pair<bool, guarded>, 4>& given) {
  for (const auto& [is_given, what] : given)
    if (is_given && !may_set(from, what)) return what;
  return std::nullopt;
}

// Others than admins open what they have blocked themselves, and change nothing of what others have shut; what they have done they may
// ask for again, for its answer may have been lost. Locks the account.
bool may_change_status(pqxx::work& tx, const request& from, const uuid& id, subscriber::subscriber_status wanted) {
  if (may_set(from, guarded::account_reopening)) return true;
  const auto rows = tx.exec_params("SELECT status, coalesce(shut_by, '') FROM gateway.subscriber WHERE account_id = $1 FOR UPDATE", uuid_text(id));
  if (rows.empty()) return true;  // told by what comes next
  const auto now = rows[0][0].as<std::string>();
  if (now == "active") return true;
  return rows[0][1].as<std::string>() == to_string(from.by->as) && (now == "blocked" || wanted == subscriber::parse_status(now));
}

void note_who_shut(pqxx::work& tx, const request& from, const uuid& id, subscriber::subscriber_status status) {
  const bool open = status == subscriber::subscriber_status::active;
  tx.exec_params("UPDATE gateway.subscriber SET shut_by = nullif($2, '') WHERE account_id = $1", uuid_text(id),
                 open || !from.by ? std::string() : std::string(to_string(from.by->as)));
}

}  // namespace

awaitable<reply> list_accounts(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto name = fields.text("name"), external = fields.text("external_id");
  const list_order order = order_of(fields, "name");
  const subscriber::subscriber_page page{static_cast<int>(fields.integer("limit", 1, most_listed).value_or(100)), order.descending};
  const auto cursor = fields.text("after");
  const bool by_age = order.by == "created_at";
  const auto age = by_age && cursor ? read_age(*cursor) : std::nullopt;
  if (by_age && cursor && !age) fields.complain("after", "is the `next` of a page in this order");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) {
    if (!name && !external) return join_all(tx, by_age ? subscriber::list_subscribers_by_age(tx, page, age) : subscriber::list_subscribers_by_name(tx, page, cursor));
    std::vector<whole_account> found;
    if (external) {
      const auto id = find_by_external_id(tx, "account", *external);
      if (const auto one = join(tx, subscriber::find_subscriber(tx, parse_uuid(id.value_or("")).value_or(uuid{})))) found.push_back(*one);
      return found;
    }
    if (const auto one = join(tx, subscriber::find_subscriber(tx, *name))) found.push_back(*one);
    return found;
  };
  const result<std::vector<whole_account>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const whole_account& each : *found)
    items.push_back(to_json(each));
  const auto unnamed = co_await put_external_ids(with, "account", items);
  if (unnamed) co_return problem(unnamed);
  const bool more = !name && !external && found->size() == static_cast<std::size_t>(page.limit);
  if (!more) co_return list_reply(std::move(items), std::nullopt);
  const subscriber_record& last = found->back().subscriber;
  co_return list_reply(std::move(items), by_age ? age_text(last) : last.name);
}

awaitable<reply> create_account(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  subscriber::new_subscriber wanted;
  wanted.account_id = fields.id("id").value_or(from.made_id ? *from.made_id : boost::uuids::random_generator()());
  wanted.name = fields.needed_text("name");
  std::string passphrase = fields.needed_text("passphrase", 256);
  wanted.region = fields.text("region").value_or(with.options.region);
  wanted.display_name = fields.text("display_name", 256).value_or("");
  wanted.ring_timeout = std::chrono::seconds(
      fields.integer("ring_timeout_s", 5, 120).value_or(with.options.ring_timeout.count()));
  const std::string currency = fields.text("currency").value_or(with.options.currency);
  const external_name external = read_external_id(fields);
  auto deck = fields.text("rate_deck");
  if (deck && !may_set(from, guarded::new_account_deck)) co_return forbidden(guarded::new_account_deck);
  if (!deck) deck = with.options.decks.of(currency, with.options.currency);
  if (!deck) fields.complain("rate_deck", "is needed: no deck is configured for accounts in " + currency);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const result<std::string> hash = co_await with.hasher.hash(std::move(passphrase));
  if (!hash) co_return problem(hash.error());
  wanted.passphrase_hash = *hash;
  const auto create = [&](pqxx::work& tx) -> result<whole_account> {
    // Under an Idempotency-Key a node that ended before it noted the answer has made it already.
    if (from.made_id == wanted.account_id)
      if (auto made = join(tx, subscriber::find_subscriber(tx, wanted.account_id))) return made;
    const auto made = subscriber::create_subscriber(tx, wanted);
    if (!made) return made.error();
    const auto opened = billing::create_account(tx, wanted.account_id, currency, wanted.region, *deck);
    if (!opened) return opened.error();
    const auto named = set_external_id(tx, {"account", uuid_text(wanted.account_id)}, external);
    if (named.has_error()) return named.error();
    return join(tx, made);
  };
  const result<whole_account> made = co_await with.database.run(create);
  if (!made) co_return problem(made.error());
  boost::json::object body = to_json(*made);
  put_external_id(body, external.name);
  reply out = json_reply(201, body);
  out.headers.emplace_back("Location", "/v1/accounts/" + uuid_text(wanted.account_id));
  co_return out;
}

awaitable<reply> get_account(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
  std::optional<std::string> name;
  const auto read = [&](pqxx::work& tx) {
    name = external_id_of(tx, {"account", uuid_text(*id)});
    return join(tx, subscriber::find_subscriber(tx, *id));
  };
  const result<whole_account> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::object body = to_json(*found);
  // It is the operator's.
  if (!from.by || from.by->as != role::subscriber) put_external_id(body, name);
  co_return json_reply(200, body);
}

awaitable<reply> change_account(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
  auto fields = field_reader::of_body(from);
  subscriber::subscriber_change change;
  change.region = fields.text("region");
  change.display_name = fields.text("display_name", 256);
  auto passphrase = fields.text("passphrase", 256);
  const external_name external = read_external_id(fields);
  const auto plan = fields.text("rate_deck");
  const auto own = fields.text("own_rate_deck");  // empty: none any more
  if (const auto seconds = fields.integer("ring_timeout_s", 5, 120))
    change.ring_timeout = std::chrono::seconds(*seconds);
  if (const auto status = fields.text("status")) {
    change.status = subscriber::parse_status(*status);
    if (!change.status) fields.complain("status", "must be active, blocked or closed");
  }
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (const auto refused = first_refused(from, {{{plan.has_value(), guarded::account_deck},
                                                {own.has_value(), guarded::account_own_deck},
                                                {passphrase.has_value(), guarded::account_passphrase},
                                                {change.region.has_value(), guarded::account_region}}}))
    co_return forbidden(*refused);
  if (passphrase) {
    const result<std::string> hash = co_await with.hasher.hash(std::move(*passphrase));
    if (!hash) co_return problem(hash.error());
    change.passphrase_hash = *hash;
  }
  const bool ends_sessions =
      change.passphrase_hash || (change.status && *change.status != subscriber::subscriber_status::active);
  std::optional<std::string> name;
  bool is_anothers = false;
  const auto apply = [&](pqxx::work& tx) -> result<whole_account> {
    is_anothers = change.status && !may_change_status(tx, from, *id, *change.status);
    if (is_anothers) return subscriber::make_error_code(subscriber::errc::blocked);
    const auto changed = subscriber::change_subscriber(tx, *id, change);
    if (changed)
      if (const auto named = set_external_id(tx, {"account", uuid_text(*id)}, external); named.has_error()) return named.error();
    name = external_id_of(tx, {"account", uuid_text(*id)});
    if (changed && ends_sessions) revoke_tokens_of(tx, *id);
    if (changed && change.status) {
      const auto set = billing::set_blocked(tx, *id, *change.status != subscriber::subscriber_status::active);
      if (!set) return set.error();
      note_who_shut(tx, from, *id, *change.status);
    }
    if (changed && change.region) {
      const auto set = billing::set_country(tx, *id, *change.region);
      if (!set) return set.error();
    }
    if (changed && (plan || own)) {
      const auto set = billing::set_decks(tx, *id, plan, own);
      if (!set) return set.error();
    }
    return join(tx, changed);
  };
  const result<whole_account> changed =
      co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (is_anothers) co_return forbidden(guarded::account_reopening);
  if (!changed) co_return problem(changed.error());
  if (ends_sessions) {
    with.authority.forget();
    with.gateway.account_revoked(*id);
  } else {
    with.gateway.account_changed(*id);
  }
  boost::json::object body = to_json(*changed);
  put_external_id(body, name);
  co_return json_reply(200, body);
}

}  // namespace tollgate::gateway::api
