// SPDX-License-Identifier: Apache-2.0
#include "gateway/command_token.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <iostream>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "gateway/db/migrator.hpp"
#include "gateway/local_database.hpp"
#include "gateway/local_token.hpp"
#include "gateway/remote.hpp"
#include "gateway/text_table.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

bool is_id(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
}

int wrong_id() {
  std::cerr << "tollgate token: a token's id is a UUID; `tollgate token list` shows them\n";
  return exit_usage;
}

int print_made(const remote_answer& made, const remote_options& remote) {
  if (made.code != exit_done) return made.code;
  if (remote.json) {
    std::cout << json::serialize(made.body) << "\n";
    return exit_done;
  }
  std::cerr << "token " << text_of(made.body, "id") << " of the role " << text_of(made.body, "role")
            << ", expires: " << text_of(made.body, "expires_at") << "; it is shown this once:\n";
  std::cout << text_of(made.body, "token") << "\n";
  return exit_done;
}

remote_answer failed(int code) {
  remote_answer out;
  out.code = code;
  return out;
}

// By whoever may open the database: with a line in the audit log, of no token and from no address.
remote_answer make_locally(const configuration& settings, const new_token_options& wanted) {
  const local_token_wish wish{wanted.role, wanted.label, wanted.carrier, wanted.account, wanted.expires_in_days};
  if (!is_possible(wish)) {
    std::cerr << "tollgate token: --carrier is the id of the carrier of that role, --account that of a subscriber's account\n";
    return failed(exit_usage);
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("token"));  // standard output has the secret alone
  const auto own = settings.state_directory / "postgresql";
  if (settings.database.url.empty() && !std::filesystem::exists(own))
    std::cerr << "There is no database yet: one is made below " << own.string()
              << ". If the service has another, name it by TOLLGATE_DATABASE_URL, as /etc/tollgate/environment does.\n";
  const local_database database(settings);
  auto report = db::pending(database.url());
  if (report.ok() && report.present.empty()) report = db::migrate(database.url());
  // A gateway may be running on it: the program's own schema is not put below it by the way.
  else if (report.ok() && !report.applied.empty()) report.problem = "the database is of an older version: run tollgate migrate first";
  if (!report.ok()) {
    std::cerr << "tollgate token: " << report.problem << "\n";
    return failed(exit_failed);
  }
  auto made = make_local_token(database.url(), wish);
  if (!made) {
    std::cerr << "tollgate token: what the token is to be bound to does not exist\n";
    return failed(exit_refused);
  }
  remote_answer out;
  out.body = std::move(*made);
  return out;
}

}  // namespace

int command_token_create(const configuration& settings, const remote_options& remote,
                         const new_token_options& wanted) {
  json::object body{{"role", wanted.role}, {"label", wanted.label}};
  if (!wanted.carrier.empty()) body["carrier_id"] = wanted.carrier;
  if (!wanted.account.empty()) body["account_id"] = wanted.account;
  if (wanted.expires_in_days > 0) body["expires_in_days"] = wanted.expires_in_days;
  if (wanted.local) return print_made(make_locally(settings, wanted), remote);
  return print_made(
      ask_gateway(settings, remote,
                  {.method = "POST", .target = "/v1/api_tokens", .body = json::serialize(body)}),
      remote);
}

int command_token_list(const configuration& settings, const remote_options& remote, const listed_token_options& which) {
  if (!which.account.empty() && !is_id(which.account)) return wrong_id();
  const std::string filter = (which.role.empty() ? "" : "&role=" + which.role) + (which.account.empty() ? "" : "&account_id=" + which.account);
  const remote_answer found = ask_gateway(settings, remote, {.target = "/v1/api_tokens?limit=1000" + filter});
  if (found.code != exit_done) return found.code;
  if (remote.json) {
    std::cout << json::serialize(found.body) << "\n";
    return exit_done;
  }
  const json::value* const items = found.body.if_contains("items");
  if (items == nullptr || !items->is_array()) return exit_failed;
  static constexpr table_column columns[] = {{"token", "id"},
                                             {"role", "role"},
                                             {"account", "account_id"},
                                             {"carrier", "carrier_id"},
                                             {"expires", "expires_at"},
                                             {"revoked", "revoked_at"},
                                             {"label", "label"}};
  print_table(std::cout, columns, items->get_array());
  return exit_done;
}

int command_token_rotate(const configuration& settings, const remote_options& remote,
                         const std::string& token_id, int overlap_s) {
  if (!is_id(token_id)) return wrong_id();
  const json::object body{{"overlap_s", overlap_s}};
  return print_made(ask_gateway(settings, remote,
                                {.method = "POST",
                                 .target = "/v1/api_tokens/" + token_id + "/rotation",
                                 .body = json::serialize(body)}),
                    remote);
}

int command_token_revoke(const configuration& settings, const remote_options& remote,
                         const std::string& token_id) {
  if (!is_id(token_id)) return wrong_id();
  const remote_answer done =
      ask_gateway(settings, remote, {.method = "DELETE", .target = "/v1/api_tokens/" + token_id});
  if (done.code == exit_done) std::cout << "revoked " << token_id << "\n";
  return done.code;
}

}  // namespace tollgate::gateway
