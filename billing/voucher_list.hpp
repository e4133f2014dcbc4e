// SPDX-License-Identifier: Apache-2.0
// Vouchers and their batches, to be looked up: PINs nobody can tell.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "billing/voucher.hpp"

namespace tollgate::billing {

struct listed_batch {
  voucher_batch batch{};
  std::chrono::system_clock::time_point made_at{};
};
// Newest first (with `oldest_first` the other way round), at most `limit` (1 … 1000), behind the batch `after`: none for one that there is not.
std::vector<listed_batch> list_batches(pqxx::transaction_base& tx, int limit, const std::optional<uuid>& after, bool oldest_first);
std::optional<listed_batch> find_listed_batch(pqxx::transaction_base& tx, const uuid& batch_id);

// One of a batch, as it is now.
struct voucher_record {
  int serial = 0;
  std::optional<uuid> account_id{};        // whose it became
  std::optional<std::int64_t> sequence{};  // of its entry there
  std::optional<std::chrono::system_clock::time_point> redeemed_at{};
};
std::optional<voucher_record> find_voucher(pqxx::transaction_base& tx, const uuid& batch_id, int serial);
// By their serials, at most `limit` (1 … 1000), above the serial `after`; descending: below it.
std::vector<voucher_record> list_vouchers(pqxx::transaction_base& tx, const uuid& batch_id, int limit, std::optional<int> after,
                                          bool descending = false);

}  // namespace tollgate::billing
