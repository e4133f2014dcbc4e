// SPDX-License-Identifier: Apache-2.0
// PINs and their batches.
#include "billing/voucher.hpp"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <map>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/currency.hpp"
#include "billing/credit.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"
#include "billing/voucher_list.hpp"

namespace tollgate::billing {
namespace {

constexpr int longest_list = 1000;

std::string hmac_hex(const voucher_key& key, std::string_view pin) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(pin.data()), pin.size(), digest.data(), &size) == nullptr)
    throw std::runtime_error("billing: OpenSSL cannot make an HMAC");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

voucher_batch batch_of(const pqxx::row& row) {
  return {.batch_id = sql::uuid_of(row[0]),
          .currency = row[1].as<std::string>(),
          .value = sql::money_of(row[2]),
          .vouchers = row[3].as<int>(),
          .expires_at = sql::time_of(row[4]).value(),
          .note = row[5].as<std::string>(),
          .redeemed = row[6].as<int>(),
          .revoked_at = sql::time_of(row[7])};
}

const std::string select_batches =
    "SELECT batch_id, currency, value_micros, vouchers, (extract(epoch FROM expires_at) * 1000000)::bigint, "
    "note, (SELECT count(*) FROM billing.voucher v WHERE v.batch_id = b.batch_id AND account_id IS NOT "
    "NULL), "
    "(extract(epoch FROM revoked_at) * 1000000)::bigint, (extract(epoch FROM made_at) * 1000000)::bigint FROM billing.voucher_batch b ";

// Stores PINs for these serials and returns those that were new.
std::vector<int> store_pins(pqxx::transaction_base& tx, const voucher_key& key, const std::string& batch_id,
                            const std::map<int, std::string>& pins) {
  std::string serials = "{";
  std::string hashes = "{";
  for (const auto& [serial, pin] : pins) {
    serials += (serials.size() > 1 ? "," : "") + std::to_string(serial);
    hashes += (hashes.size() > 1 ? "," : "") + hmac_hex(key, pin);
  }
  std::vector<int> stored;
  for (const auto& row : tx.exec_params(
           "INSERT INTO billing.voucher (batch_id, serial, pin_hmac) SELECT $1, serial, decode(hash, 'hex') "
           "FROM unnest($2::int[], $3::text[]) AS u (serial, hash) ON CONFLICT (pin_hmac) DO NOTHING "
           "RETURNING serial",
           batch_id, serials + "}", hashes + "}"))
    stored.push_back(row[0].as<int>());
  return stored;
}

error refusal_of(const std::string& status) {
  for (const error value : {error::no_account, error::account_blocked, error::voucher_unknown,
                            error::voucher_used, error::voucher_expired, error::voucher_revoked,
                            error::voucher_locked, error::wrong_currency, error::invalid_amount})
    if (status == code_of(value)) return value;
  throw std::logic_error("billing: redeem_voucher answered '" + status + "'");
}

}  // namespace

std::string make_pin() {
  // 10^16 of the 2^64 values are as good as each other; the rest above the last whole multiple is drawn
  // again.
  constexpr std::uint64_t count = 10'000'000'000'000'000;
  constexpr std::uint64_t limit = UINT64_MAX / count * count;
  std::uint64_t value = limit;
  while (value >= limit)
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) != 1)
      throw std::runtime_error("billing: OpenSSL has no random bytes");
  std::string digits = std::to_string(value % count);
  return std::string(pin_digits - digits.size(), '0') + digits;
}

std::optional<std::string> parse_pin(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9' || digits.size() == pin_digits) return std::nullopt;
    digits += c;
  }
  if (digits.size() != pin_digits) return std::nullopt;
  return digits;
}

std::string format_pin(std::string_view digits) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += ' ';
    text += digits[i];
  }
  return text;
}

boost::system::result<std::vector<voucher_print>> make_vouchers(pqxx::transaction_base& tx,
                                                                const voucher_key& key,
                                                                const voucher_batch& batch) {
  if (batch.value <= money{} || batch.value > max_balance || batch.vouchers < 1 ||
      batch.vouchers > most_vouchers)
    return error::invalid_amount;
  if (!is_currency(batch.currency)) return error::wrong_currency;
  if (!is_known_currency(tx, batch.currency)) return error::unknown_currency;
  const auto id = sql::text_of(batch.batch_id);
  const auto made = tx.exec_params(
      "INSERT INTO billing.voucher_batch (batch_id, currency, value_micros, vouchers, expires_at, note) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
      id, batch.currency, batch.value.micros, batch.vouchers, iso_time(batch.expires_at),
      clean_text(batch.note));
  if (made.affected_rows() == 0) return error::batch_exists;
  std::map<int, std::string> wanted;
  std::vector<voucher_print> printed;
  for (int serial = 1; serial <= batch.vouchers; ++serial)
    wanted[serial] = make_pin();
  while (!wanted.empty()) {
    for (const int serial : store_pins(tx, key, id, wanted)) {
      printed.push_back({serial, format_pin(wanted.at(serial))});
      wanted.erase(serial);
    }
    for (auto& [serial, pin] : wanted)  // it was another voucher's
      pin = make_pin();
  }
  std::sort(printed.begin(), printed.end(), [](const auto& a, const auto& b) { return a.serial < b.serial; });
  return printed;
}

boost::system::result<void> revoke_vouchers(pqxx::transaction_base& tx, const uuid& batch_id,
                                            std::chrono::system_clock::time_point now) {
  const auto changed = tx.exec_params(
      "UPDATE billing.voucher_batch SET revoked_at = coalesce(revoked_at, $2) WHERE batch_id = $1",
      sql::text_of(batch_id), iso_time(now));
  if (changed.affected_rows() == 0) return error::no_batch;
  return {};
}

std::optional<voucher_batch> find_voucher_batch(pqxx::transaction_base& tx, const uuid& batch_id) {
  const auto rows = tx.exec_params(select_batches + "WHERE batch_id = $1", sql::text_of(batch_id));
  if (rows.empty()) return std::nullopt;
  return batch_of(rows[0]);
}

std::vector<voucher_batch> list_voucher_batches(pqxx::transaction_base& tx, int limit) {
  std::vector<voucher_batch> found;
  for (listed_batch& each : list_batches(tx, limit, std::nullopt, false))
    found.push_back(std::move(each.batch));
  return found;
}

std::vector<listed_batch> list_batches(pqxx::transaction_base& tx, int limit, const std::optional<uuid>& after, bool oldest_first) {
  std::vector<listed_batch> found;
  const std::string behind = oldest_first ? ">" : "<", order = oldest_first ? "" : " DESC";
  for (const auto& row : tx.exec_params(
           select_batches + "WHERE $2 = '' OR (made_at, batch_id) " + behind +
               " (SELECT x.made_at, x.batch_id FROM billing.voucher_batch x WHERE x.batch_id = nullif($2, '')::uuid) ORDER BY made_at" +
               order + ", batch_id" + order + " LIMIT $1",
           std::clamp(limit, 1, longest_list), after ? sql::text_of(*after) : ""))
    found.push_back({batch_of(row), sql::time_of(row[8]).value()});
  return found;
}

std::optional<listed_batch> find_listed_batch(pqxx::transaction_base& tx, const uuid& batch_id) {
  const auto rows = tx.exec_params(select_batches + "WHERE batch_id = $1", sql::text_of(batch_id));
  if (rows.empty()) return std::nullopt;
  return listed_batch{batch_of(rows[0]), sql::time_of(rows[0][8]).value()};
}

namespace {

constexpr const char* select_vouchers =
    "SELECT serial, account_id, sequence, (extract(epoch FROM redeemed_at) * 1000000)::bigint FROM billing.voucher WHERE batch_id = $1 AND serial ";

voucher_record voucher_of(const pqxx::row& row) {
  voucher_record out{.serial = row[0].as<int>(), .redeemed_at = sql::time_of(row[3])};
  if (!row[1].is_null()) out.account_id = sql::uuid_of(row[1]);
  if (!row[2].is_null()) out.sequence = row[2].as<std::int64_t>();
  return out;
}

}  // namespace

std::optional<voucher_record> find_voucher(pqxx::transaction_base& tx, const uuid& batch_id, int serial) {
  const auto rows = tx.exec_params(select_vouchers + std::string("= $2"), sql::text_of(batch_id), serial);
  return rows.empty() ? std::nullopt : std::optional(voucher_of(rows[0]));
}

std::vector<voucher_record> list_vouchers(pqxx::transaction_base& tx, const uuid& batch_id, int limit, std::optional<int> after,
                                          bool descending) {
  std::vector<voucher_record> found;
  for (const auto& row : tx.exec_params(select_vouchers + std::string(descending ? "< $2 ORDER BY serial DESC" : "> $2 ORDER BY serial") + " LIMIT $3",
                                        sql::text_of(batch_id), after.value_or(descending ? most_vouchers + 1 : 0), std::clamp(limit, 1, longest_list)))
    found.push_back(voucher_of(row));
  return found;
}

redemption redeem_voucher(pqxx::transaction_base& tx, const voucher_key& key, const uuid& account_id,
                          const std::string& pin, std::chrono::system_clock::time_point now,
                          const voucher_limits& limits) {
  const auto row = tx.exec_params1(
      "SELECT status, amount, balance_after, retry_s FROM billing.redeem_voucher($1, decode($2, 'hex'), $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11)",
      sql::text_of(account_id), hmac_hex(key, pin), iso_time(now), limits.account.free,
      sql::int_of(limits.account.leak), sql::int_of(limits.account.base), sql::int_of(limits.account.most),
      limits.all.free, sql::int_of(limits.all.leak), sql::int_of(limits.all.base),
      sql::int_of(limits.all.most));
  const auto status = row[0].as<std::string>();
  redemption answer{.value = sql::money_of(row[1]),
                    .balance_after = sql::money_of(row[2]),
                    .retry_after = sql::seconds_of(row[3])};
  if (status == "redeemed") {
    answer.status = redemption_status::redeemed;
    tell_more_credit(tx, account_id);
  } else if (status == "repeated") {
    answer.status = redemption_status::repeated;
  } else {
    answer.why = refusal_of(status);
  }
  return answer;
}

}  // namespace tollgate::billing
