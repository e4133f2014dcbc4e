// SPDX-License-Identifier: Apache-2.0
// Lists of numbers against the inventory.
#include "voicemail/number_import.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/credit_life.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "voicemail/number_row.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::number::phone_number;

constexpr std::chrono::days replacement_kept{30};

// Everything is tried, so that every mistake is found, and then taken back unless all of it is to stay.
class trial {
 public:
  explicit trial(pqxx::transaction_base& tx) : tx_(tx) { tx_.exec("SAVEPOINT import_trial"); }
  void end(bool keep) {
    tx_.exec(keep ? "RELEASE SAVEPOINT import_trial" : "ROLLBACK TO SAVEPOINT import_trial");
  }

 private:
  pqxx::transaction_base& tx_;
};

void tell_owner(pqxx::transaction_base& tx, const number_record& number, const std::optional<phone_number>& replacement,
                system_clock::time_point now) {
  const auto order = number.order_id ? sql::text(*number.order_id) : std::string{};
  billing::add_event(tx, *number.account_id, "number_withdrawn/" + number.number.e164() + "/" + order, "number_withdrawn",
                     "{\"number\":\"" + number.number.e164() + "\",\"replacement\":" +
                         (replacement ? "\"" + replacement->e164() + "\"" : std::string("null")) + "}",
                     now);
}

// "" or what is wrong.
std::string withdraw(pqxx::transaction_base& tx, const import_row& row, system_clock::time_point now) {
  const auto found = lock_number(tx, row.number);
  if (!found) return "number_unknown";
  if (!may_follow(found->state, number_state::withdrawn)) return "number_withdrawn";
  if (found->state == number_state::assigned) {
    const auto given = refund_term(tx, row.number, false, now);
    if (!given && given.error() != error::nothing_unused) return code_text(static_cast<error>(given.error().value()));
  }
  leave_stock(tx, row.number, number_state::withdrawn);
  // Also who could have had it back from quarantine is told.
  const bool owned = found->state == number_state::assigned || found->state == number_state::grace ||
                     (found->state == number_state::quarantined && found->account_id);
  if (!owned) return {};
  if (row.replacement && !reserve_number(tx, *row.replacement, *found->account_id, now + replacement_kept, now))
    return "replacement_unavailable";
  tell_owner(tx, *found, row.replacement, now);
  return {};
}

}  // namespace

import_report import_numbers(pqxx::transaction_base& tx, const import_list& list,
                             const std::map<std::string, boost::uuids::uuid>& trunks, bool dry_run) {
  import_report report{.done = 0, .errors = list.errors};
  trial all(tx);
  for (const auto& row : list.rows) {
    new_number number{.number = row.number, .area = row.area, .trunk_id = {}};
    if (!row.trunk.empty()) {
      const auto trunk = trunks.find(row.trunk);
      if (trunk == trunks.end()) {
        report.errors.push_back({row.line, "trunk_unknown"});
        continue;
      }
      number.trunk_id = trunk->second;
    }
    if (!add_number(tx, number)) {
      report.errors.push_back({row.line, code_text(error::number_exists)});
      continue;
    }
    ++report.done;
    for (const auto& price : row.prices)
      if (const auto set = set_number_price(tx, row.number, price); !set) {
        report.errors.push_back({row.line, code_text(static_cast<error>(set.error().value()))});
        break;
      }
  }
  all.end(report.errors.empty() && !dry_run);
  return report;
}

import_report withdraw_numbers(pqxx::transaction_base& tx, const import_list& list, bool dry_run,
                               system_clock::time_point now) {
  import_report report{.done = 0, .errors = list.errors};
  trial all(tx);
  for (const auto& row : list.rows) {
    const auto wrong = withdraw(tx, row, now);
    if (wrong.empty())
      ++report.done;
    else
      report.errors.push_back({row.line, wrong});
  }
  all.end(report.errors.empty() && !dry_run);
  return report;
}

}  // namespace tollgate::voicemail
