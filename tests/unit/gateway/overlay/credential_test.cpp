// SPDX-License-Identifier: Apache-2.0
// Credentials and attach proofs: valid, expired, foreign, stolen.
#include "gateway/overlay/credential.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
using sample::noon;

class Credential : public testing::Test {
 protected:
  credential make(const private_key& device) const {
    return {.name = "alice",
            .holder = device.public_part(),
            .capabilities = {"call"},
            .issued_at = noon,
            .expires_at = noon + credential_lifetime};
  }

  private_key authority_ = private_key::generate();
  private_key device_ = private_key::generate();
  std::string token_ = sign_credential(authority_, make(device_));
};

TEST_F(Credential, IsReadBack) {
  const auto read =
      verify_credential(token_, authority_.public_part(), credential_role::subscriber, noon + 1h);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "alice");
  EXPECT_EQ(read->holder, device_.public_part());
  EXPECT_EQ(read->capabilities, std::vector<std::string>{"call"});
  EXPECT_EQ(read->expires_at, noon + 24h);
}

TEST_F(Credential, IsRefusedOutsideItsTimeRoleAndAuthority) {
  const auto verify = [&](wall_time now, credential_role role = credential_role::subscriber) {
    return verify_credential(token_, authority_.public_part(), role, now);
  };
  EXPECT_TRUE(verify(noon - 59s));
  EXPECT_EQ(verify(noon - 61s).error(), overlay_error::credential_expired);
  EXPECT_TRUE(verify(noon + 24h - 1s));
  EXPECT_EQ(verify(noon + 24h).error(), overlay_error::credential_expired);
  EXPECT_EQ(verify(noon, credential_role::node).error(), overlay_error::credential_foreign);
  EXPECT_EQ(
      verify_credential(token_, private_key::generate().public_part(), credential_role::subscriber, noon)
          .error(),
      overlay_error::token_bad_signature);
}

TEST_F(Credential, ProofHoldsForItsNodeNonceTimeAndDeviceOnly) {
  const auto holder = make(device_);
  const auto proof = sign_attach_proof(device_, "alice", "node1", "nonce", noon);
  EXPECT_TRUE(verify_attach_proof(proof, holder, "node1", "nonce", noon + 60s));
  EXPECT_EQ(verify_attach_proof(proof, holder, "node1", "nonce", noon + 62s).error(),
            overlay_error::token_stale);
  EXPECT_EQ(verify_attach_proof(proof, holder, "node1", "nonce", noon - 62s).error(),
            overlay_error::token_stale);
  EXPECT_EQ(verify_attach_proof(proof, holder, "node2", "nonce", noon).error(),
            overlay_error::token_wrong_destination);
  EXPECT_EQ(verify_attach_proof(proof, holder, "node1", "other", noon).error(),
            overlay_error::token_replayed);
  auto other_name = holder;
  other_name.name = "mallory";
  EXPECT_EQ(verify_attach_proof(proof, other_name, "node1", "nonce", noon).error(),
            overlay_error::token_wrong_origin);
  // A stolen credential without its key.
  const auto stolen = sign_attach_proof(private_key::generate(), "alice", "node1", "nonce", noon);
  EXPECT_EQ(verify_attach_proof(stolen, holder, "node1", "nonce", noon).error(),
            overlay_error::token_bad_signature);
}

}  // namespace
}  // namespace tollgate::gateway::overlay
