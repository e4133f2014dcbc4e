// SPDX-License-Identifier: Apache-2.0
// Call tokens: each claim that does not fit is refused for its own reason.
#include "gateway/overlay/call_token.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <limits>

#include "gateway/overlay/jws.hpp"
#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
using sample::noon;

class CallToken : public testing::Test {
 protected:
  call_claims claims() const {
    return {.call = sample::call_id,
            .role = call_role::offer,
            .origin = "tollgate:alice",
            .destination = "+442079460958",
            .audience = "node1",
            .certificate = digest_,
            .sdp = "v=0"};
  }
  boost::system::result<std::string> verify(const std::string& token, const call_claims& expected,
                                            wall_time now = noon) {
    return verify_call_token(token, key_.public_part(), expected, now, seen_);
  }

  private_key key_ = private_key::generate();
  fingerprint digest_ = sample::make_certificate().digest();
  replay_cache seen_;
};

TEST_F(CallToken, IsAcceptedOnce) {
  const auto made = sign_call_token(key_, claims(), noon);
  const auto first = verify(made.token, claims());
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, made.token_id);
  EXPECT_EQ(verify(made.token, claims()).error(), overlay_error::token_replayed);
}

TEST_F(CallToken, IsStaleAfterAMinuteAndBeforeOne) {
  EXPECT_TRUE(verify(sign_call_token(key_, claims(), noon).token, claims(), noon + 60s));
  EXPECT_TRUE(verify(sign_call_token(key_, claims(), noon).token, claims(), noon - 60s));
  EXPECT_EQ(verify(sign_call_token(key_, claims(), noon).token, claims(), noon + 61s).error(),
            overlay_error::token_stale);
  EXPECT_EQ(verify(sign_call_token(key_, claims(), noon).token, claims(), noon - 61s).error(),
            overlay_error::token_stale);
}

TEST_F(CallToken, EachWrongClaimHasItsReason) {
  const struct {
    const char* name;
    void (*spoil)(call_claims&);
    overlay_error error;
  } rows[] = {
      {"caller", [](call_claims& c) { c.origin = "tollgate:mallory"; }, overlay_error::token_wrong_origin},
      {"callee", [](call_claims& c) { c.destination = "+15550100"; }, overlay_error::token_wrong_destination},
      {"node", [](call_claims& c) { c.audience = "node2"; }, overlay_error::token_wrong_destination},
      {"call", [](call_claims& c) { c.call.back() = '0'; }, overlay_error::token_wrong_call},
      {"role", [](call_claims& c) { c.role = call_role::answer; }, overlay_error::token_wrong_call},
      {"offer", [](call_claims& c) { c.offer_token_id = "x"; }, overlay_error::token_wrong_offer},
      {"certificate", [](call_claims& c) { c.certificate.octets[0] ^= std::byte{1}; },
       overlay_error::token_wrong_fingerprint},
      {"description", [](call_claims& c) { c.sdp += ' '; }, overlay_error::token_wrong_description},
  };
  for (const auto& row : rows) {
    auto spoiled = claims();
    row.spoil(spoiled);
    EXPECT_EQ(verify(sign_call_token(key_, spoiled, noon).token, claims()).error(), row.error) << row.name;
  }
  EXPECT_EQ(seen_.size(), 0U);  // a refused token does not fill the cache
}

TEST_F(CallToken, OtherProfilesVersionsKeysAndTypesAreRefused) {
  const auto token = sign_call_token(key_, claims(), noon).token;
  const auto content = verify_jws(token, key_.public_part(), "tollgate-call");
  ASSERT_TRUE(content);
  const auto resigned = [&](const char* name, boost::json::value value) {
    auto changed = *content;
    changed[name] = std::move(value);
    return sign_jws(key_, "tollgate-call", changed);
  };
  EXPECT_EQ(verify(resigned("srtp", "SRTP_AES128_CM_HMAC_SHA1_80"), claims()).error(),
            overlay_error::token_wrong_profile);
  EXPECT_EQ(verify(resigned("ver", 2), claims()).error(), overlay_error::token_wrong_profile);
  EXPECT_EQ(verify(resigned("jti", ""), claims()).error(), overlay_error::token_malformed);
  EXPECT_EQ(verify(resigned("jti", boost::json::string(65, 'a')), claims()).error(),
            overlay_error::token_malformed);
  EXPECT_EQ(verify(resigned("iat", "now"), claims()).error(), overlay_error::token_malformed);
  for (const auto extreme :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    EXPECT_EQ(verify(resigned("iat", extreme), claims()).error(), overlay_error::token_stale);
  EXPECT_EQ(verify(resigned("mky", boost::json::array{}), claims()).error(),
            overlay_error::token_wrong_fingerprint);
  EXPECT_EQ(verify(resigned("dest", "x"), claims()).error(), overlay_error::token_wrong_destination);
  EXPECT_EQ(verify(sign_call_token(private_key::generate(), claims(), noon).token, claims()).error(),
            overlay_error::token_bad_signature);
  EXPECT_EQ(verify(sign_jws(key_, "tollgate-attach", *content), claims()).error(),
            overlay_error::token_wrong_type);
}

TEST(ReplayCache, ForgetsAfterTwoMinutesAndRefusesWhenFull) {
  replay_cache cache(2);
  EXPECT_TRUE(cache.remember("a", noon));
  EXPECT_FALSE(cache.remember("a", noon + 120s));
  EXPECT_TRUE(cache.remember("b", noon + 60s));
  EXPECT_FALSE(cache.remember("c", noon + 60s));  // full: refused rather than forgotten
  EXPECT_TRUE(cache.remember("a", noon + 121s));
  EXPECT_EQ(cache.size(), 2U);
}

}  // namespace
}  // namespace tollgate::gateway::overlay
