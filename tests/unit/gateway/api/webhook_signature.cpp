// SPDX-License-Identifier: Apache-2.0
// Who may say that a payment was made.
#include "gateway/api/webhook_signature.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::api {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view secret = "a secret of the provider";
constexpr std::string_view body = R"({"type":"payment.succeeded"})";
const std::chrono::system_clock::time_point now{seconds(1'700'000'000)};

TEST(WebhookSignature, IsThatOfAnotherImplementation) {
  // printf '1700000000.{"type":"payment.succeeded"}' | openssl dgst -sha256 -hmac 'a secret of the provider'
  const std::string header =
      "t=1700000000,v1=c8481960eb3e1d8c5757b411991e0bdae580b9e891a0221c64cde13f330fa523";
  EXPECT_EQ(make_signature(body, secret, now), header);
  EXPECT_EQ(check_signature(header, body, secret, now), signature_check::good);
}

TEST(WebhookSignature, HoldsForItsBodySecretAndTimeOnly) {
  const std::string good = make_signature(body, secret, now);
  EXPECT_EQ(check_signature(good, "{}", secret, now), signature_check::wrong);
  EXPECT_EQ(check_signature(good, body, "another secret, as long", now), signature_check::wrong);
  EXPECT_EQ(check_signature(good, body, "", now), signature_check::wrong);
  std::string moved = good;
  moved.replace(2, 10, "1700000001");
  EXPECT_EQ(check_signature(moved, body, secret, now), signature_check::wrong);
}

TEST(WebhookSignature, IsGoodForFiveMinutesEitherWay) {
  const std::string good = make_signature(body, secret, now);
  for (const auto& [shift, expected] :
       {std::pair{minutes(5), signature_check::good}, std::pair{-minutes(5), signature_check::good}})
    EXPECT_EQ(check_signature(good, body, secret, now + shift), expected);
  EXPECT_EQ(check_signature(good, body, secret, now + seconds(301)), signature_check::stale);
  EXPECT_EQ(check_signature(good, body, secret, now - seconds(301)), signature_check::stale);
}

TEST(WebhookSignature, OneOfSeveralIsEnough) {
  const std::string good = make_signature(body, secret, now);
  const std::string other = std::string(64, '0');
  EXPECT_EQ(check_signature(good + ",v1=" + other, body, secret, now), signature_check::good);
  EXPECT_EQ(check_signature("v1=" + other + "," + good + ",v0=x", body, secret, now), signature_check::good);
}

TEST(WebhookSignature, MalformedHeadersAreRefused) {
  const std::string hex(64, 'a');
  for (const std::string& header :
       {std::string(), std::string("t="), "t=x,v1=" + hex, "t=-1,v1=" + hex, "v1=" + hex,
        std::string("t=1700000000"), "t=1700000000,v1=" + hex.substr(1), "t=99999999999999999999,v1=" + hex,
        std::string(2'000, ',')})
    EXPECT_EQ(check_signature(header, body, secret, now), signature_check::malformed) << header;
  EXPECT_EQ(check_signature("t=9223372036854775807,v1=" + hex, body, secret, now), signature_check::wrong);
}

}  // namespace
}  // namespace tollgate::gateway::api
