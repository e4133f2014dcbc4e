// SPDX-License-Identifier: Apache-2.0
#include "gateway/call_events.hpp"

#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace tollgate::gateway {

events::new_event call_event_of(call::call_moment moment, const call::call_facts& facts, const billing::stop_record& record,
                                std::chrono::system_clock::time_point now) {
  const std::string id = boost::uuids::to_string(facts.call_id);
  events::new_event out;
  out.at = now;
  out.resource = "call:" + id;
  if (!facts.account_id.is_nil()) out.account_id = facts.account_id;
  out.data = {{"call_id", id},
              {"direction", billing::to_string(facts.direction)},
              {"caller", facts.caller},
              {"callee", facts.callee},
              {"trunk", facts.trunk},
              {"node", record.node}};
  if (record.parent_call_id) out.data["parent_call_id"] = boost::uuids::to_string(*record.parent_call_id);
  switch (moment) {
    case call::call_moment::started:
      out.type = "call.started";
      break;
    case call::call_moment::answered:
      out.type = "call.answered";
      break;
    case call::call_moment::ended:
      out.type = "call.ended";
      out.data["answered"] = record.answered.has_value();
      out.data["talk_ms"] = record.talk.count();
      out.data["reason"] = record.reason;
      out.data["sip_code"] = record.sip_code;
      out.data["q850_cause"] = record.q850_cause;
      out.data["hung_up_by"] = billing::to_string(record.hung_up_by);
      break;
  }
  return out;
}

events::new_event trunk_event_of(const pstn::trunk::trunk& trunk, bool up, int sip_code, const std::string& node,
                                 std::chrono::system_clock::time_point now) {
  const std::string id = boost::uuids::to_string(trunk.id);
  events::new_event out;
  out.type = up ? "trunk.up" : "trunk.down";
  out.at = now;
  out.carrier_id = trunk.carrier_id;
  out.resource = "trunk:" + id;
  out.data = {{"trunk_id", id}, {"trunk", trunk.name}, {"node", node}, {"sip_code", sip_code}};
  return out;
}

}  // namespace tollgate::gateway
