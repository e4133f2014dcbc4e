// SPDX-License-Identifier: Apache-2.0
// An account's devices that are attached to this node, and the end of what all of its devices may log in with.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/api_token.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using subscriber::subscriber_record;

reply no_account() {
  return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
}

// Where a subscriber's devices are is for operators.
boost::json::object to_json(const attached_device& device, bool with_address) {
  boost::json::object out{{"id", device.id}, {"device", device.device}, {"kind", device.from_browser ? "browser" : "program"}};
  put_time(out, "since", device.since);
  if (with_address) out["address"] = device.address;
  return out;
}

}  // namespace

awaitable<reply> list_devices(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto read = [&](pqxx::work& tx) { return subscriber::find_subscriber(tx, *id); };
  const result<subscriber_record> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  const bool with_address = !from.by || from.by->as != role::subscriber;
  boost::json::array items;
  for (const attached_device& each : with.gateway.devices(*id))
    items.push_back(to_json(each, with_address));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> disconnect_device(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id || !with.gateway.disconnect(*id, from.parameters[1]))
    co_return problem(404, "no_device", "There is no such device of this account on this node.");
  co_return reply{.status = 204, .content_type = "", .body = "", .headers = {}};
}

awaitable<reply> revoke_credentials(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto revoke = [&](pqxx::work& tx) {
    const auto changed = subscriber::revoke_credentials(tx, *id);
    if (changed) revoke_tokens_of(tx, *id);
    // Whoever had the pass-phrase may have made them, to hear of every call.
    if (changed) tx.exec_params0("UPDATE gateway.webhook SET enabled = false WHERE account_id = $1 AND removed_at IS NULL", uuid_text(*id));
    return changed;
  };
  const result<subscriber_record> changed = co_await with.database.run(revoke, db::run_options{.idempotent = true});
  if (!changed) co_return problem(changed.error());
  with.authority.forget();
  with.gateway.account_revoked(*id);
  co_return json_reply(200, boost::json::object{{"account_id", uuid_text(*id)}, {"name", changed->name}});
}

}  // namespace tollgate::gateway::api
