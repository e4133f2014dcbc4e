// SPDX-License-Identifier: Apache-2.0
// price, balance and calls: one request each; a script gets the gateway's body as it is.
#include <chrono>
#include <string>
#include <utility>

#include "gateway/peer/call_charge.hpp"
#include "gateway/peer/commands.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"
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
  line += out ? "to " + text("to") : "from " + (text("from").empty() ? "withheld" : text("from"));
  line += "  " + duration_text(std::chrono::seconds(integer_member(call, "duration_ms").value_or(0) / 1000));
  line += "  " + amount_text(integer_member(call, "charged_micros").value_or(0), text("currency"));
  return line + "  " + text("reason");
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
  context.out.report("balance", *reply, sentence + ".");
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
