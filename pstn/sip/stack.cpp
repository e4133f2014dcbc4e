// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/stack.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <utility>

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
thread_local const dialog_test* thread_dialogs = nullptr;
thread_local bool refuses_refresh = false;                       // the message that came last does
decltype(msg_mclass_t::mc_extract_body) extract_body = nullptr;  // the library's own

constexpr int status_timeout = 408;
constexpr int status_no_dialog = 481;

bool ends_dialog(int status) {
  return status == status_timeout || status == status_no_dialog;
}

/// Our re-INVITE of a dialog that goes on was answered by what ends the dialog.
bool is_refused_refresh(const sip_t& message) {
  return message.sip_status && ends_dialog(message.sip_status->st_status) && message.sip_cseq &&
         message.sip_cseq->cs_method == sip_method_invite && message.sip_call_id && thread_dialogs &&
         (*thread_dialogs)(message.sip_call_id->i_id);
}

/// The parser's last step. A message without its request line is garbage to the stack, which drops it:
/// cheaper than any answer, and before a transaction is made.
issize_t extract_body_filtered(msg_t* message, msg_pub_t* content, char* bytes, isize_t size, int at_end) {
  const issize_t taken = extract_body(message, content, bytes, size, at_end);
  auto* request = reinterpret_cast<sip_t*>(content);
  if (request->sip_request && take_unreadable(message)) request->sip_flags |= MSG_FLG_ERROR;  // 400
  if (!(request->sip_flags & MSG_FLG_COMPLETE)) return taken;
  refuses_refresh = is_refused_refresh(*request);
  if (!thread_filter || !request->sip_request) return taken;
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

bool is_ended_by_bye(int status, int method, bool is_response_to_us) noexcept {
  if (!is_response_to_us || !ends_dialog(status)) return false;
  return method == sip_method_update ||
         (method == sip_method_invite && std::exchange(refuses_refresh, false));
}

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

void set_dialog_test(const dialog_test* test) {
  thread_dialogs = test;
}

}  // namespace tollgate::pstn::sip

namespace sip = tollgate::pstn::sip;

extern "C" {

// The library calls it of its own through the dynamic linker, which finds this one first (as in
// connection_hook.cpp). Of a response to us it wants to know whether the dialog is to be ended by BYE, too.
__attribute__((visibility("default"))) int sip_response_terminates_dialog(int status, sip_method_t method,
                                                                          int* by_bye) {
  using function = int (*)(int, sip_method_t, int*);
  static const auto original = reinterpret_cast<function>(dlsym(RTLD_NEXT, "sip_response_terminates_dialog"));
  if (!sip::is_ended_by_bye(status, method, by_bye != nullptr)) return original(status, method, by_bye);
  *by_bye = 1;
  return 0;
}
}
