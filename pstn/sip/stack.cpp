// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/stack.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "pstn/sip/digest_client.hpp"
#include "pstn/sip/lenient_parser.hpp"
#include "pstn/sip/message.hpp"
#include "pstn/sip/sofia.hpp"

extern "C" {
// Each module of Sofia has its own log, none of them in a public header.
extern su_log_t tport_log[], nta_log[], nea_log[], nua_log[], soa_log[], iptsec_log[], sresolv_log[],
    stun_log[];
}

namespace tollgate::pstn::sip {
namespace {

constexpr unsigned log_level =
    1;  // errors: bind failures and the like. Higher levels print numbers and addresses
constexpr std::size_t line_most_bytes = 512;

thread_local const std::function<void(std::string_view)>* thread_log = nullptr;
thread_local message_tap* thread_tap = nullptr;
thread_local const request_filter* thread_filter = nullptr;
decltype(msg_mclass_t::mc_extract_body) extract_body = nullptr;  // the library's own

/// The parser's last step. A message without its request line is garbage to the stack, which drops it:
/// cheaper than any answer, and before a transaction is made.
issize_t extract_body_filtered(msg_t* message, msg_pub_t* content, char* bytes, isize_t size, int at_end) {
  const issize_t taken = extract_body(message, content, bytes, size, at_end);
  auto* request = reinterpret_cast<sip_t*>(content);
  if (request->sip_request && take_unreadable(message)) request->sip_flags |= MSG_FLG_ERROR;  // 400
  if (!thread_filter || !(request->sip_flags & MSG_FLG_COMPLETE) || !request->sip_request) return taken;
  const char* call_id = request->sip_call_id ? request->sip_call_id->i_id : nullptr;
  if (!(*thread_filter)(source_of(message), call_id ? call_id : "")) request->sip_request = nullptr;
  return taken;
}

__attribute__((format(printf, 2, 0))) void forward_log(void*, const char* format, va_list arguments) {
  if (thread_tap && thread_tap->take(format, arguments)) return;
  if (!thread_log || !*thread_log) return;
  std::array<char, line_most_bytes> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length <= 0) return;
  std::string_view text(line.data(), std::min(static_cast<std::size_t>(length), line.size() - 1));
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  if (!text.empty()) (*thread_log)(text);
}

}  // namespace

void prepare_stack() {
  static std::once_flag once;
  std::call_once(once, [] {
    su_init();
    // Without an extended class P-Asserted-Identity and Remote-Party-ID are not parsed.
    msg_mclass_t* parser = sip_extend_mclass(nullptr);
    extract_body = parser->mc_extract_body;
    parser->mc_extract_body = extract_body_filtered;
    make_lenient(*parser);
    sip_update_default_mclass(parser);
    for (su_log_t* log : {su_log_default, su_log_global, tport_log, nta_log, nea_log, nua_log, soa_log,
                          iptsec_log, sresolv_log, stun_log}) {
      su_log_redirect(log, forward_log, nullptr);
      su_log_set_level(log, log_level);
    }
    register_digest_client();
  });
}

void set_stack_log(const std::function<void(std::string_view)>* sink) {
  thread_log = sink;
}

void set_stack_tap(message_tap* tap) {
  thread_tap = tap;
}

void set_stack_filter(const request_filter* filter) {
  thread_filter = filter;
}

}  // namespace tollgate::pstn::sip
