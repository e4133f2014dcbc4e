// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/message_tap.hpp"

#include <charconv>
#include <utility>

namespace tollgate::pstn::sip {
namespace {

// The formats of tport_log_msg(). Where another version prints otherwise, nothing is seen, and the log has
// it.
constexpr std::string_view frame_format =
    "%s   -----";  // with the stamp before a message, or its last line's end
constexpr std::string_view line_format = "%s%.*s";
constexpr std::string_view line_end_format = "\n";
constexpr std::string_view truncated_format = "   *** message truncated";

constexpr std::size_t reserved_bytes = 1'024;  // of a usual message

// What stands before the first `end`; the text goes on behind it.
std::string_view taken(std::string_view& text, std::string_view end) {
  const std::size_t at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + end.size());
  return part;
}

}  // namespace

bool message_tap::take(const char* format, va_list arguments) {
  const std::string_view piece = format;
  if (piece.starts_with(truncated_format)) return true;  // comes after the end
  if (piece.starts_with(frame_format)) {
    va_list copy;
    va_copy(copy, arguments);
    const char* stamp = va_arg(copy, const char*);
    va_end(copy);
    if (open_)
      end();
    else
      begin(stamp ? stamp : "");
    return true;
  }
  if (!open_) return false;
  if (piece == line_format) {
    va_list copy;
    va_copy(copy, arguments);
    (void)va_arg(copy, const char*);  // the indentation
    const int size = va_arg(copy, int);
    const char* text = va_arg(copy, const char*);
    va_end(copy);
    if (size > 0) message_.text.append(text, static_cast<std::size_t>(size));
    return true;
  }
  if (piece != line_end_format) return false;
  message_.text += "\r\n";
  return true;
}

// "recv 412 bytes from udp/[192.0.2.7]:5060;maddr=... at 15:02:58.123456:"
void message_tap::begin(std::string_view stamp) {
  message_ = {};
  message_.sent = taken(stamp, " ") == "send";
  taken(stamp, " bytes ");
  taken(stamp, " ");
  message_.transport = taken(stamp, "/[");
  message_.remote.ip = taken(stamp, "]:");
  std::from_chars(stamp.data(), stamp.data() + stamp.size(), message_.remote.port);
  message_.text.reserve(reserved_bytes);
  open_ = true;
}

void message_tap::end() {
  open_ = false;
  const seen_message whole = std::exchange(message_, {});
  if (!whole.text.empty()) out_(whole);
}

}  // namespace tollgate::pstn::sip
