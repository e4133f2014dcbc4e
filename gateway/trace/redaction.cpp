// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/redaction.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tollgate::gateway::trace {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Whether the line begins with this name, in any case of letters.
bool begins_with(std::string_view line, std::string_view name) {
  return line.size() >= name.size() &&
         std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) { return a == lower(b); });
}

bool is_header(std::string_view line, std::string_view name) {
  if (!begins_with(line, name)) return false;
  line.remove_prefix(name.size());
  const std::size_t colon = line.find_first_not_of(" \t");
  return colon != std::string_view::npos && line[colon] == ':';
}

void cover(std::string& message, std::size_t begin, std::size_t end) {
  std::replace_if(
      message.begin() + static_cast<std::ptrdiff_t>(begin),
      message.begin() + static_cast<std::ptrdiff_t>(end),
      [](char c) { return c != '\r' && c != '\n' && c != ' ' && c != '\t'; }, 'x');
}

// Of "Authorization: Digest username=...": everything behind the scheme.
void cover_credentials(std::string& message, std::size_t begin, std::size_t end) {
  const std::string_view line(message.data() + begin, end - begin);
  const std::size_t scheme = line.find_first_not_of(" \t", line.find(':') + 1);
  if (scheme == std::string_view::npos) return;
  const std::size_t rest = line.find_first_of(" \t", scheme);
  if (rest != std::string_view::npos) cover(message, begin + rest, end);
}

// Of "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4": each inline key.
void cover_inline_keys(std::string& message, std::size_t begin, std::size_t end) {
  constexpr std::string_view mark = "inline:";
  for (std::size_t at = begin; at < end;) {
    const std::string_view rest(message.data() + at, end - at);
    std::size_t found = 0;
    while (found < rest.size() && !begins_with(rest.substr(found), mark))
      ++found;
    if (found == rest.size()) return;
    const std::size_t key = at + found + mark.size();
    const std::size_t after = std::min(end, message.find_first_of(";| \t\r\n", key));
    cover(message, key, after);
    at = after;
  }
}

void redact_body_line(std::string& message, std::size_t begin, std::size_t end) {
  const std::string_view line(message.data() + begin, end - begin);
  if (begins_with(line, "a=crypto:")) return cover_inline_keys(message, begin, end);
  for (const std::string_view secret : {"a=key-mgmt:", "a=ice-pwd:", "k="})
    if (begins_with(line, secret)) return cover(message, begin + secret.size(), end);
  // As whoever obeys them reads it: with blanks anywhere.
  const std::size_t name = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t equals = line.find('=');
  if (equals != std::string_view::npos && begins_with(line.substr(name), "signal"))
    cover(message, begin + equals + 1, end);
}

bool is_secret_header(std::string_view line) {
  return is_header(line, "authorization") || is_header(line, "proxy-authorization");
}

}  // namespace

std::string redacted(std::string message) {
  bool in_body = false, in_secret = false, is_dtmf = false;
  constexpr std::string_view dtmf = "/dtmf";
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t newline = message.find('\n', begin);
    const std::size_t end = newline == std::string::npos ? message.size() : newline;
    const std::string_view line(message.data() + begin, end - begin);
    if (in_body) {
      if (is_dtmf && line.find('=') == std::string_view::npos)
        cover(message, begin, end);  // application/dtmf: the digit alone
      else
        redact_body_line(message, begin, end);
    } else if (line.empty() || line == "\r") {
      in_body = true;
    } else if (line.front() == ' ' || line.front() == '\t') {  // a header that goes on (RFC 3261 §7.3.1)
      if (in_secret) cover(message, begin, end);
    } else {
      in_secret = is_secret_header(line);
      if (in_secret) cover_credentials(message, begin, end);
      if (is_header(line, "content-type") || is_header(line, "c"))
        is_dtmf = std::search(line.begin(), line.end(), dtmf.begin(), dtmf.end(),
                              [](char a, char b) { return lower(a) == b; }) != line.end();
    }
    begin = end + 1;
  }
  return message;
}

}  // namespace tollgate::gateway::trace
