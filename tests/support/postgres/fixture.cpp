// SPDX-License-Identifier: Apache-2.0
// The server's life is that of a GoogleTest environment: begun when first asked for, ended after the last
// test.
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::tests {
namespace {

class environment : public testing::Environment {
 public:
  void TearDown() override { server_.reset(); }
  postgres_server& server() {
    if (!server_) server_ = std::make_unique<postgres_server>();
    return *server_;
  }

 private:
  std::unique_ptr<postgres_server> server_;
};

// GoogleTest owns environments and needs them before the tests run.
environment* const shared = static_cast<environment*>(testing::AddGlobalTestEnvironment(new environment));

}  // namespace

postgres_server& postgres_test::server() {
  return shared->server();
}

void postgres_test::SetUp() {
  ASSERT_NO_THROW(database_ = server().fresh_database());
}

}  // namespace tollgate::tests
