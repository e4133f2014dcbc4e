// SPDX-License-Identifier: Apache-2.0
// CDRs as CSV. Free of IO.
#include <algorithm>
#include <array>
#include <cstdio>

#include "billing/cdr_export.hpp"
#include "billing/csv.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

// Nothing of subscribers, prices, and the overlay's side.
bool is_for_carriers(std::string_view column) {
  constexpr std::array<std::string_view, 18> shown{"call_id",    "direction", "caller",             "callee", "started_at", "ringing_at",
                                                   "answered_at", "ended_at", "ring_ms",            "talk_ms", "post_dial_delay_ms", "trunk",
                                                   "sip_code",   "q850_cause", "hung_up_by",        "reason", "trunk_codec", "caller_verdict"};
  return column.starts_with("trunk_") || std::find(shown.begin(), shown.end(), column) != shown.end();
}

// Writes header and records from one list, so that they cannot disagree.
class line_writer {
 public:
  line_writer(bool header, cdr_columns which) : header_(header), which_(which) {}

  void text(const char* name, std::string_view value) {
    if (which_ == cdr_columns::of_carriers && !is_for_carriers(name)) return;
    add(header_ ? std::string(name) : csv::field(value));
  }
  void number(const char* name, std::int64_t value) { text(name, std::to_string(value)); }
  void amount(const char* name, std::optional<money> value) { text(name, value ? to_string(*value) : ""); }
  void real(const char* name, std::optional<double> value) {
    std::array<char, 32> out{};
    if (value) std::snprintf(out.data(), out.size(), "%.4g", *value);
    text(name, out.data());
  }
  void time(const char* name, const std::optional<stop_record::wall_time>& at) {
    text(name, at ? iso_time(*at) : "");
  }
  std::string take() { return line_ + "\n"; }

 private:
  void add(const std::string& field) {
    line_ += (first_ ? "" : ",") + field;
    first_ = false;
  }
  bool header_;
  cdr_columns which_;
  bool first_ = true;
  std::string line_;
};

void write_media(line_writer& out, const std::array<const char*, 8>& names, const media_record& media) {
  out.number(names[0], static_cast<std::int64_t>(media.packets));
  out.number(names[1], static_cast<std::int64_t>(media.lost));
  out.real(names[2], media.jitter_ms);
  out.real(names[3], media.mos);
  out.real(names[4], media.remote_loss);
  out.real(names[5], media.remote_jitter_ms);
  out.real(names[6], media.round_trip_ms);
  out.real(names[7], media.remote_mos);
}

// "first:503 main:200": every INVITE with its answer.
std::string attempts_text(const std::vector<trunk_attempt>& attempts) {
  std::string out;
  for (const auto& each : attempts)
    out += (out.empty() ? "" : " ") + each.trunk + ":" + std::to_string(each.sip_code);
  return out;
}

std::string write_line(const call_record& record, bool header, cdr_columns which) {
  const auto& call = record.call;
  const rate terms = record.terms.value_or(rate{});
  line_writer out(header, which);
  out.text("call_id", sql::text_of(call.call_id));
  out.text("account_id", sql::text_of(call.account_id));
  out.text("parent_call_id", call.parent_call_id ? sql::text_of(*call.parent_call_id) : "");
  out.text("direction", to_string(call.direction));
  out.text("settled_by", to_string(record.settled));
  out.text("caller", call.caller);
  out.text("callee", call.callee);
  out.time("started_at", call.started);
  out.time("ringing_at", call.ringing);
  out.time("answered_at", call.answered);
  out.time("ended_at", call.ended);
  out.number("ring_ms", call.ring.count());
  out.number("talk_ms", call.talk.count());
  out.text("post_dial_delay_ms", call.post_dial_delay ? std::to_string(call.post_dial_delay->count()) : "");
  out.text("currency", record.currency);
  out.text("rate_prefix", terms.prefix);
  out.text("destination", terms.destination);
  out.amount("price_per_minute", record.terms ? std::optional(terms.price_per_minute) : std::nullopt);
  out.amount("connection_fee", record.terms ? std::optional(terms.connection_fee) : std::nullopt);
  out.number("initial_increment_s", terms.initial_increment.count());
  out.number("next_increment_s", terms.next_increment.count());
  out.number("free_start_s", terms.free_start.count());
  out.number("included_s", terms.included.count());
  out.number("billed_s", record.billed.count());
  out.amount("price", record.price);
  out.amount("charged", record.charged);
  out.text("cost_deck", call.cost ? call.cost->deck : "");
  out.text("cost_currency", call.cost ? call.cost->currency : "");
  out.amount("cost", record.cost);
  out.amount("margin", record.margin);
  out.text("trunk", call.trunk);
  out.text("attempts", attempts_text(call.attempts));
  out.number("sip_code", call.sip_code);
  out.number("q850_cause", call.q850_cause);
  out.text("hung_up_by", to_string(call.hung_up_by));
  out.text("reason", call.reason);
  out.text("overlay_codec", call.overlay_codec);
  out.text("trunk_codec", call.trunk_codec);
  out.text("srtp_profile", call.srtp_profile);
  write_media(out,
              {"overlay_packets", "overlay_lost", "overlay_jitter_ms", "overlay_mos", "overlay_remote_loss",
               "overlay_remote_jitter_ms", "overlay_round_trip_ms", "overlay_remote_mos"},
              call.from_overlay);
  write_media(out,
              {"trunk_packets", "trunk_lost", "trunk_jitter_ms", "trunk_mos", "trunk_remote_loss",
               "trunk_remote_jitter_ms", "trunk_round_trip_ms", "trunk_remote_mos"},
              call.from_trunk);
  out.text("node", call.node);
  out.text("caller_verdict", call.caller_verdict);
  out.text("rate_deck", record.deck ? record.deck->deck : "");
  out.text("rate_deck_version", record.deck ? std::to_string(record.deck->version) : "");
  return out.take();
}

}  // namespace

std::string cdr_csv_header(cdr_columns which) {
  return write_line({}, true, which);
}

std::string to_csv(const call_record& record, cdr_columns which) {
  return write_line(record, false, which);
}

}  // namespace tollgate::billing
