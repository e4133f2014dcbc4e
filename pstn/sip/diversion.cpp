// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/diversion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <new>

#include "pstn/sip/message.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr std::size_t entries_most = 64;  // of one INVITE: beyond any limit on hops
constexpr int counter_most = 99;          // RFC 5806 §4: 1*2DIGIT

struct su_home_deleter {
  void operator()(su_home_t* home) const { su_home_unref(home); }
};

std::string unquoted(const char* text) {
  std::string_view raw = text ? text : "";
  if (raw.size() >= 2 && raw.front() == '"' && raw.back() == '"') raw = raw.substr(1, raw.size() - 2);
  return std::string(raw);
}

// Both headers are lists of name-addr with parameters, as Route is (RFC 3261 §20.34). `take` has each.
// False: it is none.
template <class Take>
bool read_list(std::string_view value, const Take& take) {
  const std::unique_ptr<su_home_t, su_home_deleter> home(
      static_cast<su_home_t*>(su_home_new(sizeof(su_home_t))));
  if (!home) throw std::bad_alloc();
  const sip_route_t* list = sip_route_make(home.get(), std::string(value).c_str());
  for (const sip_route_t* one = list; one; one = one->r_next)
    take(*one);
  return list != nullptr;
}

std::string parameter(const sip_route_t& entry, const char* name) {
  return unquoted(msg_params_find(entry.r_params, name));
}

// Without what a request to it would have to carry ("?Reason=…").
std::string address_of(const sip_route_t& entry) {
  url_t plain = entry.r_url[0];
  plain.url_headers = nullptr;
  return text_of(&plain);
}

// RFC 7544 §7.1: the causes of RFC 4458 as reasons of RFC 5806.
std::string reason_of_cause(std::string_view cause) {
  if (cause == "302") return "unconditional";
  if (cause == "486") return "user-busy";
  if (cause == "408") return "no-answer";
  if (cause == "480" || cause == "487") return "deflection";
  if (cause == "503") return "unavailable";
  return "unknown";
}

}  // namespace

void diversion_reader::take_diversion(std::string_view value) {
  const auto take = [this](const sip_route_t& entry) {
    if (diversions_.size() == entries_most) return;
    diversion one;
    one.uri = address_of(entry);
    if (auto reason = parameter(entry, "reason="); !reason.empty()) one.reason = std::move(reason);
    const auto counter = parameter(entry, "counter=");
    int told = 0;
    std::from_chars(counter.data(), counter.data() + counter.size(), told);
    one.counter = std::clamp(told, 1, counter_most);
    const auto privacy = parameter(entry, "privacy=");
    one.withheld = !privacy.empty() && privacy != "off";
    diversions_.push_back(std::move(one));
  };
  if (!read_list(value, take) && diversions_.size() < entries_most) diversions_.push_back({});
}

void diversion_reader::take_history(std::string_view value) {
  const auto take = [this](const sip_route_t& entry) {
    if (history_.size() == entries_most) return;
    std::array<char, 8> cause{};
    if (entry.r_url->url_params) url_param(entry.r_url->url_params, "cause", cause.data(), cause.size());
    history_.push_back({address_of(entry), cause.data(),
                        msg_params_find(entry.r_params, "np") == nullptr &&
                            msg_params_find(entry.r_params, "np=") == nullptr});
  };
  if (!read_list(value, take) && history_.size() < entries_most) history_.push_back({{}, {}, true});
}

std::vector<diversion> diversion_reader::diversions() const {
  if (!diversions_.empty() || history_.empty()) return diversions_;
  std::vector<diversion> found;
  for (std::size_t i = history_.size() - 1; i > 0; --i) {
    if (!history_[i].retargeted) continue;
    diversion one;
    one.uri = history_[i - 1].uri;
    one.reason = reason_of_cause(history_[i].cause);
    found.push_back(std::move(one));
  }
  return found;
}

std::size_t diversion_reader::count() const {
  std::size_t told = 0;
  for (const auto& one : diversions_)
    told += static_cast<std::size_t>(one.counter);
  return std::max(told, history_.empty() ? std::size_t{0} : history_.size() - 1);
}

std::string diversion_header(const diversion& one) {
  const auto is_token = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
  if (!is_plain_uri(one.uri)) return {};
  std::string value = "<" + one.uri + ">;reason=";
  value += !one.reason.empty() && std::all_of(one.reason.begin(), one.reason.end(), is_token) ? one.reason
                                                                                              : "unknown";
  value += ";counter=" + std::to_string(std::clamp(one.counter, 1, counter_most));
  return value + (one.withheld ? ";privacy=full" : ";privacy=off");
}

}  // namespace tollgate::pstn::sip
