// SPDX-License-Identifier: Apache-2.0
#include "voicemail/inbound_rules.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/number_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using pstn::number::phone_number;

bool is_caller_pattern(std::string_view text) noexcept {
  if (!text.starts_with('+')) return false;
  text.remove_prefix(1);
  if (text.ends_with('*')) text.remove_suffix(1);
  if (text.empty() || text.size() > phone_number::most_digits || text.front() == '0') return false;
  return std::all_of(text.begin(), text.end(), [](char one) { return one >= '0' && one <= '9'; });
}

namespace {

// Numbers that others serve: a call to one does not come back to us by itself.
constexpr const char* not_ours =
    " AND NOT EXISTS (SELECT FROM voicemail.number n WHERE n.number = target AND n.state NOT IN ('ported_out', 'withdrawn'))";

std::vector<forward_target> read_targets(pqxx::transaction_base& tx, const phone_number& number, const char* beside) {
  std::vector<forward_target> targets;
  const auto query = std::string("SELECT target, situations, ring_s FROM voicemail.forward_target WHERE number = $1") + beside;
  for (const auto& row : tx.exec_params(query + " ORDER BY place", number.e164()))
    if (const auto target = phone_number::parse(row[0].c_str()))
      targets.push_back({*target, row[1].as<unsigned>(), std::chrono::seconds{row[2].as<int>()}});
  return targets;
}

}  // namespace

inbound_rules find_rules(pqxx::transaction_base& tx, const phone_number& number) {
  inbound_rules rules;
  const auto rows = tx.exec_params(
      "SELECT do_not_disturb, refuse_anonymous, coalesce(time_zone, voicemail.zone_of((SELECT account_id FROM voicemail.number WHERE "
      "number = $1))) FROM (SELECT) one LEFT JOIN voicemail.inbound_rules ON number = $1",
      number.e164());
  rules.time_zone = rows[0][2].c_str();
  if (rows[0][0].is_null()) return rules;
  rules.do_not_disturb = rows[0][0].as<bool>();
  rules.refuse_anonymous = rows[0][1].as<bool>();
  for (const auto& row :
       tx.exec_params("SELECT pattern FROM voicemail.blocked_caller WHERE number = $1 ORDER BY pattern", number.e164()))
    rules.blocked.emplace_back(row[0].c_str());
  for (const auto& row : tx.exec_params(
           "SELECT days, from_minute, to_minute FROM voicemail.quiet_period WHERE number = $1 ORDER BY place", number.e164()))
    rules.quiet.push_back({.days = row[0].as<unsigned>(),
                           .from = std::chrono::minutes{row[1].as<int>()},
                           .to = std::chrono::minutes{row[2].as<int>()}});
  rules.forward = read_targets(tx, number, "");
  return rules;
}

std::vector<forward_target> find_forwarding(pqxx::transaction_base& tx, const phone_number& number) {
  return read_targets(tx, number, not_ours);
}

boost::system::result<void> set_rules(pqxx::transaction_base& tx, const phone_number& number, const inbound_rules& rules) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  if (!rules.time_zone.empty() &&
      tx.exec_params("SELECT 1 FROM pg_timezone_names WHERE name = $1", rules.time_zone).empty())
    return error::time_zone_unknown;
  tx.exec_params("DELETE FROM voicemail.inbound_rules WHERE number = $1", number.e164());
  // Written back as it was read, the owner's time stays the owner's.
  const sql::nullable owner{found->account_id};
  tx.exec_params(
      "INSERT INTO voicemail.inbound_rules (number, do_not_disturb, refuse_anonymous, time_zone) VALUES ($1, $2, $3, "
      "nullif(nullif($4, ''), voicemail.zone_of($5)))",
      number.e164(), rules.do_not_disturb, rules.refuse_anonymous, rules.time_zone, owner.get());
  for (const auto& pattern : rules.blocked)
    tx.exec_params("INSERT INTO voicemail.blocked_caller (number, pattern) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                   number.e164(), pattern);
  int place = 0;
  for (const auto& period : rules.quiet)
    tx.exec_params(
        "INSERT INTO voicemail.quiet_period (number, place, days, from_minute, to_minute) VALUES ($1, $2, $3, $4, $5)",
        number.e164(), place++, static_cast<int>(period.days), static_cast<int>(period.from.count()),
        static_cast<int>(period.to.count()));
  place = 0;
  for (const auto& each : rules.forward)
    tx.exec_params(
        "INSERT INTO voicemail.forward_target (number, place, target, situations, ring_s) VALUES ($1, $2, $3, $4, $5)",
        number.e164(), place++, each.number.e164(), static_cast<int>(each.situations), static_cast<int>(each.ring_for.count()));
  if (read_targets(tx, number, not_ours).size() != rules.forward.size()) return error::forward_loop;
  return {};
}

inbound_verdict judge_caller(pqxx::transaction_base& tx, const phone_number& number, std::string_view caller,
                             std::chrono::system_clock::time_point now) {
  const auto rows = tx.exec_params("SELECT voicemail.judge_caller($1, $2, voicemail.to_time($3))", number.e164(),
                                   std::string(caller), sql::micros(now));
  const std::string_view verdict = rows[0][0].c_str();
  if (verdict == "refuse") return inbound_verdict::refuse;
  return verdict == "mailbox" ? inbound_verdict::mailbox : inbound_verdict::ring;
}

}  // namespace tollgate::voicemail
