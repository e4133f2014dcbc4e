// SPDX-License-Identifier: Apache-2.0
#include "gateway/command_rates.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>

#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

constexpr auto patience = std::chrono::minutes(11);  // the API's own is 10

std::string count_of(const json::object& list) {
  return list.empty() ? "0" : text_of(list, "count");
}

// What `print` makes of each of the first, and how many more there are.
template <class Print>
void print_list(const json::object& from, const char* name, const char* title, Print print) {
  const json::object& list = object_of(from, name);
  std::cout << title << " " << count_of(list) << "\n";
  const json::value* const first = list.if_contains("first");
  if (first == nullptr || !first->is_array()) return;
  for (const json::value& each : first->get_array())
    if (each.is_object()) print(each.get_object());
  if (count_of(list) != std::to_string(first->get_array().size()))
    std::cout << "  the first " << first->get_array().size() << " are shown\n";
}

// "0.017 + 0.039 a call, 60/60": what a call costs.
std::string terms_text(const json::object& terms) {
  if (terms.empty()) return "-";
  std::string out = text_of(terms, "price_per_minute");
  if (text_of(terms, "connection_fee") != "0.00") out += " + " + text_of(terms, "connection_fee") + " a call";
  out += ", " + text_of(terms, "initial_increment_s") + "/" + text_of(terms, "next_increment_s");
  for (const char* name : {"free_start_s", "included_s"})
    if (text_of(terms, name) != "0") out += std::string(", ") + name + " " + text_of(terms, name);
  return out;
}

void print_change(const json::object& change) {
  const json::object& before = object_of(change, "before");
  const json::object& after = object_of(change, "after");
  std::cout << "  " << std::left << std::setw(16) << text_of(change, "prefix");
  if (before.empty() || after.empty())
    std::cout << terms_text(before.empty() ? after : before);
  else
    std::cout << terms_text(before) << " -> " << terms_text(after);
  std::cout << "  " << text_of(after.empty() ? before : after, "destination") << "\n";
}

void print_difference(const json::object& difference) {
  if (difference.empty()) return;
  for (const char* kind : {"new", "dearer", "cheaper", "changed", "gone"})
    print_list(difference, kind, kind, print_change);
  std::cout << "unchanged " << text_of(difference, "unchanged") << "\n";
  print_list(difference, "overlapping", "overlapping", [](const json::object& one) {
    std::cout << "  " << std::left << std::setw(16) << text_of(one, "prefix") << "lines "
              << text_of(one, "other_line") << " and " << text_of(one, "line") << "\n";
  });
}

void print_loss(const json::object& one) {
  std::cout << "  " << std::left << std::setw(16) << text_of(one, "prefix") << text_of(one, "sell_deck")
            << " " << text_of(one, "sell_per_minute") << " < " << text_of(one, "cost_deck") << " "
            << text_of(one, "cost_per_minute") << "  " << text_of(one, "destination") << "\n";
}

std::string import_target(const rates_import_options& wanted) {
  std::string out = "/v1/rate_imports?kind=" + url_encoded(wanted.kind) +
                    "&changes=" + std::to_string(wanted.changes) +
                    "&dry_run=" + (wanted.dry_run ? "true" : "false");
  constexpr std::size_t length_of_day = 10;
  const std::string from = wanted.effective_from.size() == length_of_day
                               ? wanted.effective_from + "T00:00:00Z"
                               : wanted.effective_from;
  for (const auto& [name, value] : {std::pair{"deck", wanted.deck},
                                    {"currency", wanted.currency},
                                    {"effective_from", from},
                                    {"note", wanted.note}})
    if (!value.empty()) out += std::string("&") + name + "=" + url_encoded(value);
  return out;
}

}  // namespace

int command_rates_import(const configuration& settings, const remote_options& remote,
                         const rates_import_options& wanted) {
  std::ifstream file;
  const bool from_file = wanted.csv != "-";
  if (from_file) file.open(wanted.csv, std::ios::binary);
  std::istream& in = from_file ? file : std::cin;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in && !in.eof()) {
    std::cerr << "tollgate rates import: cannot read " << wanted.csv.string() << "\n";
    return exit_failed;
  }
  const auto found = ask_gateway(settings, remote,
                                 {.method = "POST",
                                  .target = import_target(wanted),
                                  .body = std::move(text),
                                  .content_type = "text/csv",
                                  .timeout = patience});
  if (remote.json) {
    if (!found.body.empty()) std::cout << json::serialize(found.body) << "\n";
    return found.code;
  }
  if (found.code == exit_done)
    std::cout << text_of(found.body, "outcome") << ": deck " << text_of(found.body, "deck") << ", version "
              << text_of(found.body, "version") << ", " << text_of(found.body, "rates") << " rates\n";
  if (text_of(found.body, "outcome") == "checked")
    std::cout << "to import exactly this: tollgate rates commit " << text_of(found.body, "id") << "\n";
  print_difference(object_of(found.body, "difference"));
  if (found.code == exit_done)
    print_list(found.body, "sold_below_cost", "warning: sold below cost", print_loss);
  return found.code;
}

int command_rates_versions(const configuration& settings, const remote_options& remote, const rates_versions_options& wanted) {
  const std::string target = "/v1/rate_decks/" + url_encoded(wanted.deck) + "/" + std::to_string(wanted.to) + "/changes?since=" + std::to_string(wanted.from) +
                             "&changes=" + std::to_string(wanted.changes);
  const auto found = ask_gateway(settings, remote, {.method = "GET", .target = target, .timeout = patience});
  if (found.code != exit_done) return found.code;
  if (remote.json)
    std::cout << json::serialize(found.body) << "\n";
  else
    print_difference(object_of(found.body, "difference"));
  return exit_done;
}

int command_rates_export(const configuration& settings, const remote_options& remote,
                         const rates_export_options& wanted) {
  const auto found =
      ask_gateway(settings, remote,
                  {.method = "GET",
                   .target = "/v1/rate_decks/" + url_encoded(wanted.deck) + "/" + url_encoded(wanted.version),
                   .timeout = patience});
  if (found.code != exit_done) return found.code;
  if (wanted.output.empty()) return std::cout << found.response.body << std::flush ? exit_done : exit_failed;
  std::ofstream out(wanted.output, std::ios::binary | std::ios::trunc);
  if (out << found.response.body << std::flush) return exit_done;
  std::cerr << "tollgate rates export: cannot write " << wanted.output.string() << "\n";
  return exit_failed;
}

int command_rates_list(const configuration& settings, const remote_options& remote) {
  const auto found = ask_gateway(settings, remote, {.method = "GET", .target = "/v1/rate_decks"});
  if (found.code != exit_done) return found.code;
  if (remote.json) {
    std::cout << json::serialize(found.body) << "\n";
    return exit_done;
  }
  const json::value* const items = found.body.if_contains("items");
  if (items == nullptr || !items->is_array()) return exit_failed;
  const auto column = [](int width) { return std::setw(width); };
  std::cout << std::left << column(24) << "deck" << column(9) << "version" << column(6) << "kind"
            << column(10) << "currency" << column(10) << "rates" << column(26) << "effective_from"
            << "note\n";
  for (const json::value& each : items->get_array()) {
    if (!each.is_object()) continue;
    const json::object& deck = each.get_object();
    std::cout << column(24) << text_of(deck, "name") << column(9) << text_of(deck, "version") << column(6)
              << text_of(deck, "kind") << column(10) << text_of(deck, "currency") << column(10)
              << text_of(deck, "rates") << column(26) << text_of(deck, "effective_from")
              << text_of(deck, "note") << "\n";
  }
  return exit_done;
}

}  // namespace tollgate::gateway
