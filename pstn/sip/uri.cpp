// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/uri.hpp"

#include <charconv>
#include <cstddef>

namespace tollgate::pstn::sip {
namespace {

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != prefix[i]) return false;
  }
  return true;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// What follows "sip:" or "sips:", without URI headers; empty for another scheme.
std::string_view sip_part(std::string_view uri) {
  for (const std::string_view scheme : {std::string_view{"sip:"}, std::string_view{"sips:"}}) {
    if (starts_with_ignoring_case(uri, scheme)) return uri.substr(scheme.size());
  }
  return {};
}

}  // namespace

std::string user_of(std::string_view uri) {
  if (starts_with_ignoring_case(uri, "tel:")) {
    uri.remove_prefix(4);
    return percent_decoded(uri.substr(0, uri.find_first_of(";?")));
  }
  const std::string_view rest = sip_part(uri);
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view user = rest.substr(0, at);
  return percent_decoded(user.substr(0, user.find_first_of(";:")));
}

std::string phone_context_of(std::string_view uri) {
  std::string_view subscriber = uri;
  if (starts_with_ignoring_case(uri, "tel:")) {
    subscriber.remove_prefix(4);
  } else {
    const std::string_view rest = sip_part(uri);
    const std::size_t at = rest.find('@');
    if (at == std::string_view::npos) return {};
    subscriber = rest.substr(0, at);
  }
  constexpr std::string_view parameter = "phone-context=";
  for (std::size_t at = subscriber.find(';'); at != std::string_view::npos; at = subscriber.find(';', at)) {
    ++at;
    if (!starts_with_ignoring_case(subscriber.substr(at), parameter)) continue;
    const std::string_view value = subscriber.substr(at + parameter.size());
    return percent_decoded(value.substr(0, value.find_first_of(";?")));
  }
  return {};
}

std::string_view host_of(std::string_view uri) {
  std::string_view rest = sip_part(uri);
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    return close == std::string_view::npos ? std::string_view{} : rest.substr(1, close - 1);
  }
  return rest.substr(0, rest.find_first_of(":;?"));
}

}  // namespace tollgate::pstn::sip
