// SPDX-License-Identifier: Apache-2.0
// Fields in, values out.
#include "gateway/api/fields.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace tollgate::gateway::api {
namespace {

constexpr std::size_t deepest_json = 16;
constexpr std::size_t longest_text = 200;        // in a list
constexpr std::size_t most_errors = 100;         // told of one request
constexpr std::size_t longest_field_told = 100;  // bytes

// At most so many bytes, and no part of a character.
std::string_view shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
    --most;
  return text.substr(0, most);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits at a fixed place of a time; −1 if they are none.
int digits_at(std::string_view text, std::size_t begin, std::size_t count) {
  int value = 0;
  for (std::size_t i = begin; i < begin + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The zone at the end: "Z", "+02:00".
std::optional<std::chrono::minutes> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const int hours = digits_at(text, 1, 2), minutes = digits_at(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || hours < 0 || hours > 23 ||
      minutes < 0 || minutes > 59)
    return std::nullopt;
  return std::chrono::minutes((text[0] == '+' ? 1 : -1) * (hours * 60 + minutes));
}

}  // namespace

field_reader field_reader::of_body(const request& from) {
  field_reader reader;
  if (from.content_type != "application/json") {
    reader.broken_ = problem(415, "media_type", "The body must be application/json.");
    return reader;
  }
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = deepest_json;
  boost::json::value value = boost::json::parse(from.body, error, {}, options);
  if (error == boost::json::error::too_deep)
    reader.broken_ = problem(400, "json_too_deep", "The body is nested deeper than " + std::to_string(deepest_json) + " levels.");
  else if (error || !value.is_object())
    reader.broken_ = problem(400, "malformed_json", "The body is not a JSON object.");
  else
    reader.fields_ = std::move(value.get_object());
  return reader;
}

field_reader field_reader::of_query(const request& from) {
  field_reader reader;
  reader.from_query_ = true;
  for (const auto& [name, value] : from.query)
    reader.fields_[name] = value;
  return reader;
}

const boost::json::value* field_reader::look_up(std::string_view name) {
  known_.emplace(name);
  const boost::json::value* const value = fields_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool field_reader::has(std::string_view name) const {
  return fields_.contains(name);
}

void field_reader::note(field_error what) {
  if (errors_.size() < most_errors) errors_.push_back(std::move(what));
}

void field_reader::complain(std::string_view field, std::string text) {
  if (errors_.size() >= most_errors) return;  // before any text is made of it
  // A name that is too long to be told has no pointer: it would lead nowhere.
  const bool is_told_whole = field.size() <= longest_field_told;
  note({std::string(shortened(field, longest_field_told)), std::move(text),
        from_query_ || !is_told_whole ? std::string() : json_pointer(field), from_query_});
}

void field_reader::complain_of(std::string_view field, std::size_t index, std::string text) {
  if (errors_.size() >= most_errors) return;
  const std::string place = std::to_string(index);
  note({std::string(field) + "[" + place + "]", std::move(text), json_pointer(field) + "/" + place, from_query_});
}

std::optional<std::string> field_reader::text(std::string_view name, std::size_t most_bytes) {
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return complain(name, "must be a string"), std::nullopt;
  const auto& found = value->get_string();
  if (found.size() > most_bytes || found.find('\0') != boost::json::string::npos)
    return complain(name, "must have at most " + std::to_string(most_bytes) + " bytes, and no NUL"),
           std::nullopt;
  return std::string(found);
}

std::optional<std::int64_t> field_reader::integer(std::string_view name, std::int64_t least,
                                                  std::int64_t most) {
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::int64_t> found;
  if (from_query_)
    found = parse_integer(value->get_string());
  else if (const std::int64_t* number = value->if_int64())
    found = *number;
  if (!found || *found < least || *found > most)
    return complain(name,
                    "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most)),
           std::nullopt;
  return found;
}

std::optional<bool> field_reader::flag(std::string_view name) {
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  if (from_query_ && (value->get_string() == "true" || value->get_string() == "false"))
    return value->get_string() == "true";
  if (value->is_bool()) return value->get_bool();
  return complain(name, "must be true or false"), std::nullopt;
}

std::optional<uuid> field_reader::id(std::string_view name) {
  const auto found = text(name, 36);
  if (!found) return std::nullopt;
  const auto value = parse_uuid(*found);
  if (!value) complain(name, "must be a UUID");
  return value;
}

std::optional<std::vector<std::string>> field_reader::texts(std::string_view name, std::size_t most) {
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  const boost::json::array* const list = value->if_array();
  std::vector<std::string> found;
  if (list == nullptr || list->size() > most)
    return complain(name, "must be a list of at most " + std::to_string(most) + " short strings"), std::nullopt;
  for (std::size_t i = 0; i < list->size() && errors_.size() < most_errors; ++i) {
    const auto* const text = (*list)[i].if_string();
    if (text == nullptr || text->size() > longest_text || text->find('\0') != boost::json::string::npos)
      complain_of(name, i, "must be a string of at most " + std::to_string(longest_text) + " bytes, without NUL");
    else
      found.emplace_back(*text);
  }
  if (found.size() != list->size()) return std::nullopt;
  return found;
}

std::optional<std::vector<int>> field_reader::integers(std::string_view name, int least, int most) {
  constexpr std::size_t most_integers = 100;
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  const boost::json::array* const list = value->if_array();
  std::vector<int> found;
  if (list == nullptr || list->size() > most_integers)
    return complain(name, "must be a list of at most " + std::to_string(most_integers) + " whole numbers"), std::nullopt;
  for (std::size_t i = 0; i < list->size() && errors_.size() < most_errors; ++i) {
    const std::int64_t* const number = (*list)[i].if_int64();
    if (number == nullptr || *number < least || *number > most)
      complain_of(name, i, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    else
      found.push_back(static_cast<int>(*number));
  }
  if (found.size() != list->size()) return std::nullopt;
  return found;
}

std::optional<pstn::phone_number> field_reader::number(std::string_view name) {
  const auto found = text(name, 32);
  if (!found) return std::nullopt;
  const auto value = pstn::phone_number::parse(*found);
  if (value) return *value;
  return complain(name, "must be a number in E.164, such as +442079460958: " + value.error().message()),
         std::nullopt;
}

std::optional<wall_time> field_reader::time(std::string_view name) {
  const auto found = text(name, 40);
  if (!found) return std::nullopt;
  const auto value = parse_rfc3339(*found);
  if (!value) complain(name, "must be a time by RFC 3339, such as 2026-01-31T12:00:00Z");
  return value;
}

std::optional<field_reader> field_reader::object(std::string_view name) {
  const boost::json::value* const value = look_up(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return complain(name, "must be an object"), std::nullopt;
  field_reader inner;
  inner.fields_ = value->get_object();
  return inner;
}

std::string field_reader::needed_text(std::string_view name, std::size_t most_bytes) {
  const auto value = text(name, most_bytes);
  if (!value && look_up(name) == nullptr) complain(name, "is needed");
  if (value && value->empty()) complain(name, "must not be empty");
  return value.value_or("");
}

std::int64_t field_reader::needed_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  if (look_up(name) == nullptr) complain(name, "is needed");
  return integer(name, least, most).value_or(least);
}

uuid field_reader::needed_id(std::string_view name) {
  if (look_up(name) == nullptr) complain(name, "is needed");
  return id(name).value_or(uuid{});
}

uuid field_reader::needed_made_id(const request& from) {
  if (look_up("id") != nullptr || !from.made_id) return needed_id("id");
  return *from.made_id;
}

std::string field_reader::needed_made_text_id(const request& from) {
  if (look_up("id") != nullptr || !from.made_id) return needed_text("id");
  return uuid_text(*from.made_id);
}

std::optional<pstn::phone_number> field_reader::needed_number(std::string_view name) {
  if (look_up(name) == nullptr) complain(name, "is needed");
  return number(name);
}

billing::money field_reader::needed_money(const std::string& name) {
  const std::string in_micros = name + "_micros";
  const bool decimal = look_up(name) != nullptr, micros = look_up(in_micros) != nullptr;
  if (decimal == micros) {
    complain(name, "is needed: either " + name + " as a decimal string or " + in_micros + " as an integer");
    return {};
  }
  if (micros)
    return {integer(in_micros, -billing::max_balance.micros, billing::max_balance.micros).value_or(0)};
  const auto found = text(name, 40);
  if (!found) return {};
  const auto amount = billing::parse_money(*found);
  if (!amount) complain(name, "must be a decimal with at most six places, such as \"20.00\"");
  return amount ? *amount : billing::money{};
}

std::vector<field_error> field_reader::take_errors() {
  for (const auto& [name, value] : fields_) {
    if (errors_.size() >= most_errors) break;
    if (!known_.contains(std::string_view(name))) complain(name, "is not a field of this request");
  }
  return std::move(errors_);
}

void field_reader::adopt(std::string_view name, field_reader& inner) {
  for (const field_error& each : inner.take_errors())
    note({std::string(name) + "." + each.field, each.text,
          each.pointer.empty() ? std::string() : json_pointer(name) + each.pointer, each.in_query});
}

std::optional<reply> field_reader::refusal() {
  if (broken_) return broken_;
  const auto errors = take_errors();
  if (errors.empty()) return std::nullopt;
  return problem(422, "invalid_request", errors.front().field + " " + errors.front().text, errors);
}

std::string rfc3339(wall_time at) {
  using namespace std::chrono;
  const auto ms = floor<milliseconds>(at);
  const auto day = floor<days>(ms);
  const year_month_day date(day);
  const hh_mm_ss clock(ms - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const int y = digits_at(text, 0, 4), mo = digits_at(text, 5, 2), d = digits_at(text, 8, 2);
  const int h = digits_at(text, 11, 2), mi = digits_at(text, 14, 2), s = digits_at(text, 17, 2);
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  constexpr int last_year = 2261;  // the clock counts nanoseconds in 64 bits: they end in April 2262
  if (y < 1970 || y > last_year || mo < 0 || d < 0 || !date.ok() || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60)
    return std::nullopt;
  std::size_t at = 19;
  microseconds fraction{0};
  if (text[at] == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9' && at < 40; ++at, unit /= 10)
      fraction += microseconds((text[at] - '0') * unit);
  }
  const auto zone = parse_zone(text.substr(at));
  if (!zone) return std::nullopt;
  return sys_days(date) + hours(h) + minutes(mi) + seconds(s) + fraction - *zone;
}

std::string uuid_text(const uuid& value) {
  return boost::uuids::to_string(value);
}

std::optional<uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
                     (text[i] >= 'A' && text[i] <= 'F');
    if (hyphen ? text[i] != '-' : !hex) return std::nullopt;
  }
  return boost::uuids::string_generator()(text.begin(), text.end());
}

void put_money(boost::json::object& into, const std::string& name, billing::money amount) {
  into[name + "_micros"] = amount.micros;
  into[name] = billing::to_string(amount);
}

void put_time(boost::json::object& into, std::string_view name, const std::optional<wall_time>& at) {
  into[name] = at ? boost::json::value(rfc3339(*at)) : boost::json::value(nullptr);
}

reply list_reply(boost::json::array items, std::optional<std::string> next) {
  return json_reply(
      200, boost::json::object{{"items", std::move(items)},
                               {"next", next ? boost::json::value(*next) : boost::json::value(nullptr)}});
}

}  // namespace tollgate::gateway::api
