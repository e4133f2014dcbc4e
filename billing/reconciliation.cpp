// SPDX-License-Identifier: Apache-2.0
// A carrier's records, read and paired with ours. Free of IO.
#include "billing/reconciliation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "billing/csv.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t most_problems = 100;
constexpr std::size_t longest_number = 15;  // ITU-T E.164

enum column : std::size_t { called, answer_time, start_time, duration, amount, column_count };

struct column_name {
  std::string_view name;
  column which;
};
constexpr std::array column_names{
    column_name{"called", called},
    column_name{"called_number", called},
    column_name{"callee", called},
    column_name{"destination_number", called},
    column_name{"number", called},
    column_name{"to", called},
    column_name{"b_number", called},
    column_name{"answer_time", answer_time},
    column_name{"answered_at", answer_time},
    column_name{"connect_time", answer_time},
    column_name{"start_time", start_time},
    column_name{"started_at", start_time},
    column_name{"setup_time", start_time},
    column_name{"date_time", start_time},
    column_name{"time", start_time},
    column_name{"date", start_time},
    column_name{"seconds", duration},
    column_name{"duration", duration},
    column_name{"duration_s", duration},
    column_name{"billed_seconds", duration},
    column_name{"billsec", duration},
    column_name{"billed_s", duration},
    column_name{"amount", amount},
    column_name{"cost", amount},
    column_name{"charge", amount},
    column_name{"price", amount},
    column_name{"total", amount},
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = -1;
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  return failure == std::errc{} && stop == end && value >= 0 ? std::optional(value) : std::nullopt;
}

// "+44 20…", "0044 20…", "4420…" as the digits of E.164. Nothing for what is none.
std::optional<std::string> digits_of(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      digits += c;
    else if (c != ' ' && c != '-')
      return std::nullopt;
  }
  if (!plus && digits.starts_with("00")) digits.erase(0, 2);
  if (digits.empty() || digits.size() > longest_number) return std::nullopt;
  return digits;
}

// Seconds, or h:mm:ss.
std::optional<std::int64_t> seconds_in(std::string_view text) {
  constexpr std::int64_t most = 100LL * 24 * 3600;
  std::int64_t total = 0;
  for (int part = 0;; ++part) {
    const auto colon = std::min(text.find(':'), text.size());
    const auto value = whole_number(text.substr(0, colon));
    if (!value || part > 2 || (part > 0 && *value > 59) || *value > most) return std::nullopt;
    total = total * 60 + *value;
    if (colon == text.size()) break;
    text.remove_prefix(colon + 1);
  }
  return total <= most ? std::optional(total) : std::nullopt;
}

// Takes "+01:00", "-0530" off the end of a time.
std::optional<minutes> take_offset(std::string& text) {
  const auto sign = text.find_last_of("+-");
  constexpr std::size_t length_of_date = 10;
  if (sign == std::string::npos || sign < length_of_date) return std::nullopt;
  std::string digits = text.substr(sign + 1);
  std::erase(digits, ':');
  const auto value = digits.size() == 4 ? whole_number(digits) : std::nullopt;
  if (!value || *value % 100 > 59) return std::nullopt;
  const minutes offset{*value / 100 * 60 + *value % 100};
  const bool negative = text[sign] == '-';
  text.erase(sign);
  return negative ? -offset : offset;
}

std::optional<system_clock::time_point> time_in(std::string_view written, minutes utc_offset) {
  constexpr std::int64_t first_milliseconds = 100'000'000'000;  // 1973 in ms, 5138 in s
  if (const auto epoch = whole_number(written); epoch && *epoch > 9'999'999)
    return system_clock::time_point{
        *epoch < first_milliseconds ? std::chrono::milliseconds{*epoch * 1000}
                                    : std::chrono::milliseconds{std::min(*epoch, first_milliseconds * 100)}};
  std::string text(written);
  minutes offset = utc_offset;
  if (text.ends_with('Z')) {
    text.pop_back();
    offset = minutes{0};
  } else if (const auto own = take_offset(text)) {
    offset = *own;
  }
  constexpr std::size_t length_of_date = 10;
  if (text.size() > length_of_date && text[length_of_date] == ' ') text[length_of_date] = 'T';
  const auto time = parse_iso_time(text.size() > length_of_date ? text + "Z" : text);
  if (!time) return std::nullopt;
  return *time - offset;
}

class carrier_reader {
 public:
  carrier_reader(std::string_view csv, minutes utc_offset)
      : rest_(csv::without_mark(csv)), offset_(utc_offset) {}

  carrier_text run() {
    if (!read_header()) return std::move(out_);
    while (!rest_.empty() && out_.problems.size() < most_problems) {
      const auto text = next_record();
      if (text.empty()) continue;
      if (const char* wrong = csv::split(text, delimiter_, fields_))
        problem(wrong);
      else
        read_call();
    }
    return std::move(out_);
  }

 private:
  std::string next_record() {
    line_ += lines_;
    auto record = csv::take_record(rest_, delimiter_);
    lines_ = record.lines;
    return std::move(record.text);
  }
  void problem(std::string text) { out_.problems.push_back({line_, std::move(text)}); }

  bool read_header() {
    delimiter_ = csv::delimiter_of(rest_.substr(0, rest_.find('\n')));
    const auto header = next_record();
    if (const char* wrong = csv::split(header, delimiter_, fields_)) {
      problem(wrong);
      return false;
    }
    position_.fill(std::string::npos);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const auto name = csv::header_name(fields_[i]);
      const auto* const known = std::find_if(column_names.begin(), column_names.end(),
                                             [&](const auto& each) { return each.name == name; });
      if (known == column_names.end()) continue;
      if (position_[known->which] != std::string::npos)
        problem("there are two columns of the kind of '" + fields_[i] + "'");
      position_[known->which] = i;
    }
    if (position_[called] == std::string::npos) problem("there is no column of the called number");
    if (position_[answer_time] == std::string::npos && position_[start_time] == std::string::npos)
      problem("there is no column of a time");
    if (position_[duration] == std::string::npos) problem("there is no column of the duration");
    return out_.problems.empty();
  }

  std::string_view field(column which) const {
    return position_[which] < fields_.size() ? std::string_view{fields_[position_[which]]}
                                             : std::string_view{};
  }

  void read_call() {
    carrier_call call{.line = line_};
    const auto number = digits_of(field(called));
    if (!number) return problem("'" + std::string(field(called)) + "' is no telephone number");
    call.called = *number;
    const auto written = field(answer_time).empty() ? field(start_time) : field(answer_time);
    const auto at = time_in(written, offset_);
    if (!at) return problem("'" + std::string(written) + "' is no time");
    call.at = *at;
    const auto length = seconds_in(field(duration));
    if (!length) return problem("'" + std::string(field(duration)) + "' is no duration");
    call.seconds = *length;
    if (const auto text = field(amount); !text.empty()) {
      std::string decimal(text);
      std::replace(decimal.begin(), decimal.end(), ',', '.');
      const auto asked = parse_money(decimal);
      if (!asked) return problem("'" + std::string(text) + "' is no amount");
      call.amount = *asked;
    }
    if (call.seconds > 0) out_.calls.push_back(std::move(call));
  }

  std::string_view rest_;
  minutes offset_;
  std::size_t line_ = 0;   // where the record began
  std::size_t lines_ = 1;  // that it takes
  char delimiter_ = ',';
  std::array<std::size_t, column_count> position_{};
  std::vector<std::string> fields_;
  carrier_text out_;
};

system_clock::duration distance(const own_call& ours, const carrier_call& theirs) {
  auto nearest = system_clock::duration::max();
  for (const auto& at : {ours.started, ours.answered})
    if (at) nearest = std::min(nearest, *at < theirs.at ? theirs.at - *at : *at - theirs.at);
  return nearest;
}

std::int64_t seconds_apart(const own_call& ours, const carrier_call& theirs) {
  const auto talk_up = (ours.talk_ms + 999) / 1000;
  const auto by_talk = theirs.seconds > talk_up
                           ? theirs.seconds - talk_up
                           : std::max<std::int64_t>(0, ours.talk_ms / 1000 - theirs.seconds);
  if (ours.cost_billed_s == 0) return by_talk;
  return std::min(by_talk, std::abs(theirs.seconds - ours.cost_billed_s));
}

}  // namespace

carrier_text parse_carrier_csv(std::string_view csv, minutes utc_offset) {
  return carrier_reader(csv, utc_offset).run();
}

carrier_comparison compare_calls(std::vector<own_call> ours, std::vector<carrier_call> theirs,
                                 const carrier_tolerance& allowed) {
  struct pair {
    system_clock::duration apart{};
    std::int64_t seconds = 0;
    std::size_t own = 0, other = 0;
    auto operator<=>(const pair&) const = default;
  };
  std::multimap<std::string_view, std::size_t> by_number;
  for (std::size_t i = 0; i < theirs.size(); ++i)
    by_number.emplace(theirs[i].called, i);
  std::vector<pair> pairs;
  for (std::size_t own = 0; own < ours.size(); ++own) {
    const auto [begin, end] = by_number.equal_range(ours[own].called);
    for (auto each = begin; each != end; ++each)
      if (const auto apart = distance(ours[own], theirs[each->second]); apart <= allowed.time)
        pairs.push_back({apart, seconds_apart(ours[own], theirs[each->second]), own, each->second});
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<bool> own_taken(ours.size()), other_taken(theirs.size());
  carrier_comparison found;
  for (const auto& each : pairs) {
    if (own_taken[each.own] || other_taken[each.other]) continue;
    own_taken[each.own] = other_taken[each.other] = true;
    ++found.matched;
    const auto& own = ours[each.own];
    const auto& other = theirs[each.other];
    if (each.seconds > allowed.duration.count()) found.seconds_differ.push_back({own, other});
    if (own.cost && other.amount) {
      const auto apart = *own.cost < *other.amount ? *other.amount - *own.cost : *own.cost - *other.amount;
      if (apart > allowed.amount) found.amount_differs.push_back({own, other});
    }
  }
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (!own_taken[i] && !ours[i].unheard) found.missing.push_back(std::move(ours[i]));
  for (std::size_t i = 0; i < theirs.size(); ++i)
    if (!other_taken[i]) found.extra.push_back(std::move(theirs[i]));
  return found;
}

}  // namespace tollgate::billing
