// SPDX-License-Identifier: Apache-2.0
// What passed between the gateway and the trunks of a call.
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/trace/ladder.hpp"
#include "gateway/trace/pcap.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;

reply text_reply(std::string content_type, std::string body) {
  reply out;
  out.content_type = std::move(content_type);
  out.body = std::move(body);
  return out;
}

boost::json::object to_json(const trace::call_trace& call) {
  boost::json::object out{{"call_id", uuid_text(call.call_id)},
                          {"node", call.node},
                          {"left_out", call.left_out},
                          {"messages", trace::to_json(call.messages)}};
  put_time(out, "began", call.began);
  put_time(out, "ended", call.ended);
  return out;
}

}  // namespace

awaitable<reply> get_trace(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto format = fields.text("format").value_or("json");
  if (format != "json" && format != "ladder" && format != "messages" && format != "pcap")
    fields.complain("format", "is json, ladder, messages or pcap");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto id = parse_uuid(from.parameters[0]);
  std::optional<trace::call_trace> call;
  if (id) {
    const auto place = co_await with.database.take_place();
    if (!place) co_return problem(with.database.no_place());
    auto found = co_await with.gateway.find_trace(*id);
    if (found.has_error()) co_return problem(found.error());
    call = std::move(*found);
  }
  if (!call)
    co_return problem(404, "no_trace",
                      "No SIP messages are kept of such a call: it has none, or they are too old.");
  if (format == "pcap") co_return text_reply("application/vnd.tcpdump.pcap", trace::to_pcap(*call));
  if (format == "json") co_return json_reply(200, to_json(*call));
  co_return text_reply("text/plain; charset=utf-8", trace::to_ladder(*call, format == "messages"));
}

}  // namespace tollgate::gateway::api
