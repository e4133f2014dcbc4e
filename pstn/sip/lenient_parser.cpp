// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/lenient_parser.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace tollgate::pstn::sip {
namespace {

constexpr std::string_view version = "SIP/2.0";

// Of the message that is being read. A message's memory is its own first member, which tells it from others
// that are read meanwhile (TCP).
thread_local const su_home_t* unreadable = nullptr;

/// A copy of the library's class with a parser of ours. Headers bear the library's class all the same.
msg_hclass_t with_parser(msg_hclass_t& original, msg_parse_f* parse) {
  struct msg_hclass_s copy = original;
  copy.hc_parse = parse;
  return copy;
}

bool is_token(std::string_view text) {  // RFC 3261 §25.1
  constexpr std::string_view others = "-.!%*_+`'~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

issize_t parse_request(su_home_t* home, msg_header_t* header, char* text, isize_t size) {
  if (unreadable == home) unreadable = nullptr;  // of a message that ended half-way, at the same place
  auto* request = reinterpret_cast<sip_request_t*>(header);
  request->rq_common->h_class = sip_request_class;
  const std::string line(text, size);  // parsing breaks it up
  if (sip_request_class->hc_parse(home, header, text, size) >= 0) return 0;
  const std::string_view whole = line;
  const std::size_t end_of_method = whole.find(' ');
  if (end_of_method == std::string_view::npos || !whole.ends_with(version)) return -1;
  const std::string method(whole.substr(0, end_of_method));
  if (!is_token(method)) return -1;
  request->rq_method_name = su_strdup(home, method.c_str());
  request->rq_method = method == "ACK" ? sip_method_ack : sip_method_unknown;  // an ACK is never answered
  url_init(request->rq_url, url_sip);
  request->rq_url->url_host = "unreadable.invalid";
  request->rq_version = sip_version_2_0;
  unreadable = home;
  return 0;
}

}  // namespace

void make_lenient(msg_mclass_t& parser) {
  static msg_hclass_t request_class = with_parser(*sip_request_class, parse_request);
  parser.mc_request->hr_class = &request_class;
}

bool take_unreadable(msg_t* message) {
  if (!unreadable || unreadable != msg_home(message)) return false;
  unreadable = nullptr;
  return true;
}

}  // namespace tollgate::pstn::sip
