// SPDX-License-Identifier: Apache-2.0
#include "billing/rerating.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/rate_deck.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr int longest_list = 1000;
constexpr std::size_t longest_id = 200;

// A request as the statements want it.
struct checked_request {
  int deck_version_id = 0;
  std::string currency;
  std::string rated_by;
  std::optional<std::string> account_id;
  std::string from, until;
};

boost::system::result<checked_request> check(pqxx::transaction_base& tx, const rerating_request& request) {
  if (request.until <= request.from) return error::malformed;
  checked_request out;
  const std::string deck = clean_text(request.deck);
  out.rated_by = request.rated_by.empty() ? deck : clean_text(request.rated_by);
  const auto by = tx.exec_params(
      "SELECT v.deck_version_id, d.currency, o.currency FROM billing.deck_version v JOIN billing.deck d "
      "USING (deck) "
      "JOIN billing.deck o ON o.deck = $3 WHERE v.deck = $1 AND v.version = $2 AND v.sealed AND v.withdrawn_at IS NULL AND d.kind = $4",
      deck, request.version, out.rated_by, std::string(to_string(deck_kind::sell)));
  if (by.empty()) return error::no_deck;
  out.deck_version_id = by[0][0].as<int>();
  out.currency = by[0][1].as<std::string>();
  if (out.currency != by[0][2].as<std::string>()) return error::wrong_currency;
  if (request.account_id) out.account_id = sql::text_of(*request.account_id);
  out.from = iso_time(request.from);
  out.until = iso_time(request.until);
  return out;
}

call_rated_anew call_of(const pqxx::row& row, int first_column) {
  const auto at = [&](int column) { return row[first_column + column]; };
  return {.account_id = sql::uuid_of(at(0)),
          .call_id = sql::uuid_of(at(1)),
          .began = sql::time_of(at(2)),
          .callee = at(3).as<std::string>(),
          .talk = std::chrono::milliseconds(at(4).as<std::int64_t>()),
          .prefix_before = at(5).as<std::string>(),
          .prefix = at(6).as<std::string>(),
          .billed_before = sql::seconds_of(at(7)),
          .billed = sql::seconds_of(at(8)),
          .before = sql::money_of(at(9)),
          .price = sql::money_of(at(10))};
}

rerating rerating_of(const pqxx::row& row) {
  rerating out;
  out.id = row[0].as<std::string>();
  out.request.deck = row[1].as<std::string>();
  out.request.version = row[2].as<int>();
  out.request.rated_by = row[3].as<std::string>();
  if (!row[4].is_null()) out.request.rated_by_version = row[4].as<int>();
  if (!row[5].is_null()) out.request.account_id = sql::uuid_of(row[5]);
  out.request.from = sql::time_of(row[6]).value();
  out.request.until = sql::time_of(row[7]).value();
  out.currency = row[8].as<std::string>();
  out.note = row[9].as<std::string>();
  out.begun = sql::time_of(row[10]).value();
  out.ended = sql::time_of(row[11]);
  out.calls = row[12].as<std::int64_t>();
  out.given_back = sql::money_of(row[13]);
  out.taken = sql::money_of(row[14]);
  out.lacking = sql::money_of(row[15]);
  return out;
}

// Up to its WHERE; of r.
const std::string select_reratings =
    "SELECT r.rerating_id, v.deck, v.version, r.rated_by, r.rated_by_version, r.account_id, "
    "(extract(epoch FROM r.from_at) * 1000000)::bigint, (extract(epoch FROM r.until_at) * 1000000)::bigint, "
    "d.currency, r.note, (extract(epoch FROM r.begun_at) * 1000000)::bigint, "
    "(extract(epoch FROM r.ended_at) * 1000000)::bigint, s.calls, s.given, s.taken, s.lacking "
    "FROM billing.rerating r JOIN billing.deck_version v USING (deck_version_id) JOIN billing.deck d USING "
    "(deck), "
    "LATERAL (SELECT count(*) AS calls, coalesce(sum(greatest(amount_micros, 0)), 0)::bigint AS given, "
    "coalesce(sum(greatest(-amount_micros, 0)), 0)::bigint AS taken, coalesce(sum(lacking_micros), "
    "0)::bigint AS "
    "lacking FROM billing.rerated_call c WHERE c.rerating_id = r.rerating_id) s ";

}  // namespace

boost::system::result<rerating_report> report_rerating(pqxx::transaction_base& tx,
                                                       const rerating_request& request, std::size_t listed) {
  const auto checked = check(tx, request);
  if (!checked) return checked.error();
  // The sums stand in every row, also in the only one if no call is listed.
  const auto rows = tx.exec_params(
      "WITH x AS MATERIALIZED (SELECT *, rate_id IS NOT NULL AND NOT provisional AS counts FROM "
      "billing.calls_rated_anew($1, $2, $3, $4, $5, $6)), sums AS (SELECT count(*), count(*) FILTER (WHERE "
      "rate_id IS "
      "NULL AND NOT provisional), count(*) FILTER (WHERE provisional), count(*) FILTER (WHERE counts AND "
      "price_micros < "
      "before_micros), count(*) FILTER (WHERE counts AND price_micros > before_micros), "
      "coalesce(sum(before_micros) "
      "FILTER (WHERE counts), 0)::bigint, coalesce(sum(price_micros) FILTER (WHERE counts), 0)::bigint, "
      "coalesce(sum(before_micros - price_micros) FILTER (WHERE counts AND price_micros < before_micros), "
      "0)::bigint, "
      "coalesce(sum(price_micros - before_micros) FILTER (WHERE counts AND price_micros > before_micros), "
      "0)::bigint "
      "FROM x), first AS (SELECT account_id, call_id, (extract(epoch FROM began) * 1000000)::bigint AS at, "
      "callee, "
      "talk_ms, prefix_before, prefix, billed_before_s, billed_s, before_micros, price_micros FROM x WHERE "
      "counts AND "
      "price_micros <> before_micros ORDER BY abs(price_micros - before_micros) DESC, call_id, account_id "
      "LIMIT $7) "
      "SELECT * FROM sums LEFT JOIN first ON true ORDER BY abs(price_micros - before_micros) DESC, call_id, "
      "account_id",
      checked->deck_version_id, checked->rated_by, request.rated_by_version, checked->account_id,
      checked->from, checked->until, static_cast<std::int64_t>(std::min(listed, most_rated_anew_listed)));
  const auto& sums = rows[0];
  rerating_report out{.currency = checked->currency,
                      .calls = sums[0].as<std::int64_t>(),
                      .unpriced = sums[1].as<std::int64_t>(),
                      .provisional = sums[2].as<std::int64_t>(),
                      .cheaper = sums[3].as<std::int64_t>(),
                      .dearer = sums[4].as<std::int64_t>(),
                      .before = sql::money_of(sums[5]),
                      .after = sql::money_of(sums[6]),
                      .to_give_back = sql::money_of(sums[7]),
                      .to_take = sql::money_of(sums[8])};
  constexpr int first_column = 9;
  for (const auto& row : rows)
    if (!row[first_column].is_null()) out.first.push_back(call_of(row, first_column));
  return out;
}

boost::system::result<bool> begin_rerating(pqxx::transaction_base& tx, const std::string& id,
                                           const rerating_request& request, const std::string& note) {
  if (id.empty() || id.size() > longest_id || !is_clean(id)) return error::malformed;
  const auto checked = check(tx, request);
  if (!checked) return boost::system::result<bool>(boost::system::in_place_error, checked.error());
  const auto status = tx.exec_params1("SELECT billing.begin_rerating($1, $2, $3, $4, $5, $6, $7, $8)", id,
                                      checked->deck_version_id, checked->rated_by, request.rated_by_version,
                                      checked->account_id, checked->from, checked->until, clean_text(note))[0]
                          .as<std::string>();
  if (status == "reference_conflict") return error::reference_conflict;
  return status == "known";
}

bool advance_rerating(pqxx::transaction_base& tx, const std::string& id, int limit) {
  return tx.exec_params1("SELECT billing.advance_rerating($1, $2)", id, limit)[0].as<bool>();
}

std::optional<rerating> find_rerating(pqxx::transaction_base& tx, const std::string& id) {
  const auto rows = tx.exec_params(select_reratings + "WHERE r.rerating_id = $1", clean_text(id, longest_id));
  if (rows.empty()) return std::nullopt;
  return rerating_of(rows[0]);
}

std::vector<rerating> list_reratings(pqxx::transaction_base& tx, int limit,
                                     std::optional<std::chrono::system_clock::time_point> before) {
  std::vector<rerating> found;
  for (const auto& row : tx.exec_params(
           select_reratings + "WHERE r.begun_at < $1 ORDER BY r.begun_at DESC, r.rerating_id LIMIT $2",
           before ? iso_time(*before) : std::string("infinity"), std::clamp(limit, 1, longest_list)))
    found.push_back(rerating_of(row));
  return found;
}

std::vector<rerated_call> list_rerated_calls(pqxx::transaction_base& tx, const std::string& id, int limit,
                                             const rerated_position& after) {
  std::vector<rerated_call> found;
  for (const auto& row : tx.exec_params(
           "SELECT account_id, call_id, billed_s, before_micros, price_micros, amount_micros, "
           "lacking_micros, sequence FROM billing.rerated_call WHERE rerating_id = $1 AND (account_id, "
           "call_id) > ($2::uuid, $3::uuid) ORDER BY account_id, call_id LIMIT $4",
           clean_text(id, longest_id), sql::text_of(after.account_id), sql::text_of(after.call_id),
           std::clamp(limit, 1, longest_list)))
    found.push_back({.account_id = sql::uuid_of(row[0]),
                     .call_id = sql::uuid_of(row[1]),
                     .billed = sql::seconds_of(row[2]),
                     .before = sql::money_of(row[3]),
                     .price = sql::money_of(row[4]),
                     .amount = sql::money_of(row[5]),
                     .lacking = sql::money_of(row[6]),
                     .sequence = row[7].is_null() ? std::nullopt : std::optional(row[7].as<std::int64_t>())});
  return found;
}

}  // namespace tollgate::billing
