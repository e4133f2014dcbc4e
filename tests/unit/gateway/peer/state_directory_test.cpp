// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/state_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "gateway/peer/error.hpp"
#include "gateway/peer/passphrase.hpp"

namespace tollgate::gateway::peer {
namespace {

class StateDirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-peer-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777u : 0u;
  }

  std::filesystem::path root_;
};

account_state sample() {
  const overlay::private_key authority = overlay::private_key::generate();
  return {"wss://127.0.0.1:1",
          "PEM\n",
          {"alice", overlay::private_key::generate(), "a.b.c",
           overlay::wall_time(std::chrono::seconds(1'800'000'000)), authority.public_part()}};
}

TEST_F(StateDirectory, WhatWasSavedIsLoadedAgain) {
  const state_directory state(root_ / "deep" / "state");
  const account_state saved = sample();
  ASSERT_TRUE(state.save_account(saved).has_value());
  const auto account = state.load_account();
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->gateway, saved.gateway);
  EXPECT_EQ(account->authority_pem, saved.authority_pem);
  EXPECT_EQ(account->identity.name, "alice");
  EXPECT_EQ(account->identity.credential, "a.b.c");
  EXPECT_EQ(account->identity.expires_at, saved.identity.expires_at);
  EXPECT_EQ(account->identity.device.public_part(), saved.identity.device.public_part());
  EXPECT_EQ(account->identity.authority, saved.identity.authority);
}

TEST_F(StateDirectory, KeepsItsFilesToItself) {
  const state_directory state(root_ / "state");
  ASSERT_TRUE(state.save_account(sample()).has_value());
  ASSERT_TRUE(state.save_account(sample()).has_value());
  EXPECT_EQ(mode_of(root_ / "state"), 0700u);
  EXPECT_EQ(mode_of(root_ / "state" / "account.json"), 0600u);
}

TEST_F(StateDirectory, WithoutALogInSaysSo) {
  const state_directory state(root_ / "state");
  EXPECT_EQ(state.load_account().error(), make_error_code(error::not_logged_in));
}

TEST_F(StateDirectory, DamagedFilesAreRefused) {
  const state_directory state(root_);
  for (const char* text :
       {"", "[]", "{", "\"x\"", "{}", "{\"identity\":{}}", "{\"identity\":7,\"gateway\":1}"}) {
    std::ofstream(root_ / "account.json") << text;
    EXPECT_EQ(state.load_account().error(), make_error_code(error::state_unreadable)) << text;
  }
}

TEST_F(StateDirectory, AnUnwritablePlaceIsAnError) {
  std::ofstream(root_ / "file") << "x";
  const state_directory state(root_ / "file" / "state");
  EXPECT_EQ(state.save_account(sample()).error(), make_error_code(error::state_unwritable));
}

TEST_F(StateDirectory, PassphraseIsTheFirstLineOfItsFile) {
  std::ofstream(root_ / "passphrase") << "correct horse\nsecond line\n";
  EXPECT_EQ(obtain_passphrase((root_ / "passphrase").string(), "alice").value(), "correct horse");
  std::ofstream(root_ / "empty") << "\n";
  EXPECT_EQ(obtain_passphrase((root_ / "empty").string(), "alice").error(),
            make_error_code(error::no_passphrase));
  EXPECT_EQ(obtain_passphrase((root_ / "missing").string(), "alice").error(),
            make_error_code(error::state_unreadable));
}

}  // namespace
}  // namespace tollgate::gateway::peer
