// SPDX-License-Identifier: Apache-2.0
// Names and pass-phrases.
#include "gateway/subscriber/passphrase.hpp"

#include <gtest/gtest.h>

#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::subscriber {
namespace {

TEST(Passphrase, RightOneVerifiesAndOthersDoNot) {
  const auto hash = hash_passphrase("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$"));
  EXPECT_TRUE(verify_passphrase(*hash, "correct horse"));
  EXPECT_FALSE(verify_passphrase(*hash, "correct horsf"));
  EXPECT_FALSE(verify_passphrase(*hash, ""));
}

TEST(Passphrase, SameOneHasAnotherHashEachTime) {
  EXPECT_NE(*hash_passphrase("correct horse"), *hash_passphrase("correct horse"));
}

TEST(Passphrase, AbsentOrDamagedHashIsNeverRight) {
  EXPECT_FALSE(verify_passphrase("", "correct horse"));
  EXPECT_FALSE(verify_passphrase("$argon2id$v=19$m=19456,t=2,p=1$xx", "correct horse"));
  EXPECT_FALSE(verify_passphrase("nonsense", "correct horse"));
}

TEST(Passphrase, UnsuitableOnesAreRefused) {
  EXPECT_FALSE(hash_passphrase("short"));
  EXPECT_FALSE(hash_passphrase(std::string(257, 'x')));
  EXPECT_TRUE(
      hash_passphrase("gr\xc3\xbc\xc3\x9f"
                      "e aus \xe2\x82\xac-Land \xf0\x9f\x99\x82"));
}

TEST(SubscriberName, IsFoldedOrRefused) {
  EXPECT_EQ(*fold_name("Alice.B-2_c"), "alice.b-2_c");
  EXPECT_EQ(*fold_name("a"), "a");
  EXPECT_EQ(*fold_name(std::string(64, 'a')), std::string(64, 'a'));
  for (const char* bad : {"", ".alice", "alice-", "al ice", "al'ice", "\xc3\xa4rger", "a@b"})
    EXPECT_FALSE(fold_name(bad)) << bad;
  EXPECT_FALSE(fold_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace tollgate::gateway::subscriber
