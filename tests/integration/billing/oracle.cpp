// SPDX-License-Identifier: Apache-2.0
#include "oracle.hpp"

#include <algorithm>

namespace tollgate::billing::oracle {
namespace {

std::int64_t price_of(const terms& rate, std::int64_t seconds) {
  if (seconds == 0) return 0;
  std::int64_t sixtieths = 0;
  for (std::int64_t second = rate.included_s; second < seconds; ++second)
    sixtieths += rate.per_minute;
  std::int64_t micros = sixtieths / 60;
  if (sixtieths % 60 != 0) ++micros;
  return rate.fee + micros;
}

bool same_state(const account& one, const account& other) {
  return one.posted == other.posted && one.entries == other.entries && one.holds == other.holds &&
         one.records == other.records;
}

bool search(const account& now, const std::vector<std::vector<step>>& clients, std::vector<std::size_t>& next,
            const account& after) {
  bool all_done = true;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (next[i] == clients[i].size()) continue;
    all_done = false;
    const auto& one = clients[i][next[i]];
    account then = now;
    if (then.apply(one.asked, one.given) != one.given) continue;
    ++next[i];
    if (search(then, clients, next, after)) return true;
    --next[i];
  }
  return all_done && same_state(now, after);
}

}  // namespace

bill bill_of(const terms& rate, std::int64_t talk_ms, std::int64_t held) {
  if (talk_ms <= 0 || talk_ms <= 1000LL * rate.free_start_s) return {};
  bill most;
  for (std::int64_t seconds = rate.initial_s;; seconds += rate.next_s) {
    const auto price = price_of(rate, seconds);
    if (price > held) return most;  // talk beyond what the hold pays for is free
    most = {seconds, price};
    if (1000 * seconds >= talk_ms) return most;
  }
}

std::int64_t account::held() const {
  std::int64_t sum = 0;
  for (const auto& [call, one] : holds)
    sum += one.amount;
  return sum;
}

void account::move(std::int64_t amount) {
  posted += amount;
  ++entries;
}

answer account::apply(const operation& asked, const answer& observed) {
  switch (asked.what) {
    case kind::open:
      return open(asked);
    case kind::extend:
      return extend(asked);
    case kind::report:
      return report(asked, observed);
    case kind::settle:
      return settle(asked, false);
    case kind::abandon:
      return settle(asked, true);
    case kind::pay:
      return pay(asked);
    case kind::refund:
      return refund(asked);
    case kind::give:
      return give(asked);
  }
  return {};
}

answer account::open(const operation& asked) {
  if (const auto known = holds.find(asked.call); known != holds.end())
    return {"repeated", known->second.amount, available()};
  if (const auto known = records.find(asked.call); known != records.end())
    return {known->second.settled_by == "refused" ? "insufficient_credit" : "already_settled", 0,
            available()};
  const auto least = price_of(rate, rate.initial_s);
  if (available() < least) {
    records[asked.call] = {"refused", 0, 0, 0};
    return {"insufficient_credit", 0, available()};
  }
  const auto granted = std::min(std::max(asked.amount, least), available());
  holds[asked.call] = {granted, 0, 0};
  return {"opened", granted, available()};
}

answer account::extend(const operation& asked) {
  const auto found = holds.find(asked.call);
  if (found == holds.end()) return {"no_hold", 0, available()};
  auto& one = found->second;
  if (asked.request <= one.request) return {"repeated", one.amount, available()};
  const auto added = std::min(asked.amount, available());
  one.amount += added;
  one.request = asked.request;
  one.used_s = std::max(one.used_s, asked.used_ms / 1000);
  return {added < asked.amount ? "final_unit" : "extended", one.amount, available()};
}

answer account::report(const operation& asked, const answer& observed) {
  const auto found = holds.find(asked.call);
  if (found == holds.end()) return {"without_hold"};
  if (observed.status == "skipped") return observed;  // another step had locked the hold
  found->second.used_s = std::max(found->second.used_s, asked.used_ms / 1000);
  return {"renewed"};
}

answer account::settle(const operation& asked, bool provisional) {
  if (const auto found = holds.find(asked.call); found != holds.end()) {
    const auto one = found->second;
    const auto due = bill_of(rate, provisional ? 1000 * one.used_s : asked.used_ms, one.amount);
    holds.erase(found);
    if (due.price > 0) move(-due.price);
    records[asked.call] = {provisional ? "reaper" : "gateway", one.amount, due.price, due.seconds};
    if (provisional) return {"done"};
    return {"settled", due.price, posted};
  }
  if (provisional) return {"done"};
  const auto found = records.find(asked.call);
  if (found == records.end()) return {"unknown_call", 0, posted};
  auto& one = found->second;
  if (one.settled_by != "reaper") return {"repeated", one.charged, posted};
  const auto due = bill_of(rate, asked.used_ms, one.held);
  const auto difference = std::min(due.price - one.charged, available());
  if (difference != 0) move(-difference);
  one = {"corrected", one.held, one.charged + difference, due.seconds};
  return {"corrected", one.charged, posted};
}

answer account::pay(const operation& asked) {
  const auto [known, fresh] = payments.try_emplace(asked.call, asked.amount);
  if (!fresh) return known->second == asked.amount ? answer{"repeated", posted} : answer{"conflict"};
  move(asked.amount);
  return {"credited", posted};
}

answer account::refund(const operation& asked) {
  const auto payment = payments.find(asked.call);
  if (payment == payments.end()) return {"no_payment"};
  if (const auto known = refunds.find(asked.request); known != refunds.end())
    return known->second == std::pair{asked.call, asked.amount} ? answer{"repeated", posted}
                                                                : answer{"conflict"};
  std::int64_t left = payment->second;
  for (const auto& [id, one] : refunds)
    if (one.first == asked.call) left -= one.second;
  if (asked.amount > left) return {"exceeds"};
  if (asked.amount > available()) return {"insufficient_credit"};
  refunds[asked.request] = {asked.call, asked.amount};
  move(-asked.amount);
  return {"refunded", posted};
}

answer account::give(const operation& asked) {
  const auto [known, fresh] = gifts.try_emplace(asked.call, asked.amount);
  if (!fresh) return known->second == asked.amount ? answer{"repeated", posted} : answer{"conflict"};
  move(asked.amount);
  return {"posted", posted};
}

bool explains(const account& before, const std::vector<std::vector<step>>& clients, const account& after) {
  std::vector<std::size_t> next(clients.size(), 0);
  return search(before, clients, next, after);
}

std::string to_string(const operation& asked) {
  static constexpr const char* names[] = {"open",    "extend", "report", "settle",
                                          "abandon", "pay",    "refund", "give"};
  return std::string(names[static_cast<int>(asked.what)]) + "(" + std::to_string(asked.call) + ", request " +
         std::to_string(asked.request) + ", " + std::to_string(asked.amount) + " micros, " +
         std::to_string(asked.used_ms) + " ms)";
}

std::string to_string(const answer& given) {
  return given.status + " " + std::to_string(given.first) + " " + std::to_string(given.second);
}

}  // namespace tollgate::billing::oracle
