// SPDX-License-Identifier: Apache-2.0
// An oracle for one account: what the ledger must answer to each step and hold afterwards, by the rules of
// billing/README.md alone. It shares no code with billing/ or its SQL: prices are counted second by second.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tollgate::billing::oracle {

struct terms {
  std::int64_t fee = 0, per_minute = 0;  // micro-units
  int initial_s = 60, next_s = 60, free_start_s = 0, included_s = 0;
};

enum class kind { open, extend, report, settle, abandon, pay, refund, give };

// One step as it is asked, with the parameters that its kind needs.
struct operation {
  kind what = kind::open;
  int call = 0;              // or the payment, or the gift
  int request = 0;           // of an extension; of a refund: its own id
  std::int64_t amount = 0;   // wanted, more, paid, refunded, given
  std::int64_t used_ms = 0;  // report and extension: in whole seconds; settlement: the talk
};

// What was answered: a status and up to two amounts.
struct answer {
  std::string status;
  std::int64_t first = 0, second = 0;
  bool operator==(const answer&) const = default;
};
std::string to_string(const operation& asked);
std::string to_string(const answer& given);

struct hold {
  std::int64_t amount = 0;
  int request = 0;
  std::int64_t used_s = 0;
  bool operator==(const hold&) const = default;
};
struct record {
  std::string settled_by;
  std::int64_t held = 0, charged = 0, billed_s = 0;
  bool operator==(const record&) const = default;
};

struct account {
  terms rate;
  std::int64_t posted = 0;
  int entries = 0;
  std::map<int, hold> holds;
  std::map<int, record> records;
  std::map<int, std::int64_t> payments, gifts;
  std::map<int, std::pair<int, std::int64_t>> refunds;  // of a payment, and how much

  std::int64_t held() const;
  std::int64_t available() const { return posted - held(); }
  // Does the step. nullopt where the answer depends on what others lock at that moment: `observed` tells
  // which it was.
  answer apply(const operation& asked, const answer& observed);

 private:
  answer open(const operation& asked);
  answer extend(const operation& asked);
  answer report(const operation& asked, const answer& observed);
  answer settle(const operation& asked, bool provisional);
  answer pay(const operation& asked);
  answer refund(const operation& asked);
  answer give(const operation& asked);
  void move(std::int64_t amount);
};

// Seconds billed for a talk that a hold of so much pays for, and their price.
struct bill {
  std::int64_t seconds = 0, price = 0;
};
bill bill_of(const terms& rate, std::int64_t talk_ms, std::int64_t held);

// A step that one client took.
struct step {
  operation asked;
  answer given;
};

// Whether some order of the clients' steps, each client's own in its order, explains every answer and leaves
// `after`.
bool explains(const account& before, const std::vector<std::vector<step>>& clients, const account& after);

}  // namespace tollgate::billing::oracle
