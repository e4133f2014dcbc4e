// SPDX-License-Identifier: Apache-2.0
#include "billing/csv.hpp"
#include "billing/rate_deck.hpp"
#include "billing/reconciliation.hpp"
#include "billing/stop_record.hpp"
#include "target.hpp"
#include "voicemail/number_import.hpp"

namespace tollgate::fuzz {
namespace {

bool read_csv(std::string_view text) {
  bool all = true;
  while (!text.empty()) {
    const std::size_t before = text.size();
    const std::string line = billing::csv::take_record(text, ',').text;
    insist(text.size() < before, "a record takes something off the text");
    std::vector<std::string> fields, again;
    if (billing::csv::split(line, ',', fields) != nullptr) {
      all = false;
      continue;
    }
    std::string written;
    for (std::size_t i = 0; i < fields.size(); ++i)
      written += (i == 0 ? "" : ",") + billing::csv::field(fields[i]);
    insist(billing::csv::split(written, ',', again) == nullptr && again == fields,
           "fields come back as they were");
  }
  return all;
}

std::string stop_record_example() {
  billing::stop_record record;
  record.caller = "+16505550100";
  record.callee = "+442079460958";
  record.talk = std::chrono::milliseconds(1234);
  record.trunk = "landline \"\xc3\xa9";
  record.reason = "normal";
  billing::trunk_attempt attempt;
  attempt.trunk = "landline";
  attempt.sip_code = 200;
  record.attempts.push_back(attempt);
  return to_json(record);
}

bool read_stop_record(std::string_view text) {
  const auto record = billing::parse_stop_record(text);
  if (!record) return false;
  const std::string written = to_json(*record);  // what is too long is cut here
  const auto again = billing::parse_stop_record(written);
  insist(again.has_value() && to_json(*again) == written, "a record comes back as it was");
  return true;
}

}  // namespace

std::vector<target> money_targets() {
  return {
      {"csv", {"a,b,c\r\n\"x\"\"y\",,z\n", "\"a\",\"b,c\"\n1;2;3\n"}, read_csv},
      {"rate_deck",
       {"prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s\n44,United "
        "Kingdom,0.60,0,1,1\n442079460999,Dear,30,0.039,60,60\n"},
       [](std::string_view text) { return billing::parse_deck(text).problems.empty(); }},
      {"carrier_csv",
       {"answered_at,number,duration,cost\n2026-11-26T15:00:00Z,+442079460958,61,0.034\n",
        "start_time;called_number;billsec\n2026-11-26 15:00:00;442079460958;61\n"},
       [](std::string_view text) { return billing::parse_carrier_csv(text).problems.empty(); }},
      {"number_list",
       {"number,area,trunk\n+16505550100,San Francisco,one\n+442079460958,,\n",
        "number,replacement\n+16505550100,+16505550101\n"},
       [](std::string_view text) {
         const bool one = voicemail::read_number_list(text).errors.empty();
         return voicemail::read_withdrawal_list(text).errors.empty() || one;
       }},
      {"stop_record", {stop_record_example()}, read_stop_record},
  };
}

}  // namespace tollgate::fuzz
