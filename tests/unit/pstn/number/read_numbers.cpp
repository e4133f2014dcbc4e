// SPDX-License-Identifier: Apache-2.0
// Reads lines "REGION<tab>text" and writes "number region type", or "invalid": for
// compare_with_libphonenumber.py.
#include <iostream>
#include <string>

#include "pstn/number/dial_policy.hpp"

int main() {
  using namespace tollgate::pstn::number;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t tab = line.find('\t');
    const auto read = read_number(line.substr(tab + 1), line.substr(0, tab));
    if (read.has_value()) {
      std::cout << read->number.e164() << ' ' << read->region << ' ' << name(read->type) << '\n';
    } else {
      std::cout << "invalid " << code(static_cast<dial_error>(read.error().value())) << '\n';
    }
  }
}
