// SPDX-License-Identifier: Apache-2.0
// The server's life is that of a GoogleTest environment: begun when first asked for, ended after the last
// test.
#include "tests/support/postgres/fixture.hpp"

#include <pqxx/connection>
#include <pqxx/nontransaction>

namespace tollgate::tests {
namespace {

class environment : public testing::Environment {
 public:
  void TearDown() override { server_.reset(); }
  postgres_server& server() {
    if (!server_) server_ = std::make_unique<postgres_server>();
    return *server_;
  }
  // A thousand files each: all of them together took gigabytes, and minutes to remove at the end.
  std::string fresh_database() {
    if (!last_.empty()) {
      pqxx::connection database(server().connection_string("postgres"));
      pqxx::nontransaction(database).exec("DROP DATABASE " + last_.substr(last_.rfind('=') + 1) + " WITH (FORCE)");
    }
    last_.clear();
    return last_ = server().fresh_database();
  }

 private:
  std::unique_ptr<postgres_server> server_;
  std::string last_;  // of the test before, which is over
};

// GoogleTest owns environments and needs them before the tests run.
environment* const shared = static_cast<environment*>(testing::AddGlobalTestEnvironment(new environment));

}  // namespace

postgres_server& postgres_test::server() {
  return shared->server();
}

void postgres_test::SetUp() {
  ASSERT_NO_THROW(database_ = shared->fresh_database());
}

}  // namespace tollgate::tests
