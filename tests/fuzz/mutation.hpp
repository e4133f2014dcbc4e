// SPDX-License-Identifier: Apache-2.0
// Deterministic mutation of inputs.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace tollgate::fuzz {

class mutator {
 public:
  explicit mutator(std::uint64_t seed) : random_(seed) {}

  /// One of `from`, changed in one to four ways: bits, bytes, pieces removed, doubled, moved, of another one,
  /// numbers at their limits, words that parsers stumble over. At most 16 KiB.
  std::string next(const std::vector<std::string>& from);
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

 private:
  void change(std::string& text, const std::vector<std::string>& from);

  std::mt19937_64 random_;
};

}  // namespace tollgate::fuzz
