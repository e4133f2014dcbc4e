// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/call_query.hpp"

#include "gateway/api/external_id.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway::api {
namespace {

// A part of an E.164 number from its beginning: a plus and 1 to 15 digits.
bool is_prefix(const std::string& text) {
  return text.size() >= 2 && text.size() <= 16 && text[0] == '+' && text.find_first_not_of("0123456789", 1) == std::string::npos;
}

std::optional<billing::call_direction> read_direction(field_reader& fields) {
  const auto text = fields.text("direction");
  if (!text) return std::nullopt;
  using enum billing::call_direction;
  for (const auto each : {out, in, voicemail, forward})
    if (*text == billing::to_string(each)) return each;
  fields.complain("direction", "is out, in, voicemail or forward");
  return std::nullopt;
}

std::optional<int> read_int(field_reader& fields, std::string_view name, int most) {
  const auto value = fields.integer(name, 0, most);
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

}  // namespace

call_query read_call_query(field_reader& fields) {
  call_query query;
  auto& filter = query.filter;
  filter.account_id = fields.id("account_id");
  filter.carrier_id = fields.id("carrier_id");
  filter.trunk = fields.text("trunk").value_or("");
  filter.direction = read_direction(fields);
  if (const auto number = fields.number("number")) filter.number = number->e164();
  const auto prefix = fields.text("prefix");
  filter.prefix = prefix.value_or("");
  if (prefix && !is_prefix(*prefix)) fields.complain("prefix", "is the beginning of a number: + and 1 to 15 digits");
  filter.region = fields.text("region").value_or("");
  filter.from = fields.time("from");
  filter.until = fields.time("until");
  if (filter.from && filter.until && *filter.until < *filter.from) fields.complain("until", "must not be before from");
  filter.answered = fields.flag("answered");
  filter.sip_code = read_int(fields, "sip_code", 699);
  filter.q850_cause = read_int(fields, "q850_cause", 127);
  filter.reason = fields.text("reason").value_or("");
  if (const auto least = fields.integer("min_duration_s", 0, 31 * 86'400)) filter.least_talk = std::chrono::seconds(*least);
  query.account_external = fields.text("account_external_id");
  query.carrier_external = fields.text("carrier_external_id");
  query.trunk_external = fields.text("trunk_external_id");
  if (filter.account_id && query.account_external) fields.complain("account_external_id", "cannot stand beside account_id");
  if (filter.carrier_id && query.carrier_external) fields.complain("carrier_external_id", "cannot stand beside carrier_id");
  if (!filter.trunk.empty() && query.trunk_external) fields.complain("trunk_external_id", "cannot stand beside trunk");
  return query;
}

bool is_for_carriers(const call_query& query) {
  const auto& filter = query.filter;
  return !filter.account_id && !filter.carrier_id && filter.region.empty() && !query.account_external && !query.carrier_external &&
         !query.trunk_external;
}

std::optional<billing::call_filter> resolve(pqxx::transaction_base& tx, const call_query& query) {
  billing::call_filter filter = query.filter;
  if (query.account_external) {
    const auto id = find_by_external_id(tx, "account", *query.account_external);
    filter.account_id = id ? parse_uuid(*id) : std::nullopt;
    if (!filter.account_id) return std::nullopt;
  }
  if (query.carrier_external) {
    const auto id = find_by_external_id(tx, "carrier", *query.carrier_external);
    filter.carrier_id = id ? parse_uuid(*id) : std::nullopt;
    if (!filter.carrier_id) return std::nullopt;
  }
  if (query.trunk_external) {
    const auto id = find_by_external_id(tx, "trunk", *query.trunk_external);
    const auto trunk_id = id ? parse_uuid(*id) : std::nullopt;
    if (!trunk_id) return std::nullopt;
    for (const auto& each : pstn::trunk::list_trunks(tx))
      if (each.id == *trunk_id) filter.trunk = each.name;
    if (filter.trunk.empty()) return std::nullopt;
  }
  return filter;
}

}  // namespace tollgate::gateway::api
