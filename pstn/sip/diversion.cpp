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
constexpr std::size_t index_most_bytes = 4 * entries_most;
constexpr const char* nobody_known = "sip:unknown@unknown.invalid";  // RFC 7544

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

bool is_equal(char a, char b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return lower(a) == lower(b);
}

bool contains(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(), is_equal) != text.end();
}

// RFC 7044 §5, hi-index: numbers with dots between.
bool is_index(std::string_view text) {
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return !text.empty() && text.size() <= index_most_bytes && std::all_of(text.begin(), text.end(), is_part) &&
         text.front() != '.' && text.back() != '.' && text.find("..") == text.npos;
}

// What may stand after the "?" of a URI (RFC 3261 §25.1): escaped, so no quote, no bracket, no space.
bool is_headers(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c <= ' ' || c == 0x7F || c == '"' || c == '<' || c == '>' || static_cast<unsigned char>(c) > 0x7F;
  });
}

bool is_whole(const history_entry& one) {
  return is_plain_uri(one.uri) && is_index(one.index) && is_headers(one.headers);
}

constexpr std::array<std::string_view, 3> changes{"rc", "mp", "np"};  // RFC 7044 §5

std::string change_of(const sip_route_t& entry) {
  for (const std::string_view name : changes) {
    const auto from = parameter(entry, (std::string(name) + "=").c_str());
    if (is_index(from)) return std::string(name) + '=' + from;
  }
  return {};
}

constexpr std::string_view privacy = "Privacy=history";  // RFC 7044 §10.1.2

void add_privacy(history_entry& to) {
  if (contains(to.headers, "privacy=")) return;
  to.headers += to.headers.empty() ? "" : "&";
  to.headers += privacy;
}

std::string next_index(const history_entry& after) {
  return after.index + ".1";
}

// RFC 7544: reasons of RFC 5806 as causes of RFC 4458; 404 is "unknown".
std::string_view cause_of_reason(std::string_view reason) {
  if (reason == "unconditional") return "302";
  if (reason == "user-busy") return "486";
  if (reason == "no-answer") return "408";
  if (reason == "deflection") return "480";
  if (reason == "unavailable") return "503";
  return "404";
}

void go_on(std::vector<history_entry>& history, const std::string& to, std::string_view cause) {
  const history_entry& last = history.back();
  history.push_back({to + ";cause=" + std::string(cause), {}, next_index(last), "mp=" + last.index});
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
    const std::string address = address_of(entry);
    const std::string headers = entry.r_url->url_headers ? entry.r_url->url_headers : "";
    history_.push_back({address,
                        cause.data(),
                        msg_params_find(entry.r_params, "np") == nullptr &&
                            msg_params_find(entry.r_params, "np=") == nullptr,
                        contains(headers, "privacy=") && !contains(headers, "privacy=none"),
                        {address, headers, parameter(entry, "index="), change_of(entry)}});
  };
  if (!read_list(value, take) && history_.size() < entries_most)
    history_.push_back({{}, {}, true, false, {}});
}

std::vector<diversion> diversion_reader::diversions() const {
  if (!diversions_.empty() || history_.empty()) return diversions_;
  std::vector<diversion> found;
  for (std::size_t i = history_.size() - 1; i > 0; --i) {
    if (!history_[i].retargeted) continue;
    diversion one;
    one.uri = history_[i - 1].uri;
    one.reason = reason_of_cause(history_[i].cause);
    one.withheld = history_[i - 1].withheld;
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

std::vector<history_entry> diversion_reader::history() const {
  std::size_t told = 0;
  for (const auto& one : diversions_)
    told += static_cast<std::size_t>(one.counter);
  if (history_.empty() || told > history_.size() - 1) return {};
  std::vector<history_entry> all;
  for (const auto& one : history_) {
    if (!is_whole(one.whole)) return {};
    all.push_back(one.whole);
  }
  return all;
}

std::vector<history_entry> history_of(const std::vector<diversion>& through, const std::string& target) {
  std::vector<history_entry> history;
  std::string_view cause;
  const auto add = [&](const std::string& uri, std::string_view why_next) {
    if (history.size() + 1 >= entries_most) return;
    if (history.empty())
      history.push_back({uri, {}, "1", {}});
    else
      go_on(history, uri, cause);
    cause = why_next;
  };
  for (auto one = through.rbegin(); one != through.rend(); ++one) {
    for (int unnamed = 1; unnamed < std::clamp(one->counter, 1, counter_most); ++unnamed)
      add(nobody_known, cause_of_reason("unknown"));
    add(is_plain_uri(one->uri) ? one->uri : nobody_known, cause_of_reason(one->reason));
    if (one->withheld) add_privacy(history.back());
  }
  if (!history.empty()) go_on(history, target, cause);
  return history;
}

std::vector<history_entry> history_beyond(std::vector<history_entry> received, bool has_called,
                                          const diversion& by, const std::string& target) {
  if (!has_called) received.push_back({by.uri, {}, next_index(received.back()), {}});
  if (by.withheld) add_privacy(received.back());
  go_on(received, target, cause_of_reason(by.reason));
  return received;
}

void withhold(std::vector<history_entry>& history) {
  std::for_each(history.begin(), history.end(), add_privacy);
}

std::string history_header(const history_entry& one) {
  if (!is_whole(one)) return {};
  std::string value = "<" + one.uri;
  if (!one.headers.empty()) value += '?' + one.headers;
  value += ">;index=" + one.index;
  return one.change.empty() ? value : value + ';' + one.change;
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
