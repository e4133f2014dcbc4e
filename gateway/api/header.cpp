// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/header.hpp"

#include <algorithm>

namespace tollgate::gateway::api {

std::string head_of(const boost::beast::http::response<boost::beast::http::string_body>& of) {
  std::string out = "HTTP/1.1 " + std::to_string(of.result_int()) + " ";
  const auto put = [&](const auto& text) { out.append(text.data(), text.size()); };
  out.reserve(1'024 + std::min(of.body().size(), sent_with_head_bytes));
  put(of.reason());
  out += "\r\n";
  for (const auto& field : of) {
    put(field.name_string());
    out += ": ";
    put(field.value());
    out += "\r\n";
  }
  return out += "\r\n";
}

std::string media_type(std::string_view field) {
  std::string type(field.substr(0, std::min(field.find(';'), field.size())));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
    type.pop_back();
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return type;
}

std::vector<std::string_view> fields_of(const boost::beast::http::fields& header, std::string_view name) {
  std::vector<std::string_view> values;
  const auto [first, last] = header.equal_range(name);
  for (auto each = first; each != last; ++each)
    values.emplace_back(each->value().data(), each->value().size());
  return values;
}

}  // namespace tollgate::gateway::api
