// SPDX-License-Identifier: Apache-2.0
// A subscriber's own new pass-phrase: whoever knows the old one sets it, by the log-in desk with its lock-outs.
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/own_credentials.hpp"
#include "gateway/api/token_steps.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/error.hpp"
#include "gateway/subscriber/login.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {

using boost::asio::awaitable;
using boost::system::result;
using subscriber::subscriber_record;

awaitable<reply> change_passphrase(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const std::string old = fields.needed_text("old_passphrase", 256);
  std::string wanted = fields.needed_text("new_passphrase", 256);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
  const auto read = [&](pqxx::work& tx) { return subscriber::find_subscriber(tx, *id); };
  const result<subscriber_record> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  const result<subscriber_record> who = co_await with.logins.check(found->name, old, from.address);
  // Its token is good: 401 would tell a program to get another.
  if (!who && who.error() == subscriber::errc::wrong_passphrase) co_return problem(403, "wrong_passphrase", "The old pass-phrase is another.");
  if (!who) co_return problem(who.error());
  if (who->account_id != *id) co_return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));  // the name has changed hands
  subscriber::subscriber_change change;
  const result<std::string> hash = co_await with.hasher.hash(std::move(wanted));
  if (!hash) co_return problem(hash.error());
  change.passphrase_hash = *hash;
  std::optional<uuid> own;
  if (from.by->account_id) own = from.by->token_id;
  const auto apply = [&](pqxx::work& tx) -> result<subscriber_record> {
    // It may have been changed, or the account shut, since the old one was looked at.
    const auto still = tx.exec_params(
        "SELECT FROM gateway.subscriber WHERE account_id = $1 AND credential_generation = $2 AND status = 'active' FOR UPDATE",
        uuid_text(*id), who->credential_generation);
    if (still.empty()) return subscriber::make_error_code(subscriber::errc::wrong_passphrase);
    const auto changed = subscriber::change_subscriber(tx, *id, change);
    if (changed) revoke_other_tokens(tx, *id, own);
    return changed;
  };
  const result<subscriber_record> changed = co_await with.database.run(apply);
  if (!changed && changed.error() == subscriber::errc::wrong_passphrase) co_return problem(403, "wrong_passphrase", "The old pass-phrase is another.");
  if (!changed) co_return problem(changed.error());
  with.authority.forget();
  with.gateway.account_revoked(*id);
  co_return json_reply(200, boost::json::object{{"account_id", uuid_text(*id)}, {"name", changed->name}});
}

}  // namespace tollgate::gateway::api
