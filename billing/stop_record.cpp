// SPDX-License-Identifier: Apache-2.0
// JSON of a stop record, for the spool; its keys are the columns of billing.cdr.
#include "billing/stop_record.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cmath>

#include "billing/error.hpp"
#include "billing/rate.hpp"
#include "billing/stop_record_bounds.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::size_t most_attempts = 50;
constexpr std::size_t uuid_text_length = 36;

json::value time_value(const std::optional<stop_record::wall_time>& time) {
  return time ? json::value(iso_time(*time)) : json::value(nullptr);
}

void add_media(json::object& out, const std::string& side, const media_record& media) {
  out[side + "_packets"] = bounded(media.packets);
  out[side + "_lost"] = bounded(media.lost);
  out[side + "_jitter_ms"] = bounded(media.jitter_ms);
  out[side + "_mos"] = bounded(media.mos);
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) out[side + name] = bounded(*value);
  };
  add("_remote_loss", media.remote_loss);
  add("_remote_jitter_ms", media.remote_jitter_ms);
  add("_round_trip_ms", media.round_trip_ms);
  add("_remote_mos", media.remote_mos);
}

}  // namespace

json::value cost_value(const std::optional<cost_rate>& cost) {
  if (!cost || !is_valid(cost->terms)) return nullptr;
  const auto& terms = cost->terms;
  return json::object{{"deck", clean_text(cost->deck)},
                      {"currency", clean_text(cost->currency)},
                      {"rate_id", terms.rate_id},
                      {"prefix", clean_text(terms.prefix)},
                      {"destination", clean_text(terms.destination)},
                      {"connection_fee_micros", terms.connection_fee.micros},
                      {"price_per_minute_micros", terms.price_per_minute.micros},
                      {"initial_increment_s", terms.initial_increment.count()},
                      {"next_increment_s", terms.next_increment.count()},
                      {"free_start_s", terms.free_start.count()},
                      {"included_s", terms.included.count()}};
}

std::optional<money> cost_of(const trunk_attempt& attempt) {
  if (!attempt.connected || !attempt.cost || !is_valid(attempt.cost->terms)) return std::nullopt;
  return call_price(attempt.cost->terms, milliseconds{bounded_ms(*attempt.connected)});
}

json::value cost_value(const stop_record& record) {
  auto out = cost_value(record.cost);
  if (!out.is_object()) return out;
  money others;
  for (const auto& attempt : record.attempts)
    if (attempt.cost && attempt.cost->currency == record.cost->currency)
      others.micros += cost_of(attempt).value_or(money{}).micros;
  if (others.micros > 0) out.get_object()["other_attempts_micros"] = others.micros;
  return out;
}

json::array attempts_value(const std::vector<trunk_attempt>& attempts) {
  json::array out;
  // Of too many, trunks that were passed over go first: what was tried, and what was answered, stays.
  std::size_t surplus = attempts.size() - std::min(attempts.size(), most_attempts);
  for (const auto& attempt : attempts) {
    if (surplus > 0 && attempt.sip_code == 0 && !attempt.connected) {
      --surplus;
      continue;
    }
    if (out.size() == most_attempts) break;
    json::object one{{"trunk", clean_text(attempt.trunk)},
                     {"sip_code", std::clamp(attempt.sip_code, 0, last_sip_code)},
                     {"reason", clean_text(attempt.reason)},
                     {"at", iso_time(attempt.at)}};
    if (!attempt.target.empty()) one["target"] = clean_text(attempt.target);
    if (!attempt.sip_call_id.empty()) one["sip_call_id"] = clean_text(attempt.sip_call_id);
    if (attempt.q850_cause != 0) one["q850_cause"] = std::clamp(attempt.q850_cause, 0, last_q850_cause);
    if (attempt.post_dial_delay) one["post_dial_delay_ms"] = bounded_ms(*attempt.post_dial_delay);
    if (attempt.connected) one["connected_ms"] = bounded_ms(*attempt.connected);
    if (const auto charge = cost_of(attempt)) {
      one["cost"] = cost_value(attempt.cost);
      one["cost_micros"] = charge->micros;
    }
    out.push_back(std::move(one));
  }
  return out;
}

namespace {

// Reads typed members of an object; one bad member spoils the whole.
class reader {
 public:
  explicit reader(const json::object& object) : object_(object) {}

  bool good() const { return good_; }

  void read(const char* key, std::string& out) {
    if (const auto* value = present(key)) {
      if (const auto* text = value->if_string())
        out.assign(text->begin(), text->end());
      else
        good_ = false;
    }
  }
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void read(const char* key, Number& out) {
    if (const auto* value = present(key)) {
      boost::system::error_code failure;
      const auto number = value->to_number<Number>(failure);
      if (failure)
        good_ = false;
      else
        out = number;
    }
  }
  void read(const char* key, milliseconds& out) {
    auto count = out.count();
    read(key, count);
    out = milliseconds{std::clamp<std::int64_t>(count, 0, milliseconds{max_call_duration}.count())};
  }
  void read(const char* key, std::optional<milliseconds>& out) {
    if (present(key) != nullptr) read(key, out.emplace(0));
  }
  void read(const char* key, std::optional<double>& out) {
    if (present(key) != nullptr) read(key, out.emplace(0));
  }
  void read(const char* key, stop_record::wall_time& out) {
    std::string text;
    read(key, text);
    if (const auto time = parse_iso_time(text))
      out = *time;
    else
      good_ = false;
  }
  void read(const char* key, std::optional<stop_record::wall_time>& out) {
    if (present(key) != nullptr) read(key, out.emplace());
  }
  void read(const char* key, boost::uuids::uuid& out) {
    std::string text;
    read(key, text);
    const auto allowed = [](char c) {
      return std::string_view("0123456789abcdefABCDEF-").find(c) != std::string_view::npos;
    };
    if (text.size() != uuid_text_length || !std::all_of(text.begin(), text.end(), allowed)) {
      good_ = false;
      return;
    }
    try {
      out = boost::uuids::string_generator{}(text);
    } catch (const std::exception&) {
      good_ = false;
    }
  }
  void read(const char* key, std::optional<boost::uuids::uuid>& out) {
    if (present(key) != nullptr) read(key, out.emplace());
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void read(const char* key, Enum& out, std::initializer_list<Enum> values) {
    std::string text = to_string(out);
    read(key, text);
    const auto* found =
        std::find_if(values.begin(), values.end(), [&](Enum value) { return text == to_string(value); });
    if (found == values.end())
      good_ = false;
    else
      out = *found;
  }
  void read(const char* side, media_record& out) {
    const std::string name = side;
    read((name + "_packets").c_str(), out.packets);
    read((name + "_lost").c_str(), out.lost);
    read((name + "_jitter_ms").c_str(), out.jitter_ms);
    read((name + "_mos").c_str(), out.mos);
    read((name + "_remote_loss").c_str(), out.remote_loss);
    read((name + "_remote_jitter_ms").c_str(), out.remote_jitter_ms);
    read((name + "_round_trip_ms").c_str(), out.round_trip_ms);
    read((name + "_remote_mos").c_str(), out.remote_mos);
  }
  void read(const char* key, std::chrono::seconds& out) {
    std::int64_t count = out.count();
    read(key, count);
    out = std::chrono::seconds{std::clamp<std::int64_t>(count, -1, max_increment.count() + 1)};
  }
  void read(const char* key, std::optional<cost_rate>& out) {
    const auto* value = present(key);
    if (value == nullptr) return;
    const auto* object = value->if_object();
    if (object == nullptr) {
      good_ = false;
      return;
    }
    reader inner(*object);
    auto& cost = out.emplace();
    inner.read("deck", cost.deck);
    inner.read("currency", cost.currency);
    inner.read("rate_id", cost.terms.rate_id);
    inner.read("prefix", cost.terms.prefix);
    inner.read("destination", cost.terms.destination);
    inner.read("connection_fee_micros", cost.terms.connection_fee.micros);
    inner.read("price_per_minute_micros", cost.terms.price_per_minute.micros);
    inner.read("initial_increment_s", cost.terms.initial_increment);
    inner.read("next_increment_s", cost.terms.next_increment);
    inner.read("free_start_s", cost.terms.free_start);
    inner.read("included_s", cost.terms.included);
    good_ = good_ && inner.good() && is_valid(cost.terms);
  }
  void read(const char* key, std::vector<trunk_attempt>& out) {
    const auto* value = present(key);
    if (value == nullptr) return;
    const auto* array = value->if_array();
    good_ = good_ && array != nullptr && array->size() <= most_attempts;
    if (!good_) return;
    for (const auto& element : *array) {
      const auto* object = element.if_object();
      if (object == nullptr) {
        good_ = false;
        return;
      }
      reader inner(*object);
      auto& attempt = out.emplace_back();
      inner.read("trunk", attempt.trunk);
      inner.read("sip_code", attempt.sip_code);
      inner.read("reason", attempt.reason);
      inner.read("at", attempt.at);
      inner.read("target", attempt.target);
      inner.read("sip_call_id", attempt.sip_call_id);
      inner.read("q850_cause", attempt.q850_cause);
      inner.read("post_dial_delay_ms", attempt.post_dial_delay);
      inner.read("connected_ms", attempt.connected);
      inner.read("cost", attempt.cost);
      good_ = good_ && inner.good();
    }
  }

 private:
  const json::value* present(const char* key) const {
    const auto* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  const json::object& object_;
  bool good_ = true;
};

}  // namespace

const char* to_string(call_direction value) {
  switch (value) {
    case call_direction::out:
      return "out";
    case call_direction::in:
      return "in";
    case call_direction::voicemail:
      return "voicemail";
    case call_direction::forward:
      return "forward";
  }
  return "out";
}

const char* to_string(call_side value) {
  switch (value) {
    case call_side::caller:
      return "caller";
    case call_side::callee:
      return "callee";
    case call_side::gateway:
      return "gateway";
  }
  return "gateway";
}

std::string to_json(const stop_record& record) {
  json::object out;
  out["account_id"] = boost::uuids::to_string(record.account_id);
  out["call_id"] = boost::uuids::to_string(record.call_id);
  out["parent_call_id"] = record.parent_call_id ? json::value(boost::uuids::to_string(*record.parent_call_id))
                                                : json::value(nullptr);
  out["direction"] = to_string(record.direction);
  out["caller"] = clean_text(record.caller);
  out["callee"] = clean_text(record.callee);
  out["started_at"] = time_value(record.started);
  out["ringing_at"] = time_value(record.ringing);
  out["answered_at"] = time_value(record.answered);
  out["ended_at"] = time_value(record.ended);
  out["ring_ms"] = bounded_ms(record.ring);
  out["talk_ms"] = bounded_ms(record.talk);
  out["post_dial_delay_ms"] =
      record.post_dial_delay ? json::value(bounded_ms(*record.post_dial_delay)) : json::value(nullptr);
  out["trunk"] = clean_text(record.trunk);
  out["attempts"] = attempts_value(record.attempts);
  out["sip_code"] = std::clamp(record.sip_code, 0, last_sip_code);
  out["q850_cause"] = std::clamp(record.q850_cause, 0, last_q850_cause);
  out["hung_up_by"] = to_string(record.hung_up_by);
  out["reason"] = clean_text(record.reason);
  out["overlay_codec"] = clean_text(record.overlay_codec);
  out["trunk_codec"] = clean_text(record.trunk_codec);
  add_media(out, "overlay", record.from_overlay);
  add_media(out, "trunk", record.from_trunk);
  out["srtp_profile"] = clean_text(record.srtp_profile);
  out["node"] = clean_text(record.node);
  out["cost"] = cost_value(record);
  if (!record.caller_verdict.empty()) out["caller_verdict"] = clean_text(record.caller_verdict);
  if (record.carrier_id) out["carrier_id"] = boost::uuids::to_string(*record.carrier_id);
  return json::serialize(out);
}

boost::system::result<stop_record> parse_stop_record(std::string_view text) {
  boost::system::error_code failure;
  const auto value = json::parse(text, failure);
  if (failure || !value.is_object()) return error::malformed;
  const auto& object = value.get_object();
  if (!object.contains("talk_ms")) return error::malformed;
  stop_record record;
  reader in(object);
  in.read("account_id", record.account_id);
  in.read("call_id", record.call_id);
  in.read("parent_call_id", record.parent_call_id);
  in.read("direction", record.direction,
          {call_direction::out, call_direction::in, call_direction::voicemail, call_direction::forward});
  in.read("caller", record.caller);
  in.read("callee", record.callee);
  in.read("started_at", record.started);
  in.read("ringing_at", record.ringing);
  in.read("answered_at", record.answered);
  in.read("ended_at", record.ended);
  in.read("ring_ms", record.ring);
  in.read("talk_ms", record.talk);
  in.read("post_dial_delay_ms", record.post_dial_delay);
  in.read("trunk", record.trunk);
  in.read("attempts", record.attempts);
  in.read("sip_code", record.sip_code);
  in.read("q850_cause", record.q850_cause);
  in.read("hung_up_by", record.hung_up_by, {call_side::caller, call_side::callee, call_side::gateway});
  in.read("reason", record.reason);
  in.read("overlay_codec", record.overlay_codec);
  in.read("trunk_codec", record.trunk_codec);
  in.read("overlay", record.from_overlay);
  in.read("trunk", record.from_trunk);
  in.read("srtp_profile", record.srtp_profile);
  in.read("node", record.node);
  in.read("cost", record.cost);
  in.read("caller_verdict", record.caller_verdict);
  in.read("carrier_id", record.carrier_id);
  if (!in.good()) return error::malformed;
  return record;
}

}  // namespace tollgate::billing
