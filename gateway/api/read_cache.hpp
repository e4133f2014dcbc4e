// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: answers that many ask for and that change seldom, kept for a moment: prices. Whatever is changed over this
// server empties it; what is changed elsewhere is seen when the moment is over, as soon as calls see it. Free of IO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {

class read_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds lifetime{1};

  explicit read_cache(std::size_t most = 4'096) : most_(most) {}

  /// Whether answers of the route may be a moment old.
  static bool takes(const route& of) { return of.method == "GET" && of.pattern == "/v1/rates"; }
  /// Of two requests with the same key the answers are the same: who may see what is in it.
  static std::string key_of(const request& from, const std::string& target);

  /// Null: it is not known. Valid until the next call.
  const reply* find(const std::string& key, time_point now) const;
  /// What keep() is to be told: answers that were begun before a change are not kept.
  std::uint64_t generation() const { return generation_; }
  void keep(std::string key, const reply& answer, std::uint64_t begun, time_point now);
  void clear();

 private:
  struct kept {
    reply answer;
    time_point until;
  };
  std::unordered_map<std::string, kept> answers_;
  std::size_t most_;
  std::uint64_t generation_ = 0;
};

}  // namespace tollgate::gateway::api
