// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/digest.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace tollgate::pstn::sip {
namespace {

struct row {
  std::string name;
  digest_challenge challenge;
  digest_request request;
  std::string response;  // and what else must be in the header
  std::vector<std::string> parts;

  friend void PrintTo(const row& one, std::ostream* out) { *out << one.name; }
};

digest_challenge rfc7616_challenge(digest_algorithm algorithm) {
  return {"http-auth@example.org",
          "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
          "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
          algorithm,
          true,
          true};
}

const digest_request rfc7616_request{
    "GET", "/dir/index.html", "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1};

class Digest : public testing::TestWithParam<row> {};

TEST_P(Digest, ResponseIsAsPublished) {
  const std::string header = digest_authorization(GetParam().challenge, GetParam().request);
  EXPECT_NE(header.find("response=\"" + GetParam().response + '"'), std::string::npos) << header;
  for (const std::string& part : GetParam().parts)
    EXPECT_NE(header.find(part), std::string::npos) << header;
}

// RFC 7616 §3.9.1 and RFC 2617 §3.5 have worked examples.
INSTANTIATE_TEST_SUITE_P(
    Rows, Digest,
    testing::Values(row{"Rfc7616Md5",
                        rfc7616_challenge(digest_algorithm::md5),
                        rfc7616_request,
                        "8ca523f5e9506fed4657c9700eebdbec",
                        {"algorithm=MD5", "qop=auth", "nc=00000001",
                         "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""}},
                    row{"Rfc7616Sha256",
                        rfc7616_challenge(digest_algorithm::sha_256),
                        rfc7616_request,
                        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
                        {"algorithm=SHA-256"}},
                    row{"Rfc2617Md5",
                        {"testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                         "5ccc069c403ebaf9f0171e9517f40e41", digest_algorithm::md5, false, true},
                        {"GET", "/dir/index.html", "Mufasa", "Circle Of Life", "0a4f113b", 1},
                        "6629fae49393a05397450978507c4ef1",
                        {"username=\"Mufasa\"", "realm=\"testrealm@host.com\""}},
                    row{"NamesAreQuoted",
                        {"a\"b", "n", std::nullopt, digest_algorithm::md5, false, false},
                        {"INVITE", "sip:x@y", "back\\slash", "p", "c", 1},
                        "601b77e77d06cc6d65cf0d269572db4e",
                        {"realm=\"a\\\"b\"", "username=\"back\\\\slash\""}}),
    [](const auto& which) { return which.param.name; });

TEST(DigestHeader, LeavesOutWhatTheChallengeDidNotHave) {
  const std::string header = digest_authorization(
      {"r", "n", std::nullopt, digest_algorithm::md5, false, false}, {"INVITE", "sip:x@y", "u", "p", "c", 1});
  for (const char* part : {"algorithm", "opaque", "qop", "nc=", "cnonce"}) {
    EXPECT_EQ(header.find(part), std::string::npos) << part;
  }
}

TEST(DigestAlgorithm, IsFoundInAnyCaseAndMd5WhenAbsent) {
  EXPECT_EQ(find_digest_algorithm(""), digest_algorithm::md5);
  EXPECT_EQ(find_digest_algorithm("md5"), digest_algorithm::md5);
  EXPECT_EQ(find_digest_algorithm("Sha-256"), digest_algorithm::sha_256);
  EXPECT_EQ(find_digest_algorithm("MD5-sess"), digest_algorithm::md5_sess);
  EXPECT_EQ(find_digest_algorithm("SHA-512-256"), std::nullopt);
}

TEST(DigestQop, AuthIsFoundInAList) {
  EXPECT_TRUE(offers_auth("auth"));
  EXPECT_TRUE(offers_auth("auth-int, AUTH"));
  EXPECT_FALSE(offers_auth("auth-int"));
  EXPECT_FALSE(offers_auth(""));
}

}  // namespace
}  // namespace tollgate::pstn::sip
