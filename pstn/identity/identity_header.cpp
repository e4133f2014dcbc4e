// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/identity_header.hpp"

#include <algorithm>
#include <optional>

namespace tollgate::pstn::identity {
namespace {

constexpr std::size_t identities_most = 10;  // of one message; what follows is not read

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const auto begin = text.find_first_not_of(white);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

bool is_name(std::string_view text, std::string_view name) {
  return std::equal(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

struct header_parts {
  std::string_view token;
  std::string_view info;  // without its angle brackets
  std::string_view ppt;   // without quotes; empty: not said
  std::string_view alg;
};

// The next parameter, up to a semicolon outside of <…> and "…"; the rest stays in `text`.
std::string_view next_part(std::string_view& text) {
  char closing = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (closing != 0) {
      if (c == closing) closing = 0;
    } else if (c == '<') {
      closing = '>';
    } else if (c == '"') {
      closing = '"';
    } else if (c == ';') {
      break;
    }
  }
  const auto part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string_view unwrapped(std::string_view text, char begin, char end) {
  return text.size() >= 2 && text.front() == begin && text.back() == end ? text.substr(1, text.size() - 2)
                                                                         : text;
}

header_parts parts_of(std::string_view value) {
  header_parts parts;
  parts.token = next_part(value);
  while (!value.empty()) {
    const auto part = next_part(value);
    const auto equals = std::min(part.find('='), part.size());
    const auto name = trimmed(part.substr(0, equals));
    const auto content = trimmed(part.substr(std::min(equals + 1, part.size())));
    if (is_name(name, "info")) parts.info = unwrapped(content, '<', '>');
    if (is_name(name, "ppt")) parts.ppt = unwrapped(content, '"', '"');
    if (is_name(name, "alg")) parts.alg = unwrapped(content, '"', '"');
  }
  return parts;
}

}  // namespace

std::string write_identity(std::string_view token, std::string_view certificate_url) {
  std::string value(token);
  return value.append(";info=<").append(certificate_url).append(">;alg=ES256;ppt=shaken");
}

boost::system::result<unverified_passport> read_identity(const std::vector<std::string>& values) {
  std::optional<boost::system::error_code> why;
  for (std::size_t index = 0; index < std::min(values.size(), identities_most); ++index) {
    if (values[index].size() > 2 * passport_size_max_bytes) {
      why = identity_error::malformed;
      continue;
    }
    const auto parts = parts_of(values[index]);
    if (!parts.ppt.empty() && parts.ppt != "shaken") continue;
    auto read = read_passport(parts.token);
    if (!read) {
      if (!why || *why == identity_error::unsupported) why = read.error();
      continue;
    }
    if (!parts.alg.empty() && parts.alg != "ES256") return identity_error::unsupported;
    if (parts.info != read->says.certificate_url || !is_certificate_url(parts.info))
      return identity_error::malformed;
    return read;
  }
  return why.value_or(identity_error::unsupported);
}

bool is_certificate_url(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  if (url.size() > url_size_max_bytes || url.size() <= scheme.size() ||
      !is_name(url.substr(0, scheme.size()), scheme))
    return false;
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; })) return false;
  const auto rest = url.substr(scheme.size());
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  return !authority.empty() && authority.find_first_of("@\\<>\"") == std::string_view::npos;
}

}  // namespace tollgate::pstn::identity
