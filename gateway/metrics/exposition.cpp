// SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics/exposition.hpp"

namespace tollgate::gateway::metrics {

family::family(std::string& into, const char* name, const char* kind, const char* help)
    : into_(into), full_(std::string("tollgate_") + name) {
  into_ += "# HELP " + full_ + " " + help + "\n# TYPE " + full_ + " " + kind + "\n";
}

void family::put(const std::string& labels, const std::string& value) {
  into_ += full_ + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
}

void family::put(const std::string& labels, const duration_histogram& of) {
  const auto counts = of.read();
  const std::string before = full_ + "_bucket{" + labels + (labels.empty() ? "" : ",") + "le=\"";
  const std::string of_whom = labels.empty() ? " " : "{" + labels + "} ";
  std::uint64_t reached = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    reached += counts[i];
    const std::string bound = i < duration_histogram::bounds_us.size() ? seconds_text(static_cast<std::uint64_t>(duration_histogram::bounds_us[i])) : "+Inf";
    into_ += before + bound + "\"} " + std::to_string(reached) + "\n";
  }
  into_ += full_ + "_sum" + of_whom + seconds_text(of.sum_us()) + "\n";
  into_ += full_ + "_count" + of_whom + std::to_string(reached) + "\n";
}

void put_metric(std::string& into, const char* name, const char* kind, const char* help, const std::string& value) {
  family(into, name, kind, help).put("", value);
}

void put_metric(std::string& into, const char* name, const char* kind, const char* help, std::uint64_t value) {
  put_metric(into, name, kind, help, std::to_string(value));
}

std::string label(const char* name, const std::string& value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string seconds_text(std::uint64_t us) {
  std::string text = std::to_string(us / 1'000'000);
  std::string rest = std::to_string(us % 1'000'000);
  rest.insert(0, 6 - rest.size(), '0');
  while (!rest.empty() && rest.back() == '0')
    rest.pop_back();
  return rest.empty() ? text : text + "." + rest;
}

}  // namespace tollgate::gateway::metrics
