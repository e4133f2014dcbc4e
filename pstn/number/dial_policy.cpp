// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/dial_policy.hpp"

#include <algorithm>

namespace tollgate::pstn::number {
namespace {

std::size_t longest_prefix(const std::vector<std::string>& prefixes, std::string_view digits) {
  std::size_t longest = 0;
  for (const std::string& prefix : prefixes) {
    if (digits.starts_with(prefix)) longest = std::max(longest, prefix.size());
  }
  return longest;
}

}  // namespace

// Small territories, small countries and network codes with high termination rates, known from the yearly reports on
// international revenue share fraud and the lists that carriers make of them; countries where people really are
// called in numbers are not among them. Those of the Caribbean have area codes of the North American plan, so that a
// person there does not see that they are abroad.
std::vector<std::string> default_high_risk_prefixes() {
  return {
      "1264",        // Anguilla
      "1268",        // Antigua and Barbuda
      "1284",        // British Virgin Islands
      "1473",        // Grenada
      "1649",        // Turks and Caicos Islands
      "1664",        // Montserrat
      "1721",        // Sint Maarten
      "1758",        // Saint Lucia
      "1767",        // Dominica
      "1784",        // Saint Vincent and the Grenadines
      "1869",        // Saint Kitts and Nevis
      "239",         // São Tomé and Príncipe
      "246",         // Diego Garcia
      "247",         // Ascension
      "252",         // Somalia
      "269",         // Comoros
      "290",         // Saint Helena, Tristan da Cunha
      "500",         // Falkland Islands
      "53",          // Cuba
      "670",         // Timor-Leste
      "672",         // Norfolk Island, Antarctica
      "674",         // Nauru
      "675",         // Papua New Guinea
      "677",         // Solomon Islands
      "678",         // Vanuatu
      "681",         // Wallis and Futuna
      "682",         // Cook Islands
      "683",         // Niue
      "685",         // Samoa
      "686",         // Kiribati
      "688",         // Tuvalu
      "690",         // Tokelau
      "850",         // North Korea
      "878",         // universal personal numbers
      "882", "883",  // international networks
      "888",         // disaster relief, withdrawn
      "960",         // Maldives
  };
}

boost::system::result<void> permit(const dialled_number& number, const dial_policy& policy) {
  const std::string digits = number.number.digits();
  const std::size_t open = longest_prefix(policy.open_prefixes, digits);
  if (open == 0) {
    switch (number.type) {
      case number_type::premium_rate:
        if (!policy.premium_rate) return dial_error::premium_rate;
        break;
      case number_type::shared_cost:
        if (!policy.shared_cost) return dial_error::shared_cost;
        break;
      case number_type::satellite:
        if (!policy.satellite) return dial_error::satellite;
        break;
      case number_type::personal:
      case number_type::pager:
        if (!policy.high_risk) return dial_error::high_risk;
        break;
      case number_type::unknown:
      case number_type::fixed_line:
      case number_type::mobile:
      case number_type::fixed_or_mobile:
      case number_type::toll_free:
      case number_type::voip:
      case number_type::uan:
      case number_type::voicemail:
        break;
    }
  }
  if (!policy.high_risk && longest_prefix(policy.high_risk_prefixes, digits) > open)
    return dial_error::high_risk;
  const std::size_t shut = longest_prefix(policy.shut_prefixes, digits);
  if (shut > 0 && shut >= open) return dial_error::barred;
  if (open > 0) return {};
  const auto names = [&number](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), number.region) != list.end();
  };
  if (names(policy.shut_countries) || (!policy.countries.empty() && !names(policy.countries)))
    return dial_error::barred;
  return {};
}

dial_policy merged(dial_policy all, const account_dial_policy& own) {
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  all.premium_rate = own.premium_rate.value_or(all.premium_rate);
  all.shared_cost = own.shared_cost.value_or(all.shared_cost);
  all.satellite = own.satellite.value_or(all.satellite);
  all.high_risk = own.high_risk.value_or(all.high_risk);
  add(all.open_prefixes, own.open_prefixes);
  add(all.shut_prefixes, own.shut_prefixes);
  add(all.shut_countries, own.shut_countries);
  if (!own.countries.empty()) all.countries = own.countries;
  return all;
}

boost::system::result<dialled_number> interpret(std::string_view text, std::string_view region,
                                                const dial_policy& policy) {
  auto read = read_number(text, region, policy.unlisted ? plan_check::possible : plan_check::listed);
  if (read.has_error()) return read;
  if (const auto permitted = permit(*read, policy); permitted.has_error()) return permitted.error();
  return read;
}

}  // namespace tollgate::pstn::number
