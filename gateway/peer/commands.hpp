// SPDX-License-Identifier: Apache-2.0
// Each command of tollgate-peer as a coroutine that reports what happens and returns the exit code.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "gateway/overlay/client.hpp"
#include "gateway/peer/command_line.hpp"
#include "gateway/peer/exit_code.hpp"
#include "gateway/peer/output.hpp"
#include "gateway/peer/state_directory.hpp"

namespace tollgate::gateway::peer {

/// What every command needs; all of it outlives the commands.
struct command_context {
  boost::asio::any_io_executor executor;
  output& out;
  const command_line& line;
};

boost::asio::awaitable<exit_code> run_login(const command_context& context, const login_command& command);

/// The rest are for a subscriber who has logged in.
boost::asio::awaitable<exit_code> run_call(const command_context& context, const account_state& account,
                                           const call_command& command);
boost::asio::awaitable<exit_code> run_answer(const command_context& context, const account_state& account,
                                             const answer_command& command);
boost::asio::awaitable<exit_code> run_price(const command_context& context, const account_state& account,
                                            const price_command& command);
boost::asio::awaitable<exit_code> run_balance(const command_context& context, const account_state& account);
boost::asio::awaitable<exit_code> run_calls(const command_context& context, const account_state& account,
                                            const calls_command& command);
boost::asio::awaitable<exit_code> run_voucher(const command_context& context, const account_state& account,
                                              const voucher_command& command);
boost::asio::awaitable<exit_code> run_reactivate(const command_context& context,
                                                 const account_state& account);
boost::asio::awaitable<exit_code> run_numbers(const command_context& context, const account_state& account,
                                              const numbers_command& command);
boost::asio::awaitable<exit_code> run_voicemail(const command_context& context, const account_state& account,
                                                const voicemail_command& command);

/// The client's options for this command line and authority.
overlay::client_options client_options_of(const command_line& line, const std::string& authority_pem);

/// Reports an error of our own ({"event":"failed"}) and returns `code`.
exit_code report_failure(output& out, const boost::system::error_code& why, exit_code code);

}  // namespace tollgate::gateway::peer
