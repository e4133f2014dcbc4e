// SPDX-License-Identifier: Apache-2.0
#include "billing/stop_row.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <charconv>
#include <string_view>

#include "billing/stop_record_bounds.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

// Fields one after the other; null is no text at all.
class row_writer {
 public:
  row_writer() { out_.reserve(768); }

  row_writer& null() {
    out_ += ',';
    return *this;
  }
  row_writer& text(std::string_view value) {
    out_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out_ += c;
      out_ += c;
    }
    out_ += "\",";
    return *this;
  }
  template <typename Number>
  row_writer& number(Number value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(digits.data(), end.ptr);
    return null();
  }
  row_writer& time(const std::optional<stop_record::wall_time>& value) {
    if (value) out_ += iso_time(*value);
    return null();
  }
  row_writer& measured(const std::optional<double>& value) {
    return value && std::isfinite(*value) ? number(bounded(*value)) : null();
  }
  row_writer& media(const media_record& side) {
    return number(bounded(side.packets))
        .number(bounded(side.lost))
        .number(bounded(side.jitter_ms))
        .number(bounded(side.mos))
        .measured(side.remote_loss)
        .measured(side.remote_jitter_ms)
        .measured(side.round_trip_ms)
        .measured(side.remote_mos);
  }
  std::string finish() {
    out_.back() = ')';
    return std::move(out_);
  }

 private:
  std::string out_ = "(";
};

}  // namespace

std::string to_row(const stop_record& record) {
  row_writer row;
  if (record.parent_call_id)
    row.text(boost::uuids::to_string(*record.parent_call_id));
  else
    row.null();
  row.text(to_string(record.direction)).text(clean_text(record.caller)).text(clean_text(record.callee));
  row.time(record.started).time(record.ringing).time(record.answered).time(record.ended);
  row.number(bounded_ms(record.ring)).number(bounded_ms(record.talk));
  if (record.post_dial_delay)
    row.number(bounded_ms(*record.post_dial_delay));
  else
    row.null();
  row.text(clean_text(record.trunk)).text(boost::json::serialize(attempts_value(record.attempts)));
  row.number(std::clamp(record.sip_code, 0, last_sip_code));
  row.number(std::clamp(record.q850_cause, 0, last_q850_cause));
  row.text(to_string(record.hung_up_by)).text(clean_text(record.reason));
  row.text(clean_text(record.overlay_codec)).text(clean_text(record.trunk_codec));
  row.media(record.from_overlay).media(record.from_trunk);
  row.text(clean_text(record.srtp_profile)).text(clean_text(record.node));
  if (const auto cost = cost_value(record); !cost.is_null())
    row.text(boost::json::serialize(cost));
  else
    row.null();
  return row.finish();
}

}  // namespace tollgate::billing
