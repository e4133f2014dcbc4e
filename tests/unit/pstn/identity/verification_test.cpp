// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/verification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority.hpp"
#include "pstn/identity/signer.hpp"

namespace tollgate::pstn::identity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Verification : public ::testing::Test {
 protected:
  const wall_time now_ = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  const testing::authority root_{"STI root", now_ - hours(24), now_ + hours(24)};
  const testing::key_pointer key_ = testing::make_key();
  const signer by_{testing::pem_of(key_.get()), "https://certificates.example.org/a.pem"};

  claimed_call call(wall_time issued, attestation attest = attestation::full) const {
    return {{by_.identity_of({attest, "12155551212", "12155551213", "6f1a"}, issued)},
            "12155551212",
            {"12155551213"}};
  }
  certificate_chain chain(const testing::key_pointer& key) const {
    testing::wish what;
    what.from = now_ - hours(1);
    what.until = now_ + hours(1);
    return certificate_chain::read(testing::pem_of(root_.issue(key, what).get())).value();
  }
  boost::system::error_code examined(const claimed_call& one) const {
    const auto result = examine(one, now_);
    return result ? boost::system::error_code{} : result.error();
  }
};

TEST_F(Verification, WhatWasSignedIsBelievedAsFarAsItSays) {
  for (const auto attest : {attestation::full, attestation::partial, attestation::gateway}) {
    const auto claim = examine(call(now_, attest), now_);
    ASSERT_TRUE(claim);
    const auto known = verify(*claim, chain(key_), authorities(root_.pem()), now_);
    ASSERT_TRUE(known);
    EXPECT_EQ(*known, attest);
  }
}

TEST_F(Verification, AnotherKeysSignatureIsNot) {
  const auto claim = examine(call(now_), now_);
  ASSERT_TRUE(claim);
  const auto known = verify(*claim, chain(testing::make_key()), authorities(root_.pem()), now_);
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error(), identity_error::bad_signature);
}

TEST_F(Verification, OnlyWhatIsFreshCounts) {
  EXPECT_FALSE(examined(call(now_ - seconds(60))));
  EXPECT_FALSE(examined(call(now_ + seconds(60))));
  EXPECT_EQ(examined(call(now_ - seconds(61))), identity_error::stale);
  EXPECT_EQ(examined(call(now_ + seconds(61))), identity_error::stale);
}

TEST_F(Verification, ItIsForThisCallAlone) {
  auto one = call(now_);
  one.origin = "12155551214";
  EXPECT_EQ(examined(one), identity_error::number_mismatch);
  one.origin = "";
  EXPECT_EQ(examined(one), identity_error::number_mismatch);
  one = call(now_);
  one.destinations = {"12155551215"};
  EXPECT_EQ(examined(one), identity_error::number_mismatch);
  one.destinations = {};
  EXPECT_EQ(examined(one), identity_error::number_mismatch);
  one.destinations = {"12155551215", "12155551213"};
  EXPECT_FALSE(examined(one));
}

TEST(Verdict, HasATextForRecords) {
  EXPECT_EQ(verdict().text(), "none");
  EXPECT_EQ(verdict(attestation::full).text(), "verified_a");
  EXPECT_EQ(verdict(attestation::gateway).text(), "verified_c");
  EXPECT_EQ(verdict(identity_error::stale).text(), "failed_stale");
  EXPECT_EQ(verdict(identity_error::credential_unavailable).text(), "failed_credential_unavailable");
}

TEST(Verdict, RefusalsAreThoseOfRfc8224) {
  EXPECT_EQ(refusal_of(identity_error::stale).status, 403);
  EXPECT_EQ(refusal_of(identity_error::credential_unavailable).status, 436);
  EXPECT_EQ(refusal_of(identity_error::credential_untrusted).status, 437);
  EXPECT_EQ(refusal_of(identity_error::bad_signature).status, 438);
  EXPECT_EQ(refusal_of(identity_error::number_mismatch).status, 438);
  EXPECT_EQ(identity_required.status, 428);
}

}  // namespace
}  // namespace tollgate::pstn::identity
