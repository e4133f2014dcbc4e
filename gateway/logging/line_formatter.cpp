// SPDX-License-Identifier: Apache-2.0
#include "gateway/logging/line_formatter.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::logging {
namespace {

// RFC 3339 §5.6.
std::string time_text(std::chrono::system_clock::time_point when) {
  using namespace std::chrono;
  const auto ms = floor<milliseconds>(when.time_since_epoch());
  const auto whole = floor<seconds>(ms);
  const std::time_t seconds_since = whole.count();
  std::tm parts{};
  ::gmtime_r(&seconds_since, &parts);
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                                 static_cast<int>((ms - whole).count()));
  return {out.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::vector<pair> pairs_of(const spdlog::details::log_msg& message) {
  const auto level = spdlog::level::to_string_view(message.level);
  const std::string_view payload(message.payload.data(), message.payload.size());
  std::vector<pair> out{{"time", time_text(message.time), true}, {"level", std::string(level.data(), level.size()), true}};
  auto told = parse(payload);
  if (!told) told = std::vector<pair>{{"event", "unstructured", true}, {"text", std::string(payload), true}};
  for (pair& each : *told)
    if (std::none_of(out.begin(), out.end(), [&](const pair& one) { return one.key == each.key; })) out.push_back(std::move(each));
  return out;
}

}  // namespace

void line_formatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  const bool is_json = format_ == line_format::json;
  std::string line = is_json ? "{" : "";
  bool first = true;
  for (const pair& each : pairs_of(message)) {
    if (!first) line += is_json ? "," : " ";
    first = false;
    line += is_json ? to_json(each) : to_logfmt(each);
  }
  line += is_json ? "}\n" : "\n";
  to.append(line.data(), line.data() + line.size());
}

std::unique_ptr<spdlog::formatter> line_formatter::clone() const {
  return std::make_unique<line_formatter>(format_);
}

}  // namespace tollgate::gateway::logging
