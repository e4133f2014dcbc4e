// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/credit_clock.hpp"

#include <algorithm>

namespace tollgate::gateway::call {

using std::chrono::seconds;

credit_clock::credit_clock(billing::rate rate, settings s)
    : rate_(std::move(rate)), settings_(std::move(s)) {}

billing::money credit_clock::minimum() const {
  return billing::call_price(rate_, std::chrono::milliseconds(1));
}

billing::money credit_clock::wanted() const {
  return billing::call_price(rate_, std::min(settings_.unit + settings_.lead, settings_.longest));
}

billing::money credit_clock::extension_amount(time_point now) const {
  if (!limited_by_credit() || now < end() - settings_.lead) return {};
  const auto target = std::min(granted_duration_ + settings_.unit, settings_.longest);
  const auto price = billing::call_price(rate_, target);
  return billing::money{std::max<std::int64_t>(0, price.micros - granted_.micros)};
}

bool credit_clock::granted(billing::money total, bool final, time_point now) {
  const auto before = granted_duration_;
  granted_ = total;
  granted_duration_ = std::min(billing::affordable_duration(rate_, total), settings_.longest);
  extending_ = false;
  final_ = final;
  // An answer that crossed the news of more credit says nothing about it.
  if (final) extend_not_before_ = grew_while_asking_ ? now : now + settings_.retry;
  grew_while_asking_ = false;
  if (granted_duration_ <= before) return false;
  const auto given = warnings_given_;  // those that lie ahead again will be given again
  const auto ahead = left(now);
  while (warnings_given_ > 0 && settings_.warnings[warnings_given_ - 1] < ahead)
    --warnings_given_;
  return warnings_given_ < given;
}

void credit_clock::extension_asked(time_point now) {
  extending_ = true;
  asked_at_ = now;
}

void credit_clock::credit_grew(time_point now) {
  grew_while_asking_ = extending_;
  extend_not_before_ = std::min(extend_not_before_, now);
}

void credit_clock::extension_failed(time_point now) {
  extending_ = false;
  extend_not_before_ = grew_while_asking_ ? now + std::chrono::seconds(1) : now + settings_.retry;
  grew_while_asking_ = false;
}

void credit_clock::answered(time_point at) {
  answered_at_ = at;
  extend_not_before_ = std::max(extend_not_before_, at);
}

credit_clock::time_point credit_clock::end() const {
  return answered_at_ + granted_duration_;
}

credit_clock::due credit_clock::next() const {
  due first{step::cut, end()};
  if (!extending_) {
    auto at = limited_by_credit() ? end() - settings_.lead : end();
    if (settings_.check.count() > 0) at = std::min(at, std::max(asked_at_, answered_at_) + settings_.check);
    at = std::max(at, extend_not_before_);
    const auto last = std::max(end() - settings_.last_try, answered_at_);
    if (limited_by_credit() && at > last && asked_at_ < last) at = last;
    if (at < first.at) first = {step::extend, at};
  }
  if (limited_by_credit() && warnings_given_ < settings_.warnings.size()) {
    const auto at = std::max(end() - settings_.warnings[warnings_given_], answered_at_);
    if (at <= first.at) first = {step::warn, at};
  }
  return first;
}

void credit_clock::warned(time_point now) {
  // One warning stands for all thresholds that have passed (a grant shorter than the first threshold warns
  // once, at the answer).
  const auto remaining = left(now);
  ++warnings_given_;
  while (warnings_given_ < settings_.warnings.size() && settings_.warnings[warnings_given_] >= remaining)
    ++warnings_given_;
}

seconds credit_clock::left(time_point now) const {
  const auto remaining = std::chrono::round<seconds>(end() - now);
  return std::max(seconds(0), remaining);
}

seconds credit_clock::used(time_point now) const {
  return std::max(seconds(0), std::chrono::floor<seconds>(now - answered_at_));
}

}  // namespace tollgate::gateway::call
