// SPDX-License-Identifier: Apache-2.0
// Reading a deck's CSV (RFC 4180) and finding everything that is wrong with it. Free of IO.
#include <algorithm>
#include <array>
#include <charconv>

#include "billing/csv.hpp"
#include "billing/rate_deck.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::seconds;

constexpr std::size_t longest_prefix = 15;        // ITU-T E.164: at most 15 digits
constexpr std::size_t longest_destination = 200;  // bytes
constexpr std::size_t longest_record = 4096;      // bytes of a line

enum column : std::size_t {
  prefix,
  destination,
  price_per_minute,
  connection_fee,
  initial_increment_s,
  next_increment_s,
  free_start_s,
  included_s,
  effective_from,
  effective_until,
  column_count
};
constexpr std::array<std::string_view, column_count> names{
    "prefix",           "destination",  "price_per_minute", "connection_fee", "initial_increment_s",
    "next_increment_s", "free_start_s", "included_s",       "effective_from", "effective_until"};
constexpr std::size_t required_columns = 3;

struct other_name {
  std::string_view name;
  column which;
  bool micros = false;  // whole micro-units instead of a decimal
};
constexpr std::array other_names{
    other_name{"code", prefix},
    other_name{"dial_code", prefix},
    other_name{"region", destination},
    other_name{"name", destination},
    other_name{"price", price_per_minute},
    other_name{"rate", price_per_minute},
    other_name{"price_per_minute_micros", price_per_minute, true},
    other_name{"setup_fee", connection_fee},
    other_name{"connection_fee_micros", connection_fee, true},
    other_name{"initial_increment", initial_increment_s},
    other_name{"next_increment", next_increment_s},
    other_name{"free_start", free_start_s},
    other_name{"free_start_seconds", free_start_s},
    other_name{"included", included_s},
    other_name{"included_seconds", included_s},
    other_name{"valid_from", effective_from},
    other_name{"effective_to", effective_until},
    other_name{"valid_until", effective_until},
};

class parser {
 public:
  explicit parser(std::string_view text) : rest_(csv::without_mark(text)) {}

  deck_text run() {
    if (rest_.size() > max_deck_bytes) {
      problem("", "the text is longer than " + std::to_string(max_deck_bytes) + " bytes");
      return std::move(out_);
    }
    if (!read_header()) return std::move(out_);
    while (!rest_.empty()) {
      if (!next_record()) continue;
      if (fields_.size() == 1 && fields_[0].empty()) continue;  // an empty line
      if (out_.lines.size() == max_deck_lines) {
        problem("", "there are more than " + std::to_string(max_deck_lines) + " lines");
        break;
      }
      read_line();
    }
    if (out_.lines.empty() && out_.problem_count == 0) problem("", "there are no rates");
    find_overlaps();
    std::stable_sort(
        out_.problems.begin(), out_.problems.end(),
        [](const deck_problem& left, const deck_problem& right) { return left.line < right.line; });
    return std::move(out_);
  }

 private:
  void problem_at(std::size_t line, std::string_view where, std::string text) {
    if (out_.problem_count++ < max_deck_problems)
      out_.problems.push_back({.line = line, .column = std::string(where), .text = std::move(text)});
  }
  void problem(std::string_view where, std::string text) { problem_at(line_, where, std::move(text)); }
  void problem(column which, std::string text) { problem(names[which], std::move(text)); }

  // Takes one record off the text.
  bool next_record() {
    line_ += lines_;
    auto [record, lines] = csv::take_record(rest_, delimiter_);
    lines_ = lines;
    fields_.clear();
    if (record.size() > longest_record) {
      problem("", "the line is longer than " + std::to_string(longest_record) + " bytes");
      return false;
    }
    const char* const wrong = csv::split(record, delimiter_, fields_);
    if (wrong != nullptr) problem("", wrong);
    return wrong == nullptr;
  }

  bool read_header() {
    if (rest_.empty()) {
      line_ = 1;
      problem("", "the text is empty");
      return false;
    }
    delimiter_ = csv::delimiter_of(rest_.substr(0, rest_.find('\n')));
    if (!next_record()) return false;
    position_.fill(std::string::npos);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const auto name = csv::header_name(fields_[i]);
      const auto which = column_named(name);
      if (which == column_count) {
        problem(fields_[i], "there is no such column");
      } else if (position_[which] != std::string::npos) {
        problem(fields_[i], "the column stands twice");
      } else {
        position_[which] = i;
      }
    }
    for (std::size_t i = 0; i < required_columns; ++i)
      if (position_[i] == std::string::npos) problem(names[i], "the column is missing");
    columns_ = fields_.size();
    return out_.problem_count == 0;
  }

  // column_count: there is none of that name.
  column column_named(std::string_view name) {
    if (const auto found = std::find(names.begin(), names.end(), name); found != names.end())
      return static_cast<column>(found - names.begin());
    const auto* other = std::find_if(other_names.begin(), other_names.end(),
                                     [&](const auto& each) { return each.name == name; });
    if (other == other_names.end()) return column_count;
    if (other->micros) micros_[other->which] = true;
    return other->which;
  }

  std::string_view field(column which) const {
    const auto position = position_[which];
    return position == std::string::npos ? std::string_view{} : std::string_view{fields_[position]};
  }

  void read_line() {
    if (fields_.size() != columns_) {
      problem("", "the line has " + std::to_string(fields_.size()) + " fields, the header " +
                      std::to_string(columns_));
      return;
    }
    const auto problems_before = out_.problem_count;
    deck_line line;
    line.terms.prefix = field(prefix);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (const auto& p = line.terms.prefix;
        p.empty() || p.size() > longest_prefix || !std::all_of(p.begin(), p.end(), is_digit))
      problem(prefix, "'" + p + "' is not 1 to 15 digits");
    line.terms.destination = field(destination);
    if (line.terms.destination.empty() || line.terms.destination.size() > longest_destination)
      problem(destination, "the name must have 1 to " + std::to_string(longest_destination) + " bytes");
    line.terms.price_per_minute = read_price(price_per_minute, true);
    line.terms.connection_fee = read_price(connection_fee, false);
    line.terms.initial_increment = read_seconds(initial_increment_s, seconds{60}, seconds{1});
    line.terms.next_increment = read_seconds(next_increment_s, seconds{60}, seconds{1});
    line.terms.free_start = read_seconds(free_start_s, seconds{0}, seconds{0});
    line.terms.included = read_seconds(included_s, seconds{0}, seconds{0});
    line.effective_from = read_time(effective_from);
    line.effective_until = read_time(effective_until);
    if (line.effective_from && line.effective_until && *line.effective_from >= *line.effective_until)
      problem(effective_until, "the rate ends before it begins");
    if (out_.problem_count != problems_before) return;
    out_.lines.push_back(std::move(line));
    line_numbers_.push_back(line_);
  }

  money read_price(column which, bool required) {
    const auto text = field(which);
    if (text.empty() && !required) return {};
    if (micros_[which]) {
      std::int64_t micros = -1;
      const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), micros);
      if (failure == std::errc{} && end == text.data() + text.size() && micros >= 0 &&
          money{micros} <= max_price)
        return {micros};
      problem(which, "'" + std::string(text) + "' is not a price in micro-units: a whole number from 0 to " +
                         std::to_string(max_price.micros));
      return {};
    }
    std::string decimal(text);
    if (const auto sign = decimal.find_first_of(".,"); sign != std::string::npos) {
      if (decimal_sign_ == 0) {
        decimal_sign_ = decimal[sign];
        decimal_line_ = line_;
      }
      if (decimal[sign] != decimal_sign_) {
        problem(which,
                "'" + decimal + "' has another decimal sign than line " + std::to_string(decimal_line_));
        return {};
      }
      decimal[sign] = '.';
    }
    const auto price = parse_money(decimal);
    if (price.has_value() && *price >= money{} && *price <= max_price) return *price;
    problem(which, "'" + std::string(text) + "' is not a price: a decimal from 0 to " + to_string(max_price) +
                       " with at most six places");
    return {};
  }

  seconds read_seconds(column which, seconds otherwise, seconds least) {
    const auto text = field(which);
    if (text.empty()) return otherwise;
    int value = -1;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure == std::errc{} && end == text.data() + text.size() && seconds{value} >= least &&
        seconds{value} <= max_increment)
      return seconds{value};
    problem(which, "'" + std::string(text) + "' is not a whole number of seconds from " +
                       std::to_string(least.count()) + " to " + std::to_string(max_increment.count()));
    return otherwise;
  }

  std::optional<wall_time> read_time(column which) {
    const auto text = field(which);
    if (text.empty()) return std::nullopt;
    const auto time = parse_iso_time(text);
    if (!time) problem(which, "'" + std::string(text) + "' is neither YYYY-MM-DD nor YYYY-MM-DDThh:mm:ssZ");
    return time;
  }

  // Two lines of one prefix must not be in force at the same time.
  void find_overlaps() {
    std::vector<std::size_t> order(out_.lines.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    const auto from = [&](std::size_t i) { return out_.lines[i].effective_from.value_or(wall_time::min()); };
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
      const int compared = out_.lines[left].terms.prefix.compare(out_.lines[right].terms.prefix);
      if (compared != 0) return compared < 0;
      return from(left) != from(right) ? from(left) < from(right) : left < right;
    });
    const auto until = [&](std::size_t i) {
      return out_.lines[i].effective_until.value_or(wall_time::max());
    };
    std::size_t longest = order.empty() ? 0 : order[0];  // of those with this prefix: the last to end
    for (std::size_t i = 1; i < order.size(); ++i) {
      const auto& later = out_.lines[order[i]];
      const std::size_t earlier = longest;
      const bool same = out_.lines[earlier].terms.prefix == later.terms.prefix;
      if (!same || until(order[i]) > until(longest)) longest = order[i];
      if (!same || until(earlier) <= from(order[i])) continue;
      const auto [first, second] = std::minmax(line_numbers_[earlier], line_numbers_[order[i]]);
      if (out_.overlap_count++ < max_deck_problems)
        out_.overlaps.push_back({.prefix = later.terms.prefix, .line = second, .other_line = first});
      problem_at(
          second, names[prefix],
          "prefix " + later.terms.prefix + " has a rate at the same time in line " + std::to_string(first));
    }
  }

  std::string_view rest_;
  std::size_t line_ = 0;   // where the record began
  std::size_t lines_ = 1;  // that it takes
  std::size_t columns_ = 0;
  char delimiter_ = ',';
  char decimal_sign_ = 0;  // of the prices; 0: none seen yet
  std::size_t decimal_line_ = 0;
  std::array<bool, column_count> micros_{};
  std::array<std::size_t, column_count> position_{};
  std::vector<std::string> fields_;
  std::vector<std::size_t> line_numbers_;  // of out_.lines
  deck_text out_;
};

}  // namespace

deck_text parse_deck(std::string_view csv) {
  return parser(csv).run();
}

}  // namespace tollgate::billing
