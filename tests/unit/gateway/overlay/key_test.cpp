// SPDX-License-Identifier: Apache-2.0
// Keys in PEM and JWK; what is not a P-256 key.
#include "gateway/overlay/key.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace tollgate::gateway::overlay {
namespace {

// RFC 7515 appendix A.3.
constexpr auto rfc_jwk = R"({"kty":"EC","crv":"P-256",
  "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

TEST(Key, PemAndJwkKeepTheKey) {
  const auto key = private_key::generate();
  const auto again = private_key::from_pem(key.to_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_part(), key.public_part());
  const auto shown = public_key::from_jwk(key.public_part().to_jwk());
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->thumbprint(), key.public_part().thumbprint());
  EXPECT_EQ(shown->thumbprint().size(), 43U);
}

TEST(Key, ReadsTheKeyOfRfc7515) {
  EXPECT_TRUE(public_key::from_jwk(boost::json::parse(rfc_jwk)));
}

TEST(Key, MalformedJwksAreRefused) {
  const auto spoiled = [](const char* name, boost::json::value value) {
    auto jwk = boost::json::parse(rfc_jwk).as_object();
    jwk[name] = std::move(value);
    return boost::json::value(std::move(jwk));
  };
  const boost::json::value rows[] = {
      {},
      {"EC"},
      spoiled("kty", "RSA"),
      spoiled("crv", "P-384"),
      spoiled("x", "AAAA"),
      spoiled("x", 7),
      spoiled("y", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),  // not on the curve
      spoiled("y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0="),
  };
  for (const auto& row : rows)
    EXPECT_EQ(public_key::from_jwk(row).error(), overlay_error::key_malformed);
}

TEST(Key, MalformedPemsAreRefused) {
  auto pem = private_key::generate().to_pem();
  EXPECT_FALSE(private_key::from_pem(""));
  EXPECT_FALSE(private_key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  pem[40] = '!';
  EXPECT_FALSE(private_key::from_pem(pem));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
