// SPDX-License-Identifier: Apache-2.0
#include "gateway/identity/certificate_cache.hpp"

#include <gtest/gtest.h>

#include "authority.hpp"

namespace tollgate::gateway::identity {
namespace {

using pstn::identity::certificate_chain;
using pstn::identity::identity_error;
using std::chrono::seconds;
namespace testing = pstn::identity::testing;

certificate_chain some_chain() {
  const auto now = std::chrono::system_clock::now();
  const testing::authority root{"root", now - std::chrono::hours(1), now + std::chrono::hours(1)};
  testing::wish what;
  what.from = now - std::chrono::hours(1);
  what.until = now + std::chrono::hours(1);
  return certificate_chain::read(testing::pem_of(root.issue(testing::make_key(), what).get())).value();
}

const certificate_cache::time_point start{seconds(1'000)};

TEST(CertificateCache, KeepsACertificateForAWhile) {
  certificate_cache cache({.keep = seconds(60), .keep_failure = seconds(5), .most = 10});
  EXPECT_FALSE(cache.find("a", start));
  cache.put("a", some_chain(), start);
  const auto found = cache.find("a", start + seconds(59));
  ASSERT_TRUE(found);
  EXPECT_TRUE(*found);
  EXPECT_FALSE(cache.find("a", start + seconds(60)));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(CertificateCache, KeepsAFailureForAShorterWhile) {
  certificate_cache cache({.keep = seconds(60), .keep_failure = seconds(5), .most = 10});
  cache.put("a", identity_error::credential_unavailable, start);
  const auto found = cache.find("a", start + seconds(4));
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_FALSE(cache.find("a", start + seconds(5)));
}

TEST(CertificateCache, HasABoundAndForgetsWhatWasNotAskedFor) {
  certificate_cache cache({.keep = seconds(600), .keep_failure = seconds(5), .most = 3});
  const auto chain = some_chain();
  for (const char* url : {"a", "b", "c"})
    cache.put(url, chain, start);
  EXPECT_TRUE(cache.find("a", start + seconds(1)));
  EXPECT_TRUE(cache.find("c", start + seconds(2)));
  cache.put("d", chain, start + seconds(3));
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_FALSE(cache.find("b", start + seconds(4)));
  EXPECT_TRUE(cache.find("a", start + seconds(4)));
  cache.put("a", chain, start + seconds(5));  // in its own place
  EXPECT_EQ(cache.size(), 3U);
}

TEST(CertificateCache, WhatHasExpiredGoesFirst) {
  certificate_cache cache({.keep = seconds(600), .keep_failure = seconds(5), .most = 2});
  cache.put("good", some_chain(), start);
  cache.put("bad", identity_error::credential_unavailable, start + seconds(1));
  cache.put("new", some_chain(), start + seconds(7));
  EXPECT_TRUE(cache.find("good", start + seconds(8)));
  EXPECT_FALSE(cache.find("bad", start + seconds(8)));
}

}  // namespace
}  // namespace tollgate::gateway::identity
