// SPDX-License-Identifier: Apache-2.0
// Texts of the database errors.
#include "gateway/db/error.hpp"

#include <string>

namespace tollgate::gateway::db {
namespace {

const char* describe(errc value) {
  switch (value) {
    case errc::unavailable:
      return "the database cannot be reached";
    case errc::in_doubt:
      return "the connection to the database broke during a commit";
    case errc::timeout:
      return "the database did not answer in time";
    case errc::conflict:
      return "transactions kept conflicting";
    case errc::constraint:
      return "a constraint of the database refused the change";
    case errc::refused:
      return "the database refused the statement";
    case errc::overloaded:
      return "too much work waits for the database";
    case errc::stopped:
      return "the database pool has been stopped";
  }
  return "unknown database error";
}

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.database"; }
  std::string message(int value) const override { return describe(static_cast<errc>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace tollgate::gateway::db
