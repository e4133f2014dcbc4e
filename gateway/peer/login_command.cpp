// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>
#include <utility>

#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/passphrase.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"

namespace tollgate::gateway::peer {

namespace {

/// The device's key of an earlier log-in, or a fresh one: a device keeps its key.
overlay::private_key device_key(const state_directory& state) {
  const auto account = state.load_account();
  return account ? account->identity.device : overlay::private_key::generate();
}

}  // namespace

boost::asio::awaitable<exit_code> run_login(const command_context& context, const login_command& command) {
  const auto authority = read_small_file(command.authority_file);
  if (!authority) {
    context.out.report("failed", {{"text", "cannot read " + command.authority_file}, {"exit_code", 1}},
                       "Cannot read " + command.authority_file + ".");
    co_return exit_code::usage;
  }
  const auto passphrase = obtain_passphrase(command.passphrase_file, command.name);
  if (!passphrase) co_return report_failure(context.out, passphrase.error(), exit_code::usage);

  request_connection connection(context.executor, client_options_of(context.line, *authority));
  const auto connected = co_await connection.client().connect(command.gateway);
  if (!connected) co_return report_refusal(context.out, connected.error(), exit_code::cannot_connect);
  const state_directory state(context.line.state_directory);
  auto identity = co_await connection.client().log_in(command.name, *passphrase, device_key(state));
  co_await connection.client().close();
  if (!identity) co_return report_refusal(context.out, identity.error(), exit_code::login_refused);

  const account_state account{command.gateway, *authority, std::move(*identity)};
  const auto saved = state.save_account(account);
  if (!saved) co_return report_failure(context.out, saved.error(), exit_code::usage);
  const auto expires =
      std::chrono::duration_cast<std::chrono::seconds>(account.identity.expires_at.time_since_epoch());
  context.out.report("logged_in",
                     {{"name", account.identity.name},
                      {"gateway", account.gateway},
                      {"device", account.identity.device.public_part().thumbprint()},
                      {"expires_at", expires.count()}},
                     "Logged in as " + account.identity.name + " for 24 hours.");
  co_return exit_code::ok;
}

}  // namespace tollgate::gateway::peer
