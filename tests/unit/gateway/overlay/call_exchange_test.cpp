// SPDX-License-Identifier: Apache-2.0
// Offers and answers between two ends: what ties an answer to its offer.
#include "gateway/overlay/call_exchange.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
using sample::call_id;
using sample::noon;

class CallExchange : public testing::Test {
 protected:
  private_key device_ = private_key::generate();
  private_key node_ = private_key::generate();
  call_exchange peer_{device_, "alice", {"node1", node_.public_part()}, 4};
  call_exchange gateway_{node_, "node1", {"alice", device_.public_part()}, 4};
  replay_cache peer_seen_;
  replay_cache gateway_seen_;
  std::string sdp_ = to_string(sample::make_description(sample::make_certificate().digest()));

  frame offer() { return peer_.make_offer(call_id, "tollgate:alice", "+4420", sdp_, noon).value(); }
  auto take(const frame& from) {
    return gateway_.take_offer(from, "tollgate:alice", from.to, noon, gateway_seen_);
  }
};

TEST_F(CallExchange, OfferAndAnswerVerifyOnce) {
  const auto offered = offer();
  const auto taken = take(offered);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->sdp, sdp_);
  const auto ring = gateway_.make_answer("ring", call_id, sdp_, noon);
  ASSERT_TRUE(ring);
  EXPECT_TRUE(peer_.awaits_answer(call_id));
  EXPECT_TRUE(peer_.take_answer(*ring, noon, peer_seen_));
  EXPECT_FALSE(peer_.awaits_answer(call_id));
  EXPECT_EQ(peer_.take_answer(*ring, noon, peer_seen_).error(), overlay_error::token_wrong_offer);
  EXPECT_EQ(gateway_.make_answer("answer", call_id, sdp_, noon).error(), overlay_error::token_wrong_call);
}

TEST_F(CallExchange, SwappedDescriptionFingerprintAndDestinationAreRefused) {
  auto other_sdp = offer();
  other_sdp.body["sdp"] = to_string(sample::make_description(sample::make_certificate().digest()));
  EXPECT_EQ(take(other_sdp).error(), overlay_error::token_wrong_fingerprint);
  peer_.forget(call_id);
  auto same_digest = offer();
  same_digest.body["sdp"] = sdp_ + "a=x\r\n";
  EXPECT_EQ(take(same_digest).error(), overlay_error::token_wrong_description);
  peer_.forget(call_id);
  auto redirected = offer();
  redirected.to = "+1900";
  EXPECT_EQ(take(redirected).error(), overlay_error::token_wrong_destination);
  peer_.forget(call_id);
  auto other_call = offer();
  other_call.call.back() = '0';
  EXPECT_EQ(take(other_call).error(), overlay_error::token_wrong_call);
}

TEST_F(CallExchange, AnOfferTakenBeforeIsRefusedInANewCallToo) {
  const auto offered = offer();
  ASSERT_TRUE(take(offered));
  EXPECT_EQ(take(offered).error(), overlay_error::token_wrong_call);
  gateway_.forget(call_id);
  EXPECT_EQ(take(offered).error(), overlay_error::token_replayed);
}

TEST_F(CallExchange, AnswersOfOtherCallsAndEndsAreRefused) {
  const auto offered = gateway_.make_offer(call_id, "tel:+1650", "tollgate:alice", sdp_, noon);
  ASSERT_TRUE(offered);
  EXPECT_EQ(peer_.take_offer(*offered, "tel:+1999", "tollgate:alice", noon, peer_seen_).error(),
            overlay_error::token_wrong_origin);
  ASSERT_TRUE(peer_.take_offer(*offered, "tel:+1650", "tollgate:alice", noon, peer_seen_));
  call_exchange mallory(private_key::generate(), "alice", {"node1", node_.public_part()}, 4);
  replay_cache mallory_seen;
  ASSERT_TRUE(mallory.take_offer(*offered, "tel:+1650", "tollgate:alice", noon, mallory_seen));
  const auto forged = mallory.make_answer("answer", call_id, sdp_, noon);
  EXPECT_EQ(gateway_.take_answer(*forged, noon, gateway_seen_).error(), overlay_error::token_bad_signature);
  auto answered = peer_.make_answer("answer", call_id, sdp_, noon);
  ASSERT_TRUE(answered);
  EXPECT_EQ(gateway_.take_answer(*answered, noon + 2min, gateway_seen_).error(), overlay_error::token_stale);
  EXPECT_TRUE(gateway_.take_answer(*answered, noon, gateway_seen_));
}

TEST_F(CallExchange, RestartReplacesTheDescriptions) {
  ASSERT_TRUE(take(offer()));
  ASSERT_TRUE(
      peer_.take_answer(gateway_.make_answer("answer", call_id, sdp_, noon).value(), noon, peer_seen_));
  const auto restart = peer_.make_restart(call_id, sdp_, noon);
  ASSERT_TRUE(restart);
  ASSERT_TRUE(gateway_.take_restart(*restart, noon, gateway_seen_));
  EXPECT_EQ(gateway_.take_restart(*restart, noon, gateway_seen_).error(), overlay_error::token_replayed);
  EXPECT_TRUE(
      peer_.take_answer(gateway_.make_answer("restart", call_id, sdp_, noon).value(), noon, peer_seen_));
}

TEST_F(CallExchange, AResumedCallIsRestartedByItsPartiesOnly) {
  ASSERT_TRUE(take(offer()));
  ASSERT_TRUE(
      peer_.take_answer(gateway_.make_answer("answer", call_id, sdp_, noon).value(), noon, peer_seen_));
  call_exchange anew(node_, "node1", {"alice", device_.public_part()}, 4);  // the device has attached again
  const auto restart = peer_.make_restart(call_id, sdp_, noon);
  EXPECT_EQ(anew.take_restart(*restart, noon, gateway_seen_).error(), overlay_error::token_wrong_call);
  anew.resume(call_id, "tollgate:alice", "+4430", false);
  EXPECT_EQ(anew.take_restart(*restart, noon, gateway_seen_).error(), overlay_error::token_wrong_destination);
  anew.forget(call_id);
  anew.resume(call_id, "tollgate:alice", "+4420", false);
  EXPECT_EQ(1U, anew.offers_taken());
  ASSERT_TRUE(anew.take_restart(*peer_.make_restart(call_id, sdp_, noon), noon, gateway_seen_));
  EXPECT_TRUE(peer_.take_answer(anew.make_answer("restart", call_id, sdp_, noon).value(), noon, peer_seen_));
}

// The device has lost its connection between its offer and our answer.
TEST_F(CallExchange, AnOfferIsAnsweredOnAnotherConnection) {
  ASSERT_TRUE(take(offer()));
  call_exchange anew(node_, "node1", {"alice", device_.public_part()}, 4);
  anew.resume(call_id, "tollgate:alice", "+4420", false, gateway_.unanswered_offer(call_id));
  const auto answer = anew.make_answer("ring", call_id, sdp_, noon);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(peer_.take_answer(*answer, noon, peer_seen_));
  EXPECT_EQ(anew.unanswered_offer(call_id), "");
  EXPECT_FALSE(anew.make_answer("answer", call_id, sdp_, noon));  // once
}

TEST_F(CallExchange, CallsAreBounded) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(peer_.make_offer(make_call_id(), "tollgate:alice", "+4420", sdp_, noon));
  EXPECT_EQ(peer_.make_offer(make_call_id(), "tollgate:alice", "+4420", sdp_, noon).error(),
            overlay_error::queue_full);
}

TEST_F(CallExchange, TricklesAreBounded) {
  offer();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(peer_.allow_trickle(call_id, 3));
  EXPECT_FALSE(peer_.allow_trickle(call_id, 3));
  EXPECT_FALSE(peer_.allow_trickle(make_call_id(), 3));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
