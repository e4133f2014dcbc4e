// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/target.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tollgate::pstn::sip {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string transport_of(const std::string& service) {
  const std::string name = lower_case(service);
  if (name == "sip+d2u") return "udp";
  if (name == "sip+d2t") return "tcp";
  if (name == "sips+d2t") return "tls";
  return {};
}

}  // namespace

std::vector<service_record> in_order(std::vector<service_record> records,
                                     const std::function<std::uint32_t(std::uint32_t)>& random_below) {
  // Those without weight stand first, so that they have a small chance as well.
  std::sort(records.begin(), records.end(), [](const service_record& a, const service_record& b) {
    return std::tie(a.priority, a.weight) < std::tie(b.priority, b.weight);
  });
  for (auto first = records.begin(); first != records.end(); ++first) {
    const auto end = std::find_if(first, records.end(),
                                  [&](const service_record& one) { return one.priority != first->priority; });
    std::uint32_t sum = 0;
    for (auto one = first; one != end; ++one)
      sum += one->weight;
    const std::uint32_t drawn = random_below(sum + 1);
    std::uint32_t running = 0;
    auto chosen = first;
    for (auto one = first; one != end; ++one) {
      running += one->weight;
      chosen = one;
      if (running >= drawn) break;
    }
    std::rotate(first, chosen, std::next(chosen));
  }
  return records;
}

std::vector<service_name> usable_services(std::vector<naming_record> records, bool only_tls, bool has_tls) {
  std::erase_if(records, [&](const naming_record& one) {
    const std::string transport = transport_of(one.service);
    return lower_case(one.flags) != "s" || transport.empty() || one.replacement.empty() ||
           (only_tls && transport != "tls") || (!has_tls && transport == "tls");
  });
  std::stable_sort(records.begin(), records.end(), [](const naming_record& a, const naming_record& b) {
    return std::tie(a.order, a.preference) < std::tie(b.order, b.preference);
  });
  std::vector<service_name> out;
  for (const naming_record& one : records) {
    if (one.order != records.front().order) break;
    out.push_back({one.replacement, transport_of(one.service)});
  }
  return out;
}

}  // namespace tollgate::pstn::sip
