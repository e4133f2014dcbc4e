// SPDX-License-Identifier: Apache-2.0
// Refunds and adjustments that were made, to be looked up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/credit.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct refund_record {
  std::string refund_id{};
  std::string payment_id{};
  uuid account_id{};
  std::string currency{};
  money amount{};                  // that the payer got
  money debited{};                 // credit that was taken
  std::optional<tax_share> tax{};  // negative, as the entry
  std::int64_t sequence = 0;       // of its entry
  std::string note{};
  std::chrono::system_clock::time_point at{};
};

struct adjustment_record {
  std::string reference{};
  uuid account_id{};
  adjustment_kind kind = adjustment_kind::adjustment;
  std::string currency{};
  money amount{};
  std::int64_t sequence = 0;  // of its entry
  std::string note{};
  std::chrono::system_clock::time_point at{};
};

// Which page of an account's: newest first, those before `cursor` (a sequence); oldest first: those after it.
struct sequence_page {
  int limit = 100;  // 1 … 1000
  std::optional<std::int64_t> cursor{};
  bool oldest_first = false;
};

std::optional<refund_record> find_refund(pqxx::transaction_base& tx, const std::string& refund_id);
// With a payment: of that one alone.
std::vector<refund_record> list_refunds(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page,
                                        const std::string& payment_id = {});

// A reference is one of its account and kind: those of all accounts that have it, or of that one; at most three.
std::vector<adjustment_record> find_adjustments(pqxx::transaction_base& tx, const std::string& reference,
                                                const std::optional<uuid>& account_id = std::nullopt,
                                                std::optional<adjustment_kind> kind = std::nullopt);
std::vector<adjustment_record> list_adjustments(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page);

}  // namespace tollgate::billing
