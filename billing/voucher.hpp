// SPDX-License-Identifier: Apache-2.0
// Prepaid vouchers: batches of PINs, each worth a sum, once. The database holds no PIN but HMAC-SHA-256(key,
// PIN) under a key that is not in it. 16 digits are too few for a plain hash (10^16 tries are a few hours of
// one graphics card), and a slow salted one could not be looked up without a second number on the voucher;
// with the key elsewhere a leaked database can not be tried at all.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

using voucher_key = std::array<unsigned char, 32>;  // the same on every gateway of one database

inline constexpr std::size_t pin_digits = 16;
inline constexpr int most_vouchers = 10'000;  // in a batch

// 16 digits, uniform, from the system's CSPRNG.
std::string make_pin();

// The digits of what a person typed: spaces and hyphens between them are dropped. Nothing if these are
// not 16.
std::optional<std::string> parse_pin(std::string_view text);

// In groups of four, as it is printed.
std::string format_pin(std::string_view digits);

struct voucher_batch {
  uuid batch_id{};  // made by who orders it
  std::string currency{};
  money value{};  // of each
  int vouchers = 0;
  std::chrono::system_clock::time_point expires_at{};
  std::string note{};
  int redeemed = 0;
  std::optional<std::chrono::system_clock::time_point> revoked_at{};
};

struct voucher_print {
  int serial = 0;     // 1, 2, 3 … in the batch
  std::string pin{};  // this once: nobody can tell it afterwards
};

// Makes the batch and its PINs. If the answer is lost, so are the PINs: revoke the batch and make another.
// error::invalid_amount (value or number), wrong_currency (none), unknown_currency, batch_exists.
boost::system::result<std::vector<voucher_print>> make_vouchers(pqxx::transaction_base& tx,
                                                                const voucher_key& key,
                                                                const voucher_batch& batch);

// What is not redeemed yet cannot be any more; again changes nothing. error::no_batch
boost::system::result<void> revoke_vouchers(pqxx::transaction_base& tx, const uuid& batch_id,
                                            std::chrono::system_clock::time_point now);

std::optional<voucher_batch> find_voucher_batch(pqxx::transaction_base& tx, const uuid& batch_id);

// Newest first, at most `limit` (1 … 1000).
std::vector<voucher_batch> list_voucher_batches(pqxx::transaction_base& tx, int limit);

// How wrong PINs are slowed down. Beyond `free` failures, of which one is forgotten each `leak`, the next
// attempt waits `base`, and twice as long after each further failure.
struct voucher_lock {
  int free = 5;
  std::chrono::seconds leak{3600};
  std::chrono::seconds base{30};
  std::chrono::seconds most{86'400};
};

struct voucher_limits {
  voucher_lock account{};
  // Of all accounts together: guesses by many are slow, and the wait stays short for the others.
  voucher_lock all{.free = 100,
                   .leak = std::chrono::seconds(36),
                   .base = std::chrono::seconds(1),
                   .most = std::chrono::seconds(60)};
};

enum class redemption_status : std::uint8_t {
  redeemed,
  repeated,  // by this account, before: same answer again
  refused,   // `why` tells
};

struct redemption {
  redemption_status status = redemption_status::refused;
  money value{};
  money balance_after{};               // posted credit of the account, now
  error why{};                         // when refused
  std::chrono::seconds retry_after{};  // with voucher_locked
};

// Credits the voucher to the account, once ever. The answer is never an error: a wrong PIN is counted in the
// transaction, which must be committed. Refused with no_account, account_blocked, voucher_unknown,
// voucher_used, voucher_expired, voucher_revoked, voucher_locked, wrong_currency, invalid_amount (too much
// credit).
redemption redeem_voucher(pqxx::transaction_base& tx, const voucher_key& key, const uuid& account_id,
                          const std::string& pin, std::chrono::system_clock::time_point now,
                          const voucher_limits& limits = {});

}  // namespace tollgate::billing
