// SPDX-License-Identifier: Apache-2.0
// Who is told of events: an http or https address, or a mailbox. The operator's hear of all, a subscriber's of its account.
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include "gateway/api/external_id.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/visible_events.hpp"
#include "gateway/db/database.hpp"
#include "gateway/events/webhook_store.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/notification.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using maybe_webhook = std::optional<events::webhook>;

constexpr std::size_t address_most_bytes = 1'000;
constexpr std::int64_t longest_overlap_s = 7 * 86'400, usual_overlap_s = 86'400;

std::string make_secret() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("no random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool is_destination(const std::string& url) {
  constexpr std::string_view mail = "mailto:";
  if (!url.starts_with(mail)) return voicemail::is_web_address(url);
  const auto address = std::string_view(url).substr(mail.size());
  return voicemail::is_mail_address(address) && address.find_first_of("?%") == std::string_view::npos;
}

// user:password@ before the host: it would be shown to whoever reads the webhook, and kept in the audit.
bool has_credentials(const std::string& url) {
  const std::size_t begin = url.find("//");
  if (begin == std::string::npos) return false;
  const std::string_view host = std::string_view(url).substr(begin + 2);
  return host.substr(0, std::min(host.find_first_of("/?#"), host.size())).find('@') != std::string_view::npos;
}

// The secret is told when it is made, and never again.
boost::json::object to_json(const events::webhook& value) {
  boost::json::object out{{"id", uuid_text(value.webhook_id)},
                          {"account_id", nullptr},
                          {"url", value.url},
                          {"event_types", boost::json::array(value.event_types.begin(), value.event_types.end())},
                          {"description", value.description},
                          {"enabled", value.enabled},
                          {"created_at", value.created_at},
                          {"waiting", value.waiting},
                          {"failed", value.failed},
                          {"last_error", value.last_error}};
  if (value.account_id) out["account_id"] = uuid_text(*value.account_id);
  return out;
}

boost::json::object to_json(const events::webhook_delivery& value) {
  return {{"event", events::to_json(value.what)},
          {"attempts", value.attempts},
          {"error", value.error},
          {"due_at", value.failed_at.empty() ? boost::json::value(value.due_at) : boost::json::value(nullptr)},
          {"failed_at", value.failed_at.empty() ? boost::json::value(nullptr) : boost::json::value(value.failed_at)}};
}

reply no_webhook() {
  return problem(404, "no_webhook", "There is no such webhook.");
}

// A subscriber sees its own ones alone: another one's is not there.
bool is_theirs(const request& from, const events::webhook& value) {
  return from.by->as != role::subscriber || value.account_id == from.by->account_id;
}

maybe_webhook find_theirs(pqxx::work& tx, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto found = id ? events::find_webhook(tx, *id) : std::nullopt;
  if (found && !is_theirs(from, *found)) found.reset();
  return found;
}

// What is given takes the place of what is in `into`.
void read_settings(field_reader& fields, const request& from, events::webhook& into) {
  if (const auto url = fields.text("url", address_most_bytes)) {
    if (!is_destination(*url)) fields.complain("url", "is no http, https or mailto address");
    if (has_credentials(*url)) fields.complain("url", "has a user or a password: who sends is told by Tollgate-Signature");
    into.url = *url;
  }
  if (auto types = fields.texts("event_types")) {
    for (std::size_t i = 0; i < types->size(); ++i) {
      const bool may_hear = from.by->as != role::subscriber || is_own_event((*types)[i]);
      if (!events::is_event_type((*types)[i]) || !may_hear) fields.complain_of("event_types", i, "is no type of events");
    }
    into.event_types = std::move(*types);
  }
  into.description = fields.text("description").value_or(into.description);
  into.enabled = fields.flag("enabled").value_or(into.enabled);
}

// Few letters to a mailbox that a subscriber names, and none in the words of those who call: nobody has confirmed it.
void judge_mailbox(field_reader& fields, const request& from, const events::webhook& value) {
  if (!value.url.starts_with("mailto:") || from.by->as != role::subscriber) return;
  const auto is_of_calls = [](const std::string& type) { return type.starts_with("call.") || type.starts_with("voicemail."); };
  if (value.event_types.empty() || std::any_of(value.event_types.begin(), value.event_types.end(), is_of_calls))
    fields.complain("event_types", "must be named for a mailbox, and be none of calls or messages");
}

named_resource named(const events::webhook& of) {
  return {"webhook", uuid_text(of.webhook_id), of.account_id};
}

// Reads the webhook, changes it by `change` and answers how it is now; nothing: there is none, or it is another's.
template <class Change>
awaitable<reply> with_webhook(services& with, const request& from, Change change) {
  std::optional<std::string> name;
  const auto apply = [&](pqxx::work& tx) -> maybe_webhook {
    const auto found = find_theirs(tx, from);
    if (!found) return std::nullopt;
    change(tx, *found);
    name = external_id_of(tx, named(*found));
    return events::find_webhook(tx, found->webhook_id);
  };
  const result<maybe_webhook> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  if (!*done) co_return no_webhook();
  boost::json::object body = to_json(**done);
  put_external_id(body, name);
  co_return json_reply(200, body);
}

}  // namespace

awaitable<reply> list_webhooks(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  auto account = fields.id("account_id");
  const auto after = fields.id("after");
  const bool descending = order_of(fields, "id").descending;
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto external = fields.text("external_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (from.by->as == role::subscriber) {
    if (account && account != from.by->account_id) co_return forbidden();
    account = from.by->account_id;
  }
  const auto read = [&](pqxx::work& tx) {
    if (!external) return events::list_webhooks(tx, account, after, limit, descending);
    const auto id = parse_uuid(find_by_external_id(tx, "webhook", *external, account).value_or(""));
    const auto one = id ? events::find_webhook(tx, *id) : std::nullopt;
    return one ? std::vector<events::webhook>{*one} : std::vector<events::webhook>{};
  };
  const result<std::vector<events::webhook>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  const auto unnamed = co_await put_external_ids(with, "webhook", items);
  if (unnamed) co_return problem(unnamed);
  const bool more = !external && found->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(uuid_text(found->back().webhook_id)) : std::nullopt);
}

awaitable<reply> create_webhook(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  events::webhook wanted;
  wanted.webhook_id = fields.id("id").value_or(from.made_id ? *from.made_id : boost::uuids::random_generator()());
  wanted.account_id = fields.id("account_id");
  wanted.secret = make_secret();
  if (!fields.has("url")) fields.complain("url", "is needed");
  read_settings(fields, from, wanted);
  judge_mailbox(fields, from, wanted);
  const external_name external = read_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (from.by->as == role::subscriber) {
    if (wanted.account_id && wanted.account_id != from.by->account_id) co_return forbidden();
    wanted.account_id = from.by->account_id;
  }
  struct outcome {
    maybe_webhook now;
    bool exists = false;
  };
  const auto add = [&](pqxx::work& tx) -> result<outcome> {
    // Under an Idempotency-Key a node that ended before it answered has made it already, and nobody was told that secret.
    const bool exists = events::find_webhook(tx, wanted.webhook_id).has_value();
    if (exists && from.made_id != wanted.webhook_id) return outcome{std::nullopt, true};
    if (wanted.account_id)
      if (const auto owner = subscriber::find_subscriber(tx, *wanted.account_id); !owner) return owner.error();
    if (!events::add_webhook(tx, wanted)) return outcome{};
    if (!events::find_webhook(tx, wanted.webhook_id)) return outcome{std::nullopt, true};  // one that is being removed
    if (const auto set = set_external_id(tx, named(wanted), external); set.has_error()) return set.error();
    if (exists) events::change_secret(tx, wanted.webhook_id, wanted.secret, std::chrono::seconds(0));
    return outcome{events::find_webhook(tx, wanted.webhook_id)};
  };
  const result<outcome> made = co_await with.database.run(add);
  if (!made) co_return problem(made.error());
  if (made->exists) co_return problem(409, "webhook_exists", "There is a webhook of this id.");
  if (!made->now) co_return problem(409, "too_many_webhooks", "The account has as many webhooks as it may.");
  auto body = to_json(*made->now);
  put_external_id(body, external.name);
  body["secret"] = wanted.secret;
  reply out = json_reply(201, body);
  out.headers.emplace_back("Location", "/v1/webhooks/" + uuid_text(wanted.webhook_id));
  co_return out;
}

awaitable<reply> get_webhook(services& with, const request& from) {
  co_return co_await with_webhook(with, from, [](pqxx::work&, const events::webhook&) {});
}

awaitable<reply> change_webhook(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  events::webhook checked;
  read_settings(fields, from, checked);
  const external_name external = read_external_id(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  std::optional<reply> refused;
  const auto change = [&from, &refused, &external](pqxx::work& tx, events::webhook now) {
    auto again = field_reader::of_body(from);
    read_settings(again, from, now);
    judge_mailbox(again, from, now);
    read_external_id(again);
    refused = again.refusal();
    if (refused) return;
    const auto set = set_external_id(tx, named(now), external);
    if (set.has_error())
      refused = problem(set.error());
    else
      events::change_webhook(tx, now);
  };
  const reply changed = co_await with_webhook(with, from, change);
  co_return refused ? *refused : changed;
}

awaitable<reply> remove_webhook(services& with, const request& from) {
  const auto remove = [&](pqxx::work& tx) {
    const auto found = find_theirs(tx, from);
    if (found) forget_external_id(tx, named(*found));
    return found && events::remove_webhook(tx, found->webhook_id);
  };
  const result<bool> done = co_await with.database.run(remove, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  co_return *done ? reply{204, "", "", {}} : no_webhook();
}

awaitable<reply> rotate_webhook_secret(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const std::chrono::seconds overlap(fields.integer("overlap_s", 0, longest_overlap_s).value_or(usual_overlap_s));
  if (auto refusal = fields.refusal()) co_return *refusal;
  const std::string secret = make_secret();
  const auto rotate = [&](pqxx::work& tx) -> maybe_webhook {
    auto found = find_theirs(tx, from);
    if (found) events::change_secret(tx, found->webhook_id, secret, overlap, from.made_id);
    return found;
  };
  const result<maybe_webhook> done = co_await with.database.run(rotate);
  if (!done) co_return problem(done.error());
  if (!*done) co_return no_webhook();
  auto body = to_json(**done);
  body["secret"] = secret;
  co_return json_reply(200, body);
}

awaitable<reply> list_webhook_deliveries(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto state = fields.text("state").value_or("failed");
  if (state != "failed" && state != "waiting") fields.complain("state", "is failed or waiting");
  const auto after = fields.integer("after", 0, std::numeric_limits<std::int64_t>::max()).value_or(0);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  if (auto refusal = fields.refusal()) co_return *refusal;
  using deliveries = std::optional<std::vector<events::webhook_delivery>>;
  const auto read = [&](pqxx::work& tx) -> deliveries {
    const auto found = find_theirs(tx, from);
    if (!found) return std::nullopt;
    const auto which = state == "failed" ? events::delivery_state::failed : events::delivery_state::waiting;
    return events::list_deliveries(tx, found->webhook_id, which, after, limit);
  };
  const result<deliveries> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!*found) co_return no_webhook();
  boost::json::array items;
  for (const auto& each : **found)
    items.push_back(to_json(each));
  const bool more = (*found)->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(std::to_string((*found)->back().what.position)) : std::nullopt);
}

awaitable<reply> replay_webhook(services& with, const request& from) {
  std::optional<std::int64_t> position;
  if (!from.body.empty()) {
    auto fields = field_reader::of_body(from);
    position = fields.integer("position", 1, std::numeric_limits<std::int64_t>::max());
    if (auto refusal = fields.refusal()) co_return *refusal;
  }
  using count = std::optional<std::int64_t>;
  const auto again = [&](pqxx::work& tx) -> count {
    const auto found = find_theirs(tx, from);
    return found ? count(events::replay(tx, found->webhook_id, position)) : std::nullopt;
  };
  const result<count> done = co_await with.database.run(again, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  if (!*done) co_return no_webhook();
  co_return json_reply(202, boost::json::object{{"replayed", **done}});
}

}  // namespace tollgate::gateway::api
