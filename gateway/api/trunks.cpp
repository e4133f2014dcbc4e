// SPDX-License-Identifier: Apache-2.0
// Carriers and their trunks. Passwords go in and never come out.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include "gateway/api/authority.hpp"
#include "gateway/api/external_id.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/trunk/error.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway::api {
namespace {

namespace trunk = pstn::trunk;
using boost::asio::awaitable;
using boost::system::result;
using trunk::trunk_error;

boost::json::object to_json(const trunk::carrier& value) {
  return {{"id", uuid_text(value.id)},
          {"name", value.name},
          {"enabled", value.enabled},
          {"capacity_calls", value.capacity_calls},
          {"capacity_calls_per_second", value.capacity_calls_per_second}};
}

boost::json::array to_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

boost::json::array to_json(const std::vector<int>& list) {
  return boost::json::array(list.begin(), list.end());
}

boost::json::object to_json(const trunk::trunk& value) {
  boost::json::object out{{"id", uuid_text(value.id)},
                          {"carrier_id", uuid_text(value.carrier_id)},
                          {"name", value.name},
                          {"host", value.host},
                          {"port", value.port},
                          {"transport", trunk::name(value.transport)},
                          {"registers", value.registers},
                          {"user_phone", value.user_phone},
                          {"trusted_identity", value.trusted_identity},
                          {"sign_identity", value.sign_identity},
                          {"redirections", trunk::name(value.redirections)},
                          {"reliable_progress", value.reliable_progress},
                          {"from_domain", value.from_domain},
                          {"codecs", to_json(value.codecs)},
                          {"srtp", trunk::name(value.srtp)},
                          {"dtmf", trunk::name(value.dtmf)},
                          {"caller_id", trunk::name(value.caller_id)},
                          {"number_format", trunk::name(value.numbers)},
                          {"region", value.region},
                          {"inbound_sources", to_json(value.inbound_sources)},
                          {"inbound_proof", trunk::name(value.inbound_by)},
                          {"served_prefixes", to_json(value.served_prefixes)},
                          {"capacity_calls", value.capacity_calls},
                          {"capacity_calls_per_second", value.capacity_calls_per_second},
                          {"priority", value.priority},
                          {"weight", value.weight},
                          {"failover_codes", to_json(value.failover_codes)},
                          {"probes", value.probes},
                          {"enabled", value.enabled},
                          {"echo_canceller", value.echo_canceller},
                          {"echo_tail_ms", value.echo_tail_ms}};
  out["digest"] = value.digest ? boost::json::value(boost::json::object{{"username", value.digest->username},
                                                                        {"realm", value.digest->realm}})
                               : boost::json::value(nullptr);
  out["inbound_digest"] =
      value.inbound_digest
          ? boost::json::value(boost::json::object{{"username", value.inbound_digest->username}})
          : boost::json::value(nullptr);
  out["default_caller"] =
      value.default_caller ? boost::json::value(value.default_caller->e164()) : boost::json::value(nullptr);
  return out;
}

// An enumeration by its name.
template <class Enum, class Parse>
void take_enum(field_reader& fields, std::string_view name, Enum& into, Parse parse) {
  const auto text = fields.text(name);
  if (!text) return;
  if (const auto value = parse(*text))
    into = *value;
  else
    fields.complain(name, "has no such value");
}

trunk::carrier read_carrier(field_reader& fields, const uuid& id) {
  trunk::carrier value;
  value.id = id;
  value.name = fields.needed_text("name");
  value.enabled = fields.flag("enabled").value_or(true);
  value.capacity_calls = static_cast<int>(fields.integer("capacity_calls", 0, 1'000'000).value_or(0));
  value.capacity_calls_per_second =
      static_cast<int>(fields.integer("capacity_calls_per_second", 0, 1'000'000).value_or(0));
  return value;
}

// A password that is not told is the one that is known, as long as the user is the same.
std::string read_password(field_reader& digest, bool is_known, const std::string& known) {
  if (is_known && !digest.has("password")) return known;
  return digest.needed_text("password");
}

trunk::trunk read_trunk(field_reader& fields, const uuid& id, const std::optional<trunk::trunk>& known = std::nullopt) {
  trunk::trunk value;
  (void)fields.object("status");  // what was read may be written back; how it is, is not for the writer to say
  value.id = id;
  value.carrier_id = fields.needed_id("carrier_id");
  value.name = fields.needed_text("name");
  value.host = fields.needed_text("host", 255);
  value.port = static_cast<std::uint16_t>(fields.integer("port", 0, 65'535).value_or(value.port));
  take_enum(fields, "transport", value.transport, trunk::transport_named);
  if (auto digest = fields.object("digest")) {
    const std::string username = digest->needed_text("username");
    const bool is_same = known && known->digest && known->digest->username == username;
    value.digest = trunk::digest_account{.username = username,
                                         .password = read_password(*digest, is_same, is_same ? known->digest->password : ""),
                                         .realm = digest->text("realm").value_or("")};
    fields.adopt("digest", *digest);
  }
  value.registers = fields.flag("registers").value_or(value.registers);
  value.user_phone = fields.flag("user_phone").value_or(value.user_phone);
  value.trusted_identity = fields.flag("trusted_identity").value_or(value.trusted_identity);
  value.sign_identity = fields.flag("sign_identity").value_or(value.sign_identity);
  take_enum(fields, "redirections", value.redirections, trunk::redirection_headers_named);
  value.reliable_progress = fields.flag("reliable_progress").value_or(value.reliable_progress);
  value.from_domain = fields.text("from_domain", 255).value_or("");
  value.codecs = fields.texts("codecs").value_or(value.codecs);
  take_enum(fields, "srtp", value.srtp, trunk::media_security_named);
  take_enum(fields, "dtmf", value.dtmf, trunk::dtmf_mode_named);
  take_enum(fields, "caller_id", value.caller_id, trunk::caller_id_mode_named);
  take_enum(fields, "number_format", value.numbers, trunk::number_format_named);
  value.region = fields.text("region").value_or("");
  value.default_caller = fields.number("default_caller");
  value.inbound_sources = fields.texts("inbound_sources").value_or(value.inbound_sources);
  take_enum(fields, "inbound_proof", value.inbound_by, trunk::inbound_proof_named);
  if (auto digest = fields.object("inbound_digest")) {
    const std::string username = digest->needed_text("username");
    const bool is_same = known && known->inbound_digest && known->inbound_digest->username == username;
    value.inbound_digest = trunk::inbound_account{
        .username = username, .password = read_password(*digest, is_same, is_same ? known->inbound_digest->password : "")};
    fields.adopt("inbound_digest", *digest);
  }
  value.served_prefixes = fields.texts("served_prefixes", 1'000).value_or(value.served_prefixes);
  value.capacity_calls = static_cast<int>(fields.integer("capacity_calls", 0, 1'000'000).value_or(0));
  value.capacity_calls_per_second =
      static_cast<int>(fields.integer("capacity_calls_per_second", 0, 1'000'000).value_or(0));
  value.priority = static_cast<int>(fields.integer("priority", 0, 10'000).value_or(0));
  value.weight = static_cast<int>(fields.integer("weight", 1, 10'000).value_or(1));
  value.failover_codes = fields.integers("failover_codes", 300, 599).value_or(value.failover_codes);
  value.probes = fields.flag("probes").value_or(true);
  value.enabled = fields.flag("enabled").value_or(true);
  value.echo_canceller = fields.flag("echo_canceller").value_or(value.echo_canceller);
  value.echo_tail_ms = static_cast<int>(fields.integer("echo_tail_ms", 32, 256).value_or(value.echo_tail_ms));
  return value;
}

// Every change of a carrier or trunk goes the same way: run it, tell the gateway, answer.
template <class Change>
awaitable<std::optional<reply>> carry_out(services& with, Change change) {
  const result<void> changed = co_await with.database.run(change, db::run_options{.idempotent = true});
  if (changed.has_error()) co_return problem(changed.error());
  co_await with.gateway.trunks_changed();
  co_return std::nullopt;
}

// With the name that it has elsewhere, read within the same transaction.
template <class Value>
reply shown(const Value& value, const std::optional<std::string>& name, unsigned status = 200) {
  boost::json::object body = to_json(value);
  put_external_id(body, name);
  return json_reply(status, body);
}

// `list`: where it is now, "/v1/trunks".
template <class Value>
reply made(const char* list, const Value& value, const external_name& external) {
  reply out = shown(value, external.name, 201);
  out.headers.emplace_back("Location", std::string(list) + "/" + uuid_text(value.id));
  return out;
}

// What is written whole has no name elsewhere if it does not say so.
external_name whole_external_id(field_reader& fields) {
  external_name given = read_external_id(fields);
  given.is_given = true;
  return given;
}

reply nothing() {
  reply out;
  out.status = 204;
  return out;
}

uuid made_id(field_reader& fields, const request& from) {
  const auto named = fields.id("id");
  if (named) return *named;
  return from.made_id ? *from.made_id : boost::uuids::random_generator()();
}

boost::json::value or_null(const std::optional<double>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

boost::json::value in_ms(const std::optional<std::chrono::milliseconds>& value) {
  return value ? boost::json::value(value->count()) : boost::json::value(nullptr);
}

uuid path_id(const request& from) {
  return parse_uuid(from.parameters[0]).value_or(uuid{});
}

// What was read may be written back, with its id.
uuid kept_id(field_reader& fields, const request& from) {
  const auto named = fields.id("id");
  if (named && *named != path_id(from)) fields.complain("id", "is not that of the path: it cannot be changed");
  return path_id(from);
}

// The members of the body take the place of those of `known`. What is no object stays as it is, to be complained of.
std::string laid_over(boost::json::object known, const std::string& body) {
  constexpr std::size_t deepest = 16;
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = deepest;
  const boost::json::value given = boost::json::parse(body, error, {}, options);
  if (error || !given.is_object()) return body;
  for (const auto& [name, value] : given.get_object())
    known[name] = value;
  return boost::json::serialize(known);
}

// PUT: whole. PATCH: the rest stays as it is. Either way it is read and written in one transaction.
awaitable<reply> write_trunk(services& with, const request& from, bool is_patch) {
  std::optional<reply> refused;
  std::optional<std::string> name;
  trunk::trunk value;
  const auto write = [&](pqxx::work& tx) -> result<void> {
    // All members are written: without the lock, whoever changed another one meanwhile would lose it.
    tx.exec_params("SELECT FROM pstn.trunk WHERE trunk_id = $1 FOR UPDATE", uuid_text(path_id(from)));
    const auto known = trunk::find_trunk(tx, path_id(from));
    if (!known) return make_error_code(trunk_error::no_such_trunk);
    request whole = from;
    if (is_patch) whole.body = laid_over(to_json(*known), from.body);
    auto fields = field_reader::of_body(whole);
    value = read_trunk(fields, kept_id(fields, from), known);
    const external_name external = is_patch ? read_external_id(fields) : whole_external_id(fields);
    refused = fields.refusal();
    if (refused) return {};
    if (const auto changed = trunk::update_trunk(tx, value); changed.has_error()) return changed;
    const auto named = set_external_id(tx, {"trunk", uuid_text(value.id)}, external);
    name = external_id_of(tx, {"trunk", uuid_text(value.id)});
    return named;
  };
  const result<void> written = co_await with.database.run(write, db::run_options{.idempotent = true});
  if (written.has_error()) co_return problem(written.error());
  if (refused) co_return *refused;
  co_await with.gateway.trunks_changed();
  co_return shown(value, name);
}

}  // namespace

boost::json::object trunk_status_json(const trunk_status& now) {
  boost::json::array targets;
  for (const auto& [target, up] : now.targets)
    targets.push_back(boost::json::object{{"target", target}, {"up", up}});
  return {
      {"up", now.up},
      {"calls", now.calls},
      {"registration", now.registration},
      {"targets", std::move(targets)},
      {"detail", now.detail},
      {"resting", now.resting},
      {"recent", boost::json::object{{"attempts", now.recent.attempts},
                                     {"answered", now.recent.answered},
                                     {"answer_seizure_ratio", or_null(now.recent.answer_seizure_ratio)},
                                     {"average_call_duration_ms", in_ms(now.recent.average_call_duration)},
                                     {"post_dial_delay_ms", in_ms(now.recent.post_dial_delay)}}}};
}

awaitable<reply> list_carriers(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto external = fields.text("external_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [](pqxx::work& tx) { return trunk::list_carriers(tx); };
  const result<std::vector<trunk::carrier>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const trunk::carrier& each : *found)
    items.push_back(to_json(each));
  const auto unnamed = co_await put_external_ids(with, "carrier", items);
  if (unnamed) co_return problem(unnamed);
  keep_external_id(items, external);
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> create_carrier(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const uuid id = made_id(fields, from);
  const trunk::carrier value = read_carrier(fields, id);
  const external_name external = whole_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto create = [&](pqxx::work& tx) -> result<void> {
    if (from.made_id == id && trunk::find_carrier(tx, id)) return boost::system::in_place_value;  // by an earlier attempt
    if (const auto made = trunk::create_carrier(tx, value); made.has_error()) return made;
    return set_external_id(tx, {"carrier", uuid_text(id)}, external);
  };
  const std::optional<reply> failed = co_await carry_out(with, create);
  if (failed) co_return *failed;
  co_return made("/v1/carriers", value, external);
}

awaitable<reply> get_carrier(services& with, const request& from) {
  std::optional<std::string> name;
  const auto read = [&](pqxx::work& tx) {
    name = external_id_of(tx, {"carrier", uuid_text(path_id(from))});
    return trunk::find_carrier(tx, path_id(from));
  };
  const result<std::optional<trunk::carrier>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!found->has_value()) co_return problem(make_error_code(trunk_error::no_such_carrier));
  co_return shown(**found, name);
}

awaitable<reply> replace_carrier(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const trunk::carrier value = read_carrier(fields, kept_id(fields, from));
  const external_name external = whole_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto replace = [&](pqxx::work& tx) -> result<void> {
    if (const auto changed = trunk::update_carrier(tx, value); changed.has_error()) return changed;
    return set_external_id(tx, {"carrier", uuid_text(value.id)}, external);
  };
  const std::optional<reply> failed = co_await carry_out(with, replace);
  if (failed) co_return *failed;
  co_return shown(value, external.name);
}

awaitable<reply> remove_carrier(services& with, const request& from) {
  const auto remove = [&](pqxx::work& tx) {
    forget_external_id(tx, {"carrier", uuid_text(path_id(from))});
    return trunk::remove_carrier(tx, path_id(from));
  };
  const std::optional<reply> failed = co_await carry_out(with, remove);
  if (!failed) with.authority.forget();  // its tokens are gone with it
  co_return failed ? *failed : nothing();
}

awaitable<reply> list_trunks(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto external = fields.text("external_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [](pqxx::work& tx) { return trunk::list_trunks(tx); };
  const result<std::vector<trunk::trunk>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  const auto statuses = with.gateway.trunk_statuses();
  boost::json::array items;
  for (const trunk::trunk& each : *found) {
    boost::json::object item = to_json(each);
    for (const trunk_status& now : statuses)
      if (now.trunk_id == each.id) item["status"] = trunk_status_json(now);
    items.push_back(std::move(item));
  }
  const auto unnamed = co_await put_external_ids(with, "trunk", items);
  if (unnamed) co_return problem(unnamed);
  keep_external_id(items, external);
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> create_trunk(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const uuid id = made_id(fields, from);
  const trunk::trunk value = read_trunk(fields, id);
  const external_name external = whole_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto create = [&](pqxx::work& tx) -> result<void> {
    if (from.made_id == id && trunk::find_trunk(tx, id)) return boost::system::in_place_value;  // by an earlier attempt
    if (const auto made = trunk::create_trunk(tx, value); made.has_error()) return made;
    return set_external_id(tx, {"trunk", uuid_text(id)}, external);
  };
  const std::optional<reply> failed = co_await carry_out(with, create);
  if (failed) co_return *failed;
  co_return made("/v1/trunks", value, external);
}

awaitable<reply> get_trunk(services& with, const request& from) {
  std::optional<std::string> name;
  const auto read = [&](pqxx::work& tx) {
    name = external_id_of(tx, {"trunk", uuid_text(path_id(from))});
    return trunk::find_trunk(tx, path_id(from));
  };
  const result<std::optional<trunk::trunk>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!found->has_value()) co_return problem(make_error_code(trunk_error::no_such_trunk));
  boost::json::object body = to_json(**found);
  put_external_id(body, name);
  for (const trunk_status& now : with.gateway.trunk_statuses())
    if (now.trunk_id == (*found)->id) body["status"] = trunk_status_json(now);
  co_return json_reply(200, body);
}

awaitable<reply> replace_trunk(services& with, const request& from) {
  co_return co_await write_trunk(with, from, false);
}

awaitable<reply> change_trunk(services& with, const request& from) {
  co_return co_await write_trunk(with, from, true);
}

awaitable<reply> remove_trunk(services& with, const request& from) {
  const auto remove = [&](pqxx::work& tx) {
    forget_external_id(tx, {"trunk", uuid_text(path_id(from))});
    return trunk::remove_trunk(tx, path_id(from));
  };
  const std::optional<reply> failed = co_await carry_out(with, remove);
  co_return failed ? *failed : nothing();
}

}  // namespace tollgate::gateway::api
