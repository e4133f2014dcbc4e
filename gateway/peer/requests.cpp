// SPDX-License-Identifier: Apache-2.0
// price, balance, voucher, reactivate and calls: one request each; a script gets the gateway's body as it is.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>

#include "gateway/peer/call_charge.hpp"
#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"
#include "gateway/peer/state_directory.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

namespace {

using overlay::answer;

/// Connects, asks once, disconnects.
boost::asio::awaitable<answer<boost::json::object>> ask(const command_context& context,
                                                        const account_state& account, std::string type,
                                                        boost::json::object body) {
  request_connection connection(context.executor, client_options_of(context.line, account.authority_pem));
  const auto opened = co_await connection.open(account);
  if (!opened) co_return opened.error();
  auto reply = co_await connection.client().request(std::move(type), std::move(body));
  co_await connection.client().close();
  co_return reply;
}

std::string call_line(const boost::json::object& call) {
  const auto text = [&](const char* key) { return text_member(call, key).value_or(""); };
  const bool out = text("direction") == "out";
  std::string line = text("started") + "  " + text("direction") + "  ";
  line += out ? "to " + text("to") : "from " + caller_text(text("from"), "", text("from_verdict"));
  line += "  " + duration_text(std::chrono::seconds(integer_member(call, "duration_ms").value_or(0) / 1000));
  line += "  " + amount_text(integer_member(call, "charged_micros").value_or(0), text("currency"));
  return line + "  " + text("reason");
}

/// From the file, or else typed (or piped) in: a PIN is money, and no argument that others can see. Errors:
/// error::no_passphrase (an empty line), error::state_unreadable (the file).
boost::system::result<std::string> read_voucher_pin(const std::string& file) {
  std::string pin;
  if (file.empty()) {
    std::cerr << "PIN of the voucher: " << std::flush;
    std::getline(std::cin, pin);
  } else {
    const boost::system::result<std::string> text = read_small_file(file);
    if (!text) return text.error();
    pin = *text;
  }
  pin.resize(std::min(pin.find_first_of("\r\n"), pin.size()));
  if (pin.empty()) return error::no_passphrase;
  return pin;
}

}  // namespace

boost::asio::awaitable<exit_code> run_price(const command_context& context, const account_state& account,
                                            const price_command& command) {
  boost::json::object body{{"number", command.number}};
  const auto reply = co_await ask(context, account, "rate", std::move(body));
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  call_charge charge;
  charge.learn(*reply);
  const std::string number = text_member(*reply, "number").value_or(command.number);
  context.out.report("price", *reply, number + ": " + charge.price_text() + ".");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> run_balance(const command_context& context, const account_state& account) {
  const auto reply = co_await ask(context, account, "balance", {});
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  const std::string currency = text_member(*reply, "currency").value_or("");
  std::string sentence =
      "Credit " + amount_text(integer_member(*reply, "available_micros").value_or(0), currency);
  const std::int64_t held = integer_member(*reply, "held_micros").value_or(0);
  if (held > 0) sentence += " (and " + amount_text(held, currency) + " held for calls)";
  sentence += ".";
  const std::int64_t inactive = integer_member(*reply, "inactive_micros").value_or(0);
  if (inactive > 0)
    sentence += " " + amount_text(inactive, currency) + " has become inactive: `tollgate-peer reactivate` frees it.";
  if (const auto lapses = text_member(*reply, "lapses_at"))
    sentence += " Without a call or top-up it becomes inactive on " + lapses->substr(0, 10) + ".";
  context.out.report("balance", *reply, sentence);
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> run_voucher(const command_context& context, const account_state& account,
                                              const voucher_command& command) {
  const auto pin = read_voucher_pin(command.pin_file);
  if (!pin) co_return report_failure(context.out, pin.error(), exit_code::usage);
  boost::json::object body{{"pin", *pin}};
  const auto reply = co_await ask(context, account, "voucher", std::move(body));
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  context.out.report("voucher", *reply,
                     "Redeemed: " + text_member(*reply, "value").value_or("") + "; credit " +
                         text_member(*reply, "balance").value_or("") + ".");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> run_reactivate(const command_context& context,
                                                 const account_state& account) {
  const auto reply = co_await ask(context, account, "reactivate", {});
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  context.out.report("reactivated", *reply,
                     "Free again: " + text_member(*reply, "reactivated").value_or("") + "; credit " +
                         text_member(*reply, "balance").value_or("") + ".");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> run_calls(const command_context& context, const account_state& account,
                                            const calls_command& command) {
  boost::json::object body{{"limit", command.limit}};
  const auto reply = co_await ask(context, account, "calls", std::move(body));
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  std::string sentence;
  if (const boost::json::value* calls = reply->if_contains("calls"); calls != nullptr && calls->is_array()) {
    for (const boost::json::value& call : calls->get_array()) {
      if (call.is_object()) sentence += (sentence.empty() ? "" : "\n") + call_line(call.get_object());
    }
  }
  context.out.report("calls", *reply, sentence.empty() ? "No calls yet." : sentence);
  co_return exit_code::ok;
}

}  // namespace tollgate::gateway::peer
