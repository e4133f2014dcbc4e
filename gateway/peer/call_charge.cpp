// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/call_charge.hpp"

#include <algorithm>

#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

namespace {

// Prices and increments beyond these are no telephone tariff; they bound the arithmetic below.
constexpr std::int64_t price_max_micros = 1'000'000'000'000;
constexpr std::int64_t increment_max_s = 86'400;

}  // namespace

void call_charge::learn(const boost::json::object& body) {
  if (const auto price = integer_member(body, "price_per_minute_micros"))
    price_per_minute_micros_ = std::clamp<std::int64_t>(*price, 0, price_max_micros);
  if (const auto fee = integer_member(body, "connection_fee_micros"))
    connection_fee_micros_ = std::clamp<std::int64_t>(*fee, 0, price_max_micros);
  if (const auto increment = integer_member(body, "initial_increment_s"))
    initial_increment_s_ = std::clamp<std::int64_t>(*increment, 1, increment_max_s);
  if (const auto increment = integer_member(body, "next_increment_s"))
    next_increment_s_ = std::clamp<std::int64_t>(*increment, 1, increment_max_s);
  if (const auto free = integer_member(body, "free_start_s"))
    free_start_s_ = std::clamp<std::int64_t>(*free, 0, increment_max_s);
  if (const auto included = integer_member(body, "included_s"))
    included_s_ = std::clamp<std::int64_t>(*included, 0, increment_max_s);
  if (const auto currency = text_member(body, "currency")) currency_ = *currency;
  if (const auto destination = text_member(body, "destination")) destination_ = *destination;
}

void call_charge::learn_credit(const boost::json::object& body) {
  if (const auto credit = integer_member(body, "available_micros"))
    available_micros_ = std::clamp<std::int64_t>(*credit, 0, price_max_micros * increment_max_s);
}

std::optional<std::int64_t> call_charge::estimate_micros(std::chrono::seconds talk) const {
  if (!price_per_minute_micros_) return std::nullopt;
  const std::int64_t seconds = std::clamp<std::int64_t>(talk.count(), 0, increment_max_s * 7);
  if (free_start_s_ > 0 && seconds <= free_start_s_) return 0;
  std::int64_t billed = initial_increment_s_;
  if (seconds > billed) {
    const std::int64_t increments = (seconds - billed + next_increment_s_ - 1) / next_increment_s_;
    billed += increments * next_increment_s_;
  }
  return connection_fee_micros_ +
         (*price_per_minute_micros_ * std::max<std::int64_t>(billed - included_s_, 0) + 59) / 60;
}

std::string call_charge::running_text(std::chrono::seconds talk) const {
  const auto cost = estimate_micros(talk);
  if (!cost) return {};
  std::string text = "cost " + amount_text(*cost, currency_);
  if (available_micros_) text += "  credit " + amount_text(*available_micros_ - *cost, currency_);
  return text;
}

std::string call_charge::price_text() const {
  if (!price_per_minute_micros_) return {};
  std::string text = amount_text(*price_per_minute_micros_, currency_) + " a minute";
  if (connection_fee_micros_ > 0)
    text += ", connection fee " + amount_text(connection_fee_micros_, currency_);
  if (free_start_s_ > 0) text += ", free up to " + std::to_string(free_start_s_) + " s";
  if (included_s_ > 0) text += ", " + std::to_string(included_s_) + " s included";
  if (!destination_.empty()) text += " (" + destination_ + ")";
  return text;
}

std::string call_charge::summary_text(const boost::json::object& summary) {
  const std::string currency = text_member(summary, "currency").value_or("");
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const auto duration = integer_member(summary, "duration_ms"))
    add("duration " + duration_text(std::chrono::seconds(*duration / 1000)));
  if (const auto billed = integer_member(summary, "billed_s"); billed && !currency.empty())
    add("billed " + std::to_string(*billed) + " s");
  if (const auto charged = integer_member(summary, "charged_micros"); charged && !currency.empty())
    add("charged " + amount_text(*charged, currency));
  if (const auto credit = integer_member(summary, "balance_after_micros"); credit && !currency.empty())
    add("credit " + amount_text(*credit, currency));
  const boost::json::value* pending = summary.if_contains("charge_pending");
  if (pending != nullptr && pending->is_bool() && pending->get_bool()) add("the charge follows");
  return text;
}

}  // namespace tollgate::gateway::peer
