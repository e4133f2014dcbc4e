// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "gateway/trace/ladder.hpp"
#include "gateway/trace/pcap.hpp"
#include "gateway/trace/redaction.hpp"
#include "target.hpp"

namespace tollgate::fuzz {
namespace {

namespace trace = gateway::trace;

const char* const message =
    "INVITE sip:+442079460958@192.0.2.7 SIP/2.0\r\nCall-ID: a\r\nAuthorization: Digest username=\"u\",\r\n "
    "response=\"r\"\r\nContent-Type: "
    "application/sdp\r\n\r\nv=0\r\na=crypto:1 X inline:KEY|2^20\r\nk=clear:x\r\n";

trace::call_trace call_of(std::string_view text) {
  trace::call_trace call{};
  call.messages = {
      {trace::wall_time{}, true, "udp", {"192.0.2.1", 5060}, {"192.0.2.7", 5060}, "t", std::string(text)},
      {trace::wall_time{},
       false,
       "udp",
       {"::1", 5060},
       {std::string(text), 5060},
       std::string(text),
       "BYE x"}};
  return call;
}

bool read_headers(std::string_view text) {
  const auto call = call_of(text);
  trace::to_ladder(call, true);
  trace::to_pcap(call);
  return !trace::header_of(std::string(text), "Call-ID", 'i').empty();
}

bool redact(std::string_view text) {
  const std::string once = trace::redacted(std::string(text));
  insist(once.size() == text.size(), "the length stays");
  insist(trace::redacted(once) == once, "what is covered stays as it is");
  return once != text;
}

bool read_json(std::string_view text) {
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  if (error || !value.is_array()) return false;
  const auto messages = trace::messages_from_json(value.get_array());
  const auto again = trace::messages_from_json(trace::to_json(messages));
  insist(again.size() == messages.size(), "messages come back");
  return !messages.empty();
}

}  // namespace

std::vector<target> trace_targets() {
  return {{"header", {message}, read_headers},
          {"redaction", {message}, redact},
          {"trace_json", {boost::json::serialize(trace::to_json(call_of(message).messages))}, read_json}};
}

}  // namespace tollgate::fuzz
