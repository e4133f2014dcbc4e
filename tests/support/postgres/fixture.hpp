// SPDX-License-Identifier: Apache-2.0
// GoogleTest fixture with a migrated database of its own for each test, on one server for the whole
// executable.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/postgres/server.hpp"

namespace tollgate::tests {

// Derive from it. The server starts with the first such test and ends with the last test of the executable
// (declare the executable WHOLE in CMake, so that it starts once). A skipped start is a failure, never a
// silently passing test.
class postgres_test : public testing::Test {
 protected:
  void SetUp() override;
  // The server shared by all tests of the executable; stop it only if you start it again.
  static postgres_server& server();
  // libpq connection string of this test's own database.
  const std::string& database() const { return database_; }

 private:
  std::string database_;
};

}  // namespace tollgate::tests
