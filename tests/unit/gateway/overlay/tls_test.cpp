// SPDX-License-Identifier: Apache-2.0
// The gateway's own certificate authority and what it issues; fingerprints.
#include "gateway/overlay/tls.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

using sample::noon;

TEST(Tls, IssuesServerCertificatesThatContextsTake) {
  const auto authority = make_certificate_authority("Tollgate test", noon);
  ASSERT_TRUE(authority);
  const auto issued =
      issue_server_certificate(*authority, {"gateway.example", "192.0.2.7", "2001:db8::7"}, noon);
  ASSERT_TRUE(issued);
  EXPECT_TRUE(make_server_context(issued->certificate, issued->key));
  EXPECT_TRUE(make_client_context(authority->certificate));
  EXPECT_EQ(certificate_expiry(issued->certificate).value(), noon + std::chrono::hours(24 * 397));
}

TEST(Tls, RefusesWhatDoesNotBelongTogether) {
  const auto authority = make_certificate_authority("one", noon);
  const auto other = make_certificate_authority("other", noon);
  ASSERT_TRUE(authority && other);
  EXPECT_FALSE(make_server_context(authority->certificate, other->key));
  EXPECT_FALSE(make_server_context("", ""));
  EXPECT_FALSE(make_client_context("no certificate"));
  EXPECT_FALSE(certificate_expiry("no certificate"));
  EXPECT_FALSE(issue_server_certificate({authority->certificate, other->key}, {}, noon));
  EXPECT_FALSE(issue_server_certificate(*authority, {"bad name,DNS:evil"}, noon));
}

TEST(Fingerprint, TextAndBack) {
  const auto digest = sample::make_certificate().digest();
  const auto text = digest.to_text();
  EXPECT_EQ(text.size(), 95U);
  EXPECT_EQ(fingerprint::from_text(text).value(), digest);
  EXPECT_FALSE(fingerprint::from_text(text.substr(1)));
  EXPECT_FALSE(fingerprint::from_text(text + ":"));
  EXPECT_FALSE(fingerprint::from_text(std::string(95, 'A')));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
