// SPDX-License-Identifier: Apache-2.0
// The one list of configuration keys: name, bounds and comment beside the member that holds the value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/configuration.hpp"

namespace tollgate::gateway {

/// What is done with every key: reading a file, laying the environment over it, printing.
class key_visitor {
 public:
  virtual ~key_visitor() = default;
  virtual void visit(std::string_view key, std::string& value, std::string_view comment) = 0;
  virtual void visit(std::string_view key, std::filesystem::path& value, std::string_view comment) = 0;
  virtual void visit(std::string_view key, std::vector<std::string>& value, std::string_view comment) = 0;
  virtual void visit(std::string_view key, bool& value, std::string_view comment) = 0;
  /// The value lies in least … most.
  virtual void visit(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most,
                     std::string_view comment) = 0;

  /// Narrower integers by way of the wide one.
  template <class Integer>
  void integer(std::string_view key, Integer& value, std::int64_t least, std::int64_t most,
               std::string_view comment) {
    auto wide = static_cast<std::int64_t>(value);
    visit(key, wide, least, most, comment);
    value = static_cast<Integer>(wide);
  }
};

/// Shows every key to the visitor, section by section ("api.port").
void visit_keys(configuration& value, key_visitor& visitor);

}  // namespace tollgate::gateway
