// SPDX-License-Identifier: Apache-2.0
// numbers list, set, terms, renew, rent: requests of type "numbers" (overlay/wire.md).
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "gateway/overlay/frame.hpp"
#include "gateway/peer/commands.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {
namespace {

namespace json = boost::json;

bool is_true(const json::object& body, const char* key) {
  const auto* const value = body.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

// "; forward: a, b", or nothing.
std::string listed(const json::object& body, const char* key, const std::string& called) {
  std::string texts;
  if (const auto* const list = body.if_contains(key); list != nullptr && list->is_array())
    for (const auto& one : list->get_array())
      if (one.is_string()) texts += (texts.empty() ? "" : ", ") + std::string(one.get_string());
  return texts.empty() ? "" : "\n    " + called + ": " + texts;
}

std::string number_line(const json::object& number) {
  const auto text = [&](const char* key) { return text_member(number, key).value_or(""); };
  std::string line = text("number") + "  " + text("area") + "  " + text("state");
  if (number.contains("paid_until")) line += "  paid until " + text("paid_until").substr(0, 10);
  if (number.contains("until")) line += "  kept until " + text("until").substr(0, 10);
  const bool rented = text("state") == "assigned" || text("state") == "grace";
  if (!rented) return line;
  for (const auto& [key, word] : {std::pair{"auto_renew", "renewed by itself"},
                                  {"voicemail", "voicemail"},
                                  {"do_not_disturb", "do not disturb"},
                                  {"refuse_anonymous", "refuses withheld numbers"}})
    if (is_true(number, key)) line += std::string(", ") + word;
  if (const auto ring = integer_member(number, "ring_timeout_s"))
    line += ", rings " + std::to_string(*ring) + " s";
  line += listed(number, "forward", "forwarded to") +
          listed(number, "quiet", "quiet (" + text("time_zone") + ")");
  if (number.contains("blocked")) return line + listed(number, "blocked", "blocked");
  if (const auto blocked = integer_member(number, "blocked_count").value_or(0); blocked > 0)
    line += "\n    blocked: " + std::to_string(blocked) + " callers";
  return line;
}

std::string sentence_of(numbers_operation operation, const json::object& reply) {
  std::string lines;
  const auto each = [&](const char* key, const auto& line) {
    if (const auto* const list = reply.if_contains(key); list != nullptr && list->is_array())
      for (const auto& one : list->get_array())
        if (one.is_object()) lines += (lines.empty() ? "" : "\n") + line(one.get_object());
  };
  switch (operation) {
    case numbers_operation::list:
      each("numbers", number_line);
      return lines.empty() ? "You have no numbers." : lines;
    case numbers_operation::terms:
      each("terms", [](const json::object& term) {
        return std::to_string(integer_member(term, "months").value_or(0)) + " months: " +
               amount_text(integer_member(term, "price_micros").value_or(0),
                           text_member(term, "currency").value_or(""));
      });
      return lines.empty() ? "It has no price in your currency." : lines;
    case numbers_operation::renew:
    case numbers_operation::rent:
      return number_line(reply) + "\nCharged: " +
             amount_text(integer_member(reply, "charged_micros").value_or(0),
                         text_member(reply, "currency").value_or("")) +
             (is_true(reply, "repeated") ? " (before)." : ".");
    case numbers_operation::set:
      return number_line(reply);
  }
  return {};
}

void put_list(json::object& body, const char* key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::array list;
  if (texts != std::vector<std::string>{"none"})
    for (const auto& one : texts)
      list.emplace_back(one);
  body[key] = std::move(list);
}

json::object body_of(const numbers_command& command) {
  json::object body;
  if (command.operation == numbers_operation::list) return body;
  body["number"] = command.number;
  if (command.operation == numbers_operation::terms) body["op"] = "terms";
  if (command.operation == numbers_operation::renew) body["op"] = "renew";
  if (command.operation == numbers_operation::rent) {
    body["op"] = "rent";
    body["term_months"] = command.term_months;
    body["order"] = command.order.empty() ? overlay::make_call_id() : command.order;
  }
  if (command.auto_renew) body["auto_renew"] = *command.auto_renew;
  if (command.voicemail) body["voicemail"] = *command.voicemail;
  if (command.do_not_disturb) body["do_not_disturb"] = *command.do_not_disturb;
  if (command.refuse_anonymous) body["refuse_anonymous"] = *command.refuse_anonymous;
  if (command.ring_timeout_s) body["ring_timeout_s"] = *command.ring_timeout_s;
  if (command.time_zone) body["time_zone"] = *command.time_zone;
  put_list(body, "forward", command.forward);
  put_list(body, "quiet", command.quiet);
  put_list(body, "block", command.block);
  put_list(body, "unblock", command.unblock);
  return body;
}

}  // namespace

boost::asio::awaitable<exit_code> run_numbers(const command_context& context, const account_state& account,
                                              const numbers_command& command) {
  request_connection connection(context.executor, client_options_of(context.line, account.authority_pem));
  const auto opened = co_await connection.open(account);
  if (!opened) co_return report_refusal(context.out, opened.error(), exit_code::login_refused);
  auto body = body_of(command);
  const auto reply = co_await connection.client().request("numbers", std::move(body));
  co_await connection.client().close();
  if (!reply) co_return report_refusal(context.out, reply.error(), exit_code::call_refused);
  const bool many =
      command.operation == numbers_operation::list || command.operation == numbers_operation::terms;
  context.out.report(many ? "numbers" : "number", *reply, sentence_of(command.operation, *reply));
  co_return exit_code::ok;
}

}  // namespace tollgate::gateway::peer
