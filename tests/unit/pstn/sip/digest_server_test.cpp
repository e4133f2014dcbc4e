// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/digest_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate::pstn::sip {
namespace {

using std::chrono::seconds;

const std::vector<digest_algorithm> both{digest_algorithm::sha_256, digest_algorithm::md5};
const digest_server::time_point start{seconds(1'000'000)};

std::string parameter(const std::string& challenge, const std::string& name) {
  const std::size_t at = challenge.find(name + "=\"");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return challenge.substr(begin, challenge.find('"', begin) - begin);
}

/// What a carrier that knows `password` answers to a challenge.
digest_claim claim_for(const std::string& challenge, const std::string& algorithm,
                       const std::string& password = "se:cret", std::uint32_t count = 1) {
  digest_challenge asked;
  asked.realm = parameter(challenge, "realm");
  asked.nonce = parameter(challenge, "nonce");
  asked.algorithm = *find_digest_algorithm(algorithm);
  asked.qop_auth = true;
  const digest_request request{"INVITE", "sip:+16505550100@gateway.example", "carrier7", password, "0a4f113b",
                               count};
  const std::string digits = std::to_string(count);
  return {request.username,
          asked.realm,
          asked.nonce,
          request.uri,
          digest_response(asked, request),
          algorithm,
          "auth",
          request.cnonce,
          std::string(8 - digits.size(), '0') + digits};
}

TEST(DigestServer, OffersSha256BeforeMd5) {
  const digest_server server("gateway.example", both);
  const auto values = server.challenges(false, start);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_NE(values[0].find("algorithm=SHA-256"), std::string::npos) << values[0];
  EXPECT_NE(values[1].find("algorithm=MD5"), std::string::npos) << values[1];
  for (const auto& value : values) {
    EXPECT_NE(value.find("qop=\"auth\""), std::string::npos) << value;
    EXPECT_EQ(value.find("stale"), std::string::npos) << value;
    EXPECT_EQ(parameter(value, "realm"), "gateway.example");
  }
  EXPECT_NE(server.challenges(true, start)[0].find("stale=true"), std::string::npos);
  EXPECT_NE(parameter(server.challenges(false, start)[0], "nonce"), parameter(values[0], "nonce"));
}

TEST(DigestServer, BelievesWhoKnowsThePassword) {
  for (const char* algorithm : {"SHA-256", "MD5", "sha-256"}) {
    digest_server server("gateway.example", both);
    const auto claim = claim_for(server.challenges(false, start)[0], algorithm);
    EXPECT_EQ(server.judge(claim, "INVITE", "se:cret", start + seconds(1)), digest_verdict::good)
        << algorithm;
  }
}

TEST(DigestServer, BelievesNobodyElse) {
  digest_server server("gateway.example", both);
  const std::string challenge = server.challenges(false, start)[0];
  const digest_claim good = claim_for(challenge, "SHA-256");
  const auto wrong = [&](const char* what, auto change) {
    digest_claim bad = good;
    change(bad);
    EXPECT_EQ(server.judge(bad, "INVITE", "se:cret", start), digest_verdict::wrong) << what;
  };
  wrong("password", [&](digest_claim& one) { one = claim_for(challenge, "SHA-256", "secret"); });
  wrong("name", [](digest_claim& one) { one.username = "carrier8"; });
  wrong("URI", [](digest_claim& one) { one.uri = "sip:+19005550100@gateway.example"; });
  wrong("realm", [](digest_claim& one) { one.realm = "stranger.example"; });
  wrong("no response", [](digest_claim& one) { one.response.clear(); });
  wrong("half a response", [](digest_claim& one) { one.response.resize(32); });
  wrong("algorithm", [](digest_claim& one) { one.algorithm = "SHA-1"; });
  wrong("no qop", [](digest_claim& one) { one.qop.clear(); });
  wrong("no client nonce", [](digest_claim& one) { one.cnonce.clear(); });
  wrong("count", [](digest_claim& one) { one.nonce_count = "0000000x"; });
  wrong("count 0", [](digest_claim& one) { one.nonce_count = "00000000"; });
  EXPECT_EQ(server.judge(good, "BYE", "se:cret", start), digest_verdict::wrong);
  EXPECT_EQ(server.judge(good, "INVITE", "se:cret", start), digest_verdict::good);
}

TEST(DigestServer, TakesNoAlgorithmThatItHasNotOffered) {
  digest_server server("gateway.example", {digest_algorithm::sha_256});
  ASSERT_EQ(server.challenges(false, start).size(), 1U);
  const std::string challenge = server.challenges(false, start)[0];
  EXPECT_EQ(server.judge(claim_for(challenge, "MD5"), "INVITE", "se:cret", start), digest_verdict::wrong);
  EXPECT_EQ(server.judge(claim_for(challenge, "SHA-256"), "INVITE", "se:cret", start), digest_verdict::good);
}

TEST(DigestServer, BelievesEachAnswerOnce) {
  digest_server server("gateway.example", both);
  const std::string challenge = server.challenges(false, start)[0];
  const auto judge = [&](std::uint32_t count) {
    return server.judge(claim_for(challenge, "MD5", "se:cret", count), "INVITE", "se:cret", start);
  };
  EXPECT_EQ(judge(1), digest_verdict::good);
  EXPECT_EQ(judge(1), digest_verdict::stale);
  EXPECT_EQ(judge(3), digest_verdict::good);
  EXPECT_EQ(judge(2), digest_verdict::stale);
}

TEST(DigestServer, AsksAgainWhenTheNonceIsOldOrNotOurs) {
  digest_server server("gateway.example", both);
  const auto claim = claim_for(server.challenges(false, start)[0], "SHA-256");
  EXPECT_EQ(server.judge(claim, "INVITE", "se:cret", start + digest_server::nonce_lifetime + seconds(1)),
            digest_verdict::stale);
  digest_server restarted("gateway.example", both);
  EXPECT_EQ(restarted.judge(claim, "INVITE", "se:cret", start), digest_verdict::stale);
  EXPECT_EQ(server.judge(claim, "INVITE", "se:cret", start + digest_server::nonce_lifetime),
            digest_verdict::good);
}

TEST(DigestServer, ForgetsOldNonces) {
  digest_server server("gateway.example", both);
  for (std::size_t i = 0; i < digest_server::most_nonces; ++i)
    ASSERT_EQ(server.judge(claim_for(server.challenges(false, start)[0], "MD5"), "INVITE", "se:cret", start),
              digest_verdict::good);
  const auto one_more = [&](digest_server::time_point now) {
    return server.judge(claim_for(server.challenges(false, now)[0], "MD5"), "INVITE", "se:cret", now);
  };
  EXPECT_EQ(one_more(start), digest_verdict::stale);
  EXPECT_EQ(one_more(start + digest_server::nonce_lifetime + seconds(1)), digest_verdict::good);
}

}  // namespace
}  // namespace tollgate::pstn::sip
