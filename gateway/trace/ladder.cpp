// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/ladder.hpp"

#include <algorithm>
#include <array>
#include <boost/uuid/uuid_io.hpp>
#include <cstdio>
#include <ctime>

namespace tollgate::gateway::trace {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::size_t time_width = 14;
constexpr std::size_t column_width = 42;  // from one end to the next

std::string printable(std::string text, bool keep_lines = false) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && !(keep_lines && c == '\n')) || byte == 0x7f) c = '.';
  }
  return text;
}

std::string utc(wall_time at) {
  const auto us = duration_cast<microseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(us / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<long>(us % 1'000'000));
  return text.data();
}

std::string since(wall_time first, wall_time at) {
  const double seconds = static_cast<double>(duration_cast<microseconds>(at - first).count()) / 1e6;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%+11.6f", seconds);
  return text.data();
}

// "INVITE sdp", "183 Session Progress (INVITE) sdp"
std::string label_of(const trace_message& message) {
  constexpr std::string_view version = "SIP/2.0 ";
  const std::string line = message.text.substr(0, message.text.find_first_of("\r\n"));
  std::string label;
  if (line.starts_with(version)) {
    const std::string sequence = header_of(message.text, "CSeq");
    label = line.substr(version.size());
    if (label.size() > 24) label.resize(24);
    if (const std::size_t blank = sequence.find_last_of(" \t"); blank != std::string::npos)
      label += " (" + sequence.substr(blank + 1) + ")";
  } else {
    label = line.substr(0, line.find(' '));
  }
  if (header_of(message.text, "Content-Type", 'c').find("sdp") != std::string::npos) label += " sdp";
  label = printable(std::move(label));
  if (label.size() > column_width - 6) label.resize(column_width - 6);
  return label;
}

std::string rungs(std::size_t columns) {
  std::string line(time_width, ' ');
  for (std::size_t i = 0; i <= columns; ++i) {
    line.resize(time_width + i * column_width, ' ');
    line += '|';
  }
  return line;
}

void draw_arrow(std::string& line, std::size_t column, bool to_the_right, const std::string& label) {
  const std::size_t from = time_width + 1, to = time_width + column * column_width;
  std::fill(line.begin() + static_cast<std::ptrdiff_t>(from), line.begin() + static_cast<std::ptrdiff_t>(to),
            '-');
  line[to_the_right ? to - 1 : from] = to_the_right ? '>' : '<';
  const std::size_t middle = to - column_width + (column_width - label.size()) / 2;  // beside its far end
  line.replace(middle, label.size(), label);
}

std::vector<std::string> far_ends_of(const call_trace& call) {
  std::vector<std::string> far_ends;
  for (const trace_message& one : call.messages) {
    const std::string name = to_string(one.remote);
    if (std::find(far_ends.begin(), far_ends.end(), name) == far_ends.end()) far_ends.push_back(name);
  }
  return far_ends;
}

}  // namespace

std::string to_ladder(const call_trace& call, bool with_texts) {
  std::string out = "call " + boost::uuids::to_string(call.call_id) + "  node " + printable(call.node) +
                    "  from " + utc(call.began) + (call.ended ? " to " + utc(*call.ended) : "") + "\n";
  if (call.left_out > 0) out += std::to_string(call.left_out) + " messages were left out\n";
  if (call.messages.empty()) return out + "no SIP message\n";
  const auto far_ends = far_ends_of(call);
  std::string head(time_width, ' ');
  head += to_string(call.messages.front().local);
  for (std::size_t i = 0; i < far_ends.size(); ++i) {
    const std::size_t end = time_width + (i + 1) * column_width;
    head.resize(std::max(head.size() + 1, end - std::min(end, far_ends[i].size() / 2)), ' ');
    head += printable(far_ends[i]);
  }
  out += head + "\n";
  const wall_time first = call.messages.front().at;
  for (const trace_message& one : call.messages) {
    const auto place = std::find(far_ends.begin(), far_ends.end(), to_string(one.remote)) - far_ends.begin();
    std::string line = rungs(far_ends.size());
    const std::string time = since(first, one.at);
    line.replace(0, time.size(), time);
    draw_arrow(line, static_cast<std::size_t>(place) + 1, one.sent, label_of(one));
    out += line + "  " + one.transport + (one.trunk.empty() ? "" : " " + printable(one.trunk)) + "\n";
  }
  if (!with_texts) return out;
  for (const trace_message& one : call.messages) {
    out += "\n" + since(first, one.at) + (one.sent ? "  to " : "  from ") + to_string(one.remote) + "\n";
    std::string text = one.text;
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    out += printable(std::move(text), true);
    if (!out.ends_with('\n')) out += '\n';
  }
  return out;
}

}  // namespace tollgate::gateway::trace
