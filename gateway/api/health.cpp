// SPDX-License-Identifier: Apache-2.0
// The node itself: alive, ready, measured, drained.
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/api_figures.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/shared_reads.hpp"
#include "gateway/db/database.hpp"
#include "gateway/metrics/exposition.hpp"
#include "gateway/metrics/process_status.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

using metrics::label;
using metric_family = metrics::family;
using metrics::put_metric;

// What each trunk did. Of the counters, answered by attempts is the ASR, talk by answered the ACD, sum by count
// the mean post-dial delay, over any time; the gauges tell the same as routing sees it, over its window.
void put_trunks(std::string& into, const std::vector<trunk_status>& trunks) {
  const auto each_trunk = [&](const char* name, const char* kind, const char* help, auto value) {
    metric_family family(into, name, kind, help);
    for (const trunk_status& one : trunks)
      family.put(label("trunk", one.name), std::to_string(value(one)));
  };
  using trunk = trunk_status;
  const auto seconds = [](std::uint64_t ms) { return static_cast<double>(ms) / 1000; };
  each_trunk("trunk_up", "gauge", "1 while the trunk is in service.",
             [](const trunk& one) { return one.up ? 1 : 0; });
  each_trunk("trunk_resting", "gauge", "1 while it has asked by Retry-After for no calls.",
             [](const trunk& one) { return one.resting ? 1 : 0; });
  {
    metric_family registered(into, "trunk_registered", "gauge", "1 while a trunk that registers is registered.");
    for (const trunk& one : trunks)
      if (!one.registration.empty())
        registered.put(label("trunk", one.name), one.registration == "registered" ? "1" : "0");
  }
  each_trunk("trunk_calls", "gauge", "Calls that have not ended.",
             [](const trunk& one) { return one.calls; });
  each_trunk("trunk_attempts_total", "counter", "INVITEs of calls out that were answered, failed or given up.",
             [](const trunk& one) { return one.attempts; });
  each_trunk("trunk_answered_total", "counter", "Those that were answered.",
             [](const trunk& one) { return one.answered; });
  each_trunk("trunk_talk_seconds_total", "counter", "Talk of the calls out that have ended.",
             [&](const trunk& one) { return seconds(one.talk_ms); });
  each_trunk("trunk_post_dial_delay_seconds_sum", "counter", "INVITE to the first 18x or 2xx, all together.",
             [&](const trunk& one) { return seconds(one.delay_ms); });
  each_trunk("trunk_post_dial_delay_seconds_count", "counter", "Of so many calls.",
             [](const trunk& one) { return one.delays; });
  each_trunk("trunk_calls_in_total", "counter", "Calls in that were taken.",
             [](const trunk& one) { return one.calls_in; });
  each_trunk("trunk_calls_in_refused_total", "counter", "Calls in that were refused beyond the trunk's limits.",
             [](const trunk& one) { return one.refused_in; });
  const auto each_known = [&](const char* name, const char* help, auto value) {
    metric_family family(into, name, "gauge", help);
    for (const trunk& one : trunks)
      if (const std::optional<double> known = value(one.recent))
        family.put(label("trunk", one.name), std::to_string(*known));
  };
  using recent = trunk_status::recent_calls;
  const auto seconds_of = [](const std::optional<std::chrono::milliseconds>& time) {
    return time ? std::optional(std::chrono::duration<double>(*time).count()) : std::nullopt;
  };
  each_known("trunk_answer_seizure_ratio", "Answered by attempts over the window of routing, where there were any.",
             [](const recent& of) { return of.answer_seizure_ratio; });
  each_known("trunk_average_call_duration_seconds", "Mean talk of the answered calls that ended in it.",
             [&](const recent& of) { return seconds_of(of.average_call_duration); });
  each_known("trunk_post_dial_delay_seconds", "Mean post-dial delay in it.",
             [&](const recent& of) { return seconds_of(of.post_dial_delay); });
  metric_family codes(into, "trunk_codes_total", "counter", "Calls out by final SIP status.");
  for (const trunk& one : trunks)
    for (const auto& [code, count] : one.codes)
      codes.put(label("trunk", one.name) + "," + label("code", std::to_string(code)), std::to_string(count));
}

void put_media(std::string& into, const media_status& media) {
  const auto each_worker = [&](const char* name, const char* help, auto value) {
    metric_family family(into, name, "gauge", help);
    for (std::size_t number = 0; number < media.workers.size(); ++number)
      family.put(label("worker", std::to_string(number)), value(media.workers[number]));
  };
  using worker = media_worker_status;
  each_worker("media_load_level", "0 normal, 1 reduced, 2 least complexity of Opus, 3 refusing new calls.",
              [](const worker& one) { return std::to_string(one.level_number); });
  each_worker("media_cpu_share", "Share of a core that the worker uses.",
              [](const worker& one) { return std::to_string(one.cpu_share); });
  each_worker("media_calls", "Calls on the worker.",
              [](const worker& one) { return std::to_string(one.calls); });
  put_metric(into, "media_calls_refused_total", "counter",
             "Calls refused because the media workers are overloaded.", media.calls_refused);
  const auto each_side = [&](const char* name, const char* help, const std::vector<media_count>& counts) {
    metric_family family(into, name, "counter", help);
    for (const media_count& each : counts) {
      const std::string reason = each.reason.empty() ? "" : "," + label("reason", each.reason);
      family.put(label("side", each.side) + reason, std::to_string(each.count));
    }
  };
  each_side("media_packets_received_total", "Media packets from the right far end.", media.received);
  each_side("media_packets_sent_total", "Packets sent.", media.sent);
  each_side("media_packets_refused_total", "Packets dropped, by reason.", media.refused);
}

void put_sip(std::string& into, const sip_status& sip) {
  {
    metric_family family(into, "sip_strangers_total", "counter",
                         "SIP requests of those who are no trunk, refused or dropped.");
    family.put(label("outcome", "refused"), std::to_string(sip.strangers_answered));
    family.put(label("outcome", "dropped"), std::to_string(sip.strangers_dropped));
  }
  put_metric(into, "sip_stranger_connections_cut_total", "counter",
             "Connections by TCP and TLS of those who are no trunk that were too many or silent.",
             sip.stranger_connections_cut);
  put_metric(into, "emergency_calls_failed_total", "counter",
             "Calls to emergency numbers that no trunk took: somebody has to look.", sip.emergencies_failed);
  put_metric(into, "sip_traces", "gauge", "Calls whose SIP messages are in memory.", sip.traces);
  put_metric(into, "sip_trace_bytes", "gauge", "Memory that they take.", sip.trace_bytes);
  put_metric(into, "sip_traces_evicted_total", "counter",
             "Calls whose messages were forgotten for want of memory.", sip.traces_evicted);
}

void put_events(std::string& into, const event_status& events) {
  put_metric(into, "events_waiting", "gauge", "Events of this node that are not in the database yet.", events.waiting);
  put_metric(into, "events_dropped_total", "counter", "Events that were dropped because too many waited for the database.",
             events.dropped);
  metric_family webhooks(into, "webhook_attempts_total", "counter", "Deliveries to webhooks that this node has tried.");
  webhooks.put(label("outcome", "delivered"), std::to_string(events.webhooks_delivered));
  webhooks.put(label("outcome", "failed"), std::to_string(events.webhooks_failed));
}

void put_fraud(std::string& into, const std::map<std::string, std::int64_t>& counts) {
  metric_family family(into, "fraud_events_total", "counter", "Limits against fraud that were reached, by measure.");
  for (const auto& [measure, count] : counts)
    family.put(label("measure", measure), std::to_string(count));
}

void put_database(std::string& into, const database_access& database) {
  const db::database::statistics pool = database.read_statistics();
  put_metric(into, "database_connections", "gauge", "Open connections to the database.", pool.connected);
  put_metric(into, "database_busy", "gauge", "Those that are in use.", pool.busy);
  put_metric(into, "database_waiting", "gauge", "Work that waits for a connection.", pool.waiting);
  put_metric(into, "database_work_total", "counter", "Transactions done.", pool.completed);
  put_metric(into, "database_failed_total", "counter", "Transactions that failed.", pool.failed);
  put_metric(into, "database_retried_total", "counter", "Repeated transactions.", pool.retried);
  put_metric(into, "database_lost_total", "counter", "Connections to the database that broke.", pool.reconnected);
}

void put_process(std::string& into) {
  const auto process = metrics::read_process_status();
  if (!process) return;
  put_metric(into, "process_cpu_seconds_total", "counter", "Processor time of the gateway, user and system.", metrics::seconds_text(process->cpu_us));
  put_metric(into, "process_resident_memory_bytes", "gauge", "Memory that it holds.", process->resident_bytes);
  put_metric(into, "process_virtual_memory_bytes", "gauge", "Memory that it has addresses for.", process->virtual_bytes);
  put_metric(into, "process_threads", "gauge", "Its threads.", process->threads);
  put_metric(into, "process_open_fds", "gauge", "Open files and sockets.", process->open_files);
  put_metric(into, "process_max_fds", "gauge", "So many may be open.", process->open_files_limit);
  put_metric(into, "process_start_time_seconds", "gauge", "When it started, since 1970.", std::to_string(process->started_at));
}

}  // namespace

awaitable<reply> get_health(services&, const request&) {
  co_return json_reply(200, boost::json::object{{"status", "ok"}});
}

awaitable<reply> get_ready(services& with, const request&) {
  boost::json::array reasons;
  for (const std::string& each : with.gateway.not_ready())
    reasons.emplace_back(each);
  const bool ready = reasons.empty();
  co_return json_reply(ready ? 200 : 503, boost::json::object{{"status", ready ? "ready" : "not ready"},
                                                              {"reasons", std::move(reasons)}});
}

awaitable<reply> get_metrics(services& with, const request&) {
  const node_status node = with.gateway.status();
  std::size_t up = 0;
  const auto trunks = with.gateway.trunk_statuses();
  for (const trunk_status& each : trunks)
    up += each.up ? 1 : 0;
  reply out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  put_metric(out.body, "calls_live", "gauge", "Calls that have not ended.", node.calls);
  put_metric(out.body, "calls_total", "counter", "Calls begun since the start.", node.calls_total);
  put_metric(out.body, "sessions", "gauge", "Attached overlay sessions.", node.sessions);
  put_metric(out.body, "draining", "gauge", "1 while new calls are refused.", node.draining ? 1 : 0);
  put_metric(out.body, "settlements_spooled", "gauge", "Settlements that wait for the database.",
             node.spooled);
  put_metric(out.body, "messages_spooled", "gauge", "Voicemail messages that wait for the database.", node.messages_spooled);
  put_metric(out.body, "messages_spooled_total", "counter", "Voicemail messages that went to the spool.",
             node.messages_spooled_total);
  put_metric(out.body, "messages_lost_total", "counter", "Voicemail messages that were spoken and could be kept nowhere.",
             node.messages_lost);
  put_metric(out.body, "messages_refused_total", "counter", "Callers who were told that no message can be kept.",
             node.messages_refused);
  put_metric(out.body, "trunks", "gauge", "Trunks in use.", trunks.size());
  put_metric(out.body, "trunks_up", "gauge", "Trunks that answer.", up);
  put_trunks(out.body, trunks);
  put_database(out.body, with.database);
  put_sip(out.body, with.gateway.sip());
  put_events(out.body, with.gateway.events());
  put_media(out.body, with.gateway.media());
  if (with.figures != nullptr) with.figures->put(out.body, std::chrono::steady_clock::now());
  put_process(out.body);
  // Of all nodes, as the ledger has them; missing while it does not answer at once.
  if (with.shared != nullptr)
    if (const auto reached = co_await with.shared->count_fraud()) put_fraud(out.body, *reached);
  co_return out;
}

awaitable<reply> get_status(services& with, const request&) {
  const node_status node = with.gateway.status();
  boost::json::array trunks;
  for (const trunk_status& each : with.gateway.trunk_statuses()) {
    boost::json::object item = trunk_status_json(each);
    item["id"] = uuid_text(each.trunk_id);
    item["name"] = each.name;
    trunks.push_back(std::move(item));
  }
  boost::json::object out{{"node", node.node},
                          {"draining", node.draining},
                          {"calls", node.calls},
                          {"calls_total", node.calls_total},
                          {"sessions", node.sessions},
                          {"settlements_spooled", node.spooled},
                          {"messages_spooled", node.messages_spooled},
                          {"messages_lost", node.messages_lost},
                          {"messages_refused", node.messages_refused},
                          {"media_workers", node.media_workers},
                          {"overlay_address", node.overlay_address},
                          {"sip_address", node.sip_address},
                          {"trunks", std::move(trunks)}};
  put_time(out, "started_at", node.started_at);
  co_return json_reply(200, out);
}

awaitable<reply> post_drain(services& with, const request& from) {
  bool stop = false;
  if (!from.body.empty()) {
    auto fields = field_reader::of_body(from);
    stop = fields.flag("stop").value_or(false);
    if (auto refusal = fields.refusal()) co_return *refusal;
  }
  with.gateway.drain(stop);
  co_return json_reply(202, boost::json::object{{"draining", true}, {"calls", with.gateway.status().calls}});
}

}  // namespace tollgate::gateway::api
