// SPDX-License-Identifier: Apache-2.0
// What is added to the connection string that an admin wrote.
#include "gateway/db/connection_string.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate::gateway::db {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConnectionString, AddsTimeoutsToAUri) {
  const auto text = connection_string("postgresql://ann@db.example/money", {});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("host='db.example'"));
  EXPECT_THAT(*text, HasSubstr("dbname='money'"));
  EXPECT_THAT(*text, HasSubstr("connect_timeout='3'"));
  EXPECT_THAT(*text, HasSubstr("options='-c statement_timeout=10000 -c lock_timeout=10000'"));
}

TEST(ConnectionString, KeepsWhatTheAdminWrote) {
  const auto text = connection_string("host=/run connect_timeout=9 options='-c geqo=off'", {});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("connect_timeout='9'"));
  EXPECT_THAT(*text, HasSubstr("options='-c geqo=off -c statement_timeout"));
}

TEST(ConnectionString, OneSecondIsNotLessThanTwo) {
  const auto text = connection_string("host=/run", {.connect_timeout = std::chrono::milliseconds(200)});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("connect_timeout='2'"));
}

TEST(ConnectionString, QuotesValues) {
  const auto text = connection_string(R"(host=/run password='it\'s \\ me')", {.statement_timeout = {}});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr(R"(password='it\'s \\ me')"));
  EXPECT_THAT(*text, Not(HasSubstr("options")));
  EXPECT_TRUE(connection_string(*text, {}));
}

TEST(ConnectionString, RefusesWhatLibpqCannotRead) {
  EXPECT_FALSE(connection_string("no such key = 1", {}));
  EXPECT_FALSE(connection_string("postgresql://[::1", {}));
}

}  // namespace
}  // namespace tollgate::gateway::db
