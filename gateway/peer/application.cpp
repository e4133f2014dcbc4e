// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/application.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <variant>

#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/output.hpp"

namespace tollgate::gateway::peer {

namespace {

boost::asio::awaitable<exit_code> run_for(const command_context& context, const account_state& account) {
  const chosen_command& chosen = context.line.chosen;
  if (const auto* one = std::get_if<call_command>(&chosen))
    co_return co_await run_call(context, account, *one);
  if (const auto* one = std::get_if<answer_command>(&chosen))
    co_return co_await run_answer(context, account, *one);
  if (const auto* one = std::get_if<price_command>(&chosen))
    co_return co_await run_price(context, account, *one);
  if (const auto* one = std::get_if<numbers_command>(&chosen))
    co_return co_await run_numbers(context, account, *one);
  if (const auto* one = std::get_if<calls_command>(&chosen))
    co_return co_await run_calls(context, account, *one);
  if (const auto* one = std::get_if<voicemail_command>(&chosen))
    co_return co_await run_voicemail(context, account, *one);
  if (const auto* one = std::get_if<voucher_command>(&chosen))
    co_return co_await run_voucher(context, account, *one);
  if (std::holds_alternative<reactivate_command>(chosen)) co_return co_await run_reactivate(context, account);
  co_return co_await run_balance(context, account);
}

boost::asio::awaitable<exit_code> run_chosen(const command_context& context) {
  if (const auto* login = std::get_if<login_command>(&context.line.chosen))
    co_return co_await run_login(context, *login);
  const boost::system::result<account_state> account =
      state_directory(context.line.state_directory).load_account();
  if (!account) {
    const bool no_login = account.error() == make_error_code(error::not_logged_in);
    co_return report_failure(context.out, account.error(),
                             no_login ? exit_code::login_refused : exit_code::usage);
  }
  co_return co_await run_for(context, *account);
}

}  // namespace

overlay::client_options client_options_of(const command_line& line, const std::string& authority_pem) {
  overlay::client_options options;
  options.authority_pem = authority_pem;
  options.connect_deadline = std::chrono::ceil<std::chrono::seconds>(line.connect_timeout);
  options.wall_clock = [] { return std::chrono::system_clock::now(); };
  return options;
}

exit_code report_failure(output& out, const boost::system::error_code& why, exit_code code) {
  out.report("failed", {{"text", why.message()}, {"exit_code", static_cast<int>(code)}}, why.message());
  return code;
}

exit_code run(const command_line& line, std::ostream& stream, bool terminal) {
  const std::unique_ptr<output> out =
      line.json ? make_json_output(stream) : make_human_output(stream, terminal);
  boost::asio::io_context loop(1);
  const command_context context{loop.get_executor(), *out, line};
  exit_code code = exit_code::usage;
  boost::asio::co_spawn(loop, run_chosen(context), [&](std::exception_ptr failure, exit_code result) {
    code = result;
    if (failure) code = exit_code::usage;
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      out->report("failed", {{"text", error.what()}, {"exit_code", static_cast<int>(code)}}, error.what());
    }
    loop.stop();
  });
  loop.run();
  return code;
}

}  // namespace tollgate::gateway::peer
