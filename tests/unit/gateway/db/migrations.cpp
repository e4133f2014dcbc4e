// SPDX-License-Identifier: Apache-2.0
// The migrations that are compiled in.
#include <gtest/gtest.h>

#include "gateway/db/migrator.hpp"

namespace tollgate::gateway::db {
namespace {

TEST(BuiltinMigrations, StandInAscendingOrderWithChecksums) {
  int last = 0;
  for (const migration& each : builtin_migrations()) {
    EXPECT_GT(each.number, last);
    last = each.number;
    EXPECT_TRUE(each.name.ends_with(".sql")) << each.name;
    EXPECT_FALSE(each.sql.empty()) << each.name;
    EXPECT_EQ(each.checksum.size(), 64U) << each.name;
  }
  EXPECT_GE(last, 4);
}

}  // namespace
}  // namespace tollgate::gateway::db
