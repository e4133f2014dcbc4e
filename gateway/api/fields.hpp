// SPDX-License-Identifier: Apache-2.0
// Reading the fields of a JSON body and of a query, with every mistake collected, and writing our values as
// JSON. Free of IO.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/uuid/uuid.hpp>

#include "billing/money.hpp"
#include "gateway/api/http.hpp"
#include "pstn/number/phone_number.hpp"

namespace tollgate::gateway::api {

using wall_time = std::chrono::system_clock::time_point;

/// Takes the fields out of a JSON object or a query one by one. A field that is absent where it is needed, of
/// the wrong kind or out of range is noted and read as empty; refusal() tells of all of them at once, and of
/// fields that nobody asked for.
class field_reader {
 public:
  /// The JSON object in the body.
  static field_reader of_body(const request& from);
  /// The query: every value is text there, and read as what is asked for.
  static field_reader of_query(const request& from);

  bool has(std::string_view name) const;
  std::optional<std::string> text(std::string_view name, std::size_t most_bytes = 200);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> flag(std::string_view name);
  std::optional<uuid> id(std::string_view name);
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t most = 100);
  std::optional<std::vector<int>> integers(std::string_view name, int least, int most);  ///< at most 100
  std::optional<pstn::phone_number> number(std::string_view name);  ///< E.164 with its plus
  std::optional<wall_time> time(std::string_view name);             ///< RFC 3339
  std::optional<field_reader> object(
      std::string_view name);  ///< its mistakes are its own: add them by adopt()

  std::string needed_text(std::string_view name, std::size_t most_bytes = 200);
  std::int64_t needed_integer(std::string_view name, std::int64_t least, std::int64_t most);
  uuid needed_id(std::string_view name);
  std::optional<pstn::phone_number> needed_number(std::string_view name);
  /// Either `name` as a decimal string ("20.00") or `name`_micros as an integer.
  billing::money needed_money(const std::string& name);

  /// The id of what is made: `id` in the body or, without it, the one that the request's Idempotency-Key has fixed;
  /// without either it is complained of.
  uuid needed_made_id(const request& from);
  std::string needed_made_text_id(const request& from);

  void complain(std::string_view field, std::string text);
  /// Of one member of a list, counted from 0.
  void complain_of(std::string_view field, std::size_t index, std::string text);
  void adopt(std::string_view name, field_reader& inner);
  /// Nothing if all is well. Call it after the last field.
  std::optional<reply> refusal();

 private:
  const boost::json::value* look_up(std::string_view name);
  std::vector<field_error> take_errors();
  void note(field_error what);

  boost::json::object fields_;
  bool from_query_ = false;
  std::optional<reply> broken_;
  std::vector<field_error> errors_;
  std::set<std::string, std::less<>> known_;
};

/// "2026-11-22T07:55:32.123Z"
std::string rfc3339(wall_time at);
/// RFC 3339 §5.6 with Z or an offset; years 1970 to 9999.
std::optional<wall_time> parse_rfc3339(std::string_view text);
std::string uuid_text(const uuid& value);
std::optional<uuid> parse_uuid(std::string_view text);

/// Adds "name_micros": 20000000 and "name": "20.00".
void put_money(boost::json::object& into, const std::string& name, billing::money amount);
void put_time(boost::json::object& into, std::string_view name,
              const std::optional<wall_time>& at);  ///< null if none

/// {"items": [...], "next": cursor or null}
reply list_reply(boost::json::array items, std::optional<std::string> next);

}  // namespace tollgate::gateway::api
