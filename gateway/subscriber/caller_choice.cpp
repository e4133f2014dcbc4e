// SPDX-License-Identifier: Apache-2.0
#include "gateway/subscriber/caller_choice.hpp"

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/pqxx>
#include <tuple>

namespace tollgate::gateway::subscriber {
namespace {

using boost::system::result;

constexpr std::size_t most_verified = 100;

std::string array_literal(const std::vector<pstn::phone_number>& numbers) {
  std::string literal = "{";
  for (const auto& number : numbers)
    literal += (literal.size() > 1 ? "," : "") + number.e164();
  return literal + "}";
}

bool holds(const std::vector<pstn::phone_number>& numbers, const pstn::phone_number& wanted) {
  return std::ranges::find(numbers, wanted) != numbers.end();
}

}  // namespace

caller_choice find_caller_choice(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows =
      tx.exec_params("SELECT verified, shown, withheld FROM gateway.caller_choice WHERE account_id = $1",
                     to_string(account_id));
  caller_choice found;
  if (rows.empty()) return found;
  pqxx::array_parser parser{rows[0]["verified"].c_str()};
  for (auto [juncture, value] = parser.get_next(); juncture != pqxx::array_parser::juncture::done;
       std::tie(juncture, value) = parser.get_next()) {
    if (juncture != pqxx::array_parser::juncture::string_value) continue;
    if (const auto number = pstn::phone_number::parse(value)) found.verified.push_back(*number);
  }
  if (!rows[0]["shown"].is_null())
    if (const auto number = pstn::phone_number::parse(rows[0]["shown"].c_str())) found.shown = *number;
  found.withheld = rows[0]["withheld"].as<bool>();
  return found;
}

result<void> set_caller_choice(pqxx::transaction_base& tx, const uuid& account_id,
                               const caller_choice& choice) {
  if (choice.verified.size() > most_verified) return errc::setting_out_of_range;
  const auto shown = choice.shown ? std::optional{choice.shown->e164()} : std::nullopt;
  const auto done = tx.exec_params(
      R"(INSERT INTO gateway.caller_choice (account_id, verified, shown, withheld)
         SELECT account_id, $2::text[], $3, $4::boolean FROM gateway.subscriber WHERE account_id = $1::uuid
         ON CONFLICT (account_id) DO UPDATE SET verified = excluded.verified, shown = excluded.shown,
           withheld = excluded.withheld, changed_at = now())",
      to_string(account_id), array_literal(choice.verified), shown, choice.withheld);
  if (done.affected_rows() == 0) return errc::no_subscriber;
  return {};
}

std::optional<pstn::phone_number> shown_number(const caller_choice& choice,
                                               const std::vector<pstn::phone_number>& rented) {
  if (choice.shown && (holds(rented, *choice.shown) || holds(choice.verified, *choice.shown)))
    return choice.shown;
  if (!rented.empty()) return rented.front();
  if (!choice.verified.empty()) return choice.verified.front();
  return std::nullopt;
}

}  // namespace tollgate::gateway::subscriber
