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

TEST_F(StateDirectory, WhatWasSavedIsLoadedAgain) {
  const state_directory state(root_ / "deep" / "state");
  ASSERT_TRUE(state.save_account({"wss://127.0.0.1:1", "alice", "a.b.c", "PEM\n"}).has_value());
  const auto account = state.load_account();
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->gateway, "wss://127.0.0.1:1");
  EXPECT_EQ(account->name, "alice");
  EXPECT_EQ(account->credential, "a.b.c");
  EXPECT_EQ(account->authority_pem, "PEM\n");
}

TEST_F(StateDirectory, KeepsItsFilesToItself) {
  const state_directory state(root_ / "state");
  ASSERT_TRUE(state.save_device_key("key").has_value());
  ASSERT_TRUE(state.save_device_key("other key").has_value());
  EXPECT_EQ(mode_of(root_ / "state"), 0700u);
  EXPECT_EQ(mode_of(root_ / "state" / "device.pem"), 0600u);
  EXPECT_EQ(state.load_device_key().value(), "other key");
}

TEST_F(StateDirectory, WithoutALogInSaysSo) {
  const state_directory state(root_ / "state");
  EXPECT_FALSE(state.has_device_key());
  EXPECT_EQ(state.load_account().error(), make_error_code(error::not_logged_in));
}

TEST_F(StateDirectory, DamagedFilesAreRefused) {
  const state_directory state(root_);
  for (const char* text : {"", "[]", "{", "\"x\""}) {
    std::ofstream(root_ / "account.json") << text;
    EXPECT_EQ(state.load_account().error(), make_error_code(error::state_unreadable)) << text;
  }
}

TEST_F(StateDirectory, AnUnwritablePlaceIsAnError) {
  std::ofstream(root_ / "file") << "x";
  const state_directory state(root_ / "file" / "state");
  EXPECT_EQ(state.save_device_key("key").error(), make_error_code(error::state_unwritable));
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
