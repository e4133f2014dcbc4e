// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/stack.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "pstn/sip/digest_client.hpp"
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

__attribute__((format(printf, 2, 0))) void forward_log(void*, const char* format, va_list arguments) {
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
    sip_update_default_mclass(sip_extend_mclass(nullptr));
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

}  // namespace tollgate::pstn::sip
