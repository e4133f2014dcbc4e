// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority.hpp"
#include "pstn/identity/authorities.hpp"
#include "pstn/identity/certificate.hpp"

namespace tollgate::pstn::identity {
namespace {

using std::chrono::hours;
using testing::list_of;
using testing::number_entry;
using testing::provider_entry;
using testing::range_entry;

std::optional<number_authority> read(const std::string& der) {
  return read_number_authority({reinterpret_cast<const unsigned char*>(der.data()), der.size()});
}

TEST(NumberAuthority, AProvidersCertificateCoversWhatItAttests) {
  const auto found = read(list_of(provider_entry("709J")));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->providers, ::testing::ElementsAre("709J"));
  EXPECT_TRUE(found->covers("12155551212"));
}

TEST(NumberAuthority, NumbersCoverThemselvesOnly) {
  const auto found = read(list_of(number_entry("12155551212") + range_entry("442079460950", 10)));
  ASSERT_TRUE(found);
  for (const char* own : {"12155551212", "442079460950", "442079460959"})
    EXPECT_TRUE(found->covers(own)) << own;
  for (const char* other : {"12155551213", "12155551211", "442079460949", "442079460960", "2155551212", "",
                            "abc", "4420794609500"})
    EXPECT_FALSE(found->covers(other)) << other;
}

TEST(NumberAuthority, WhatIsNoneIsRefused) {
  const auto good = list_of(provider_entry("709J") + range_entry("442079460950", 10));
  ASSERT_TRUE(read(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(read(good.substr(0, size))) << size;
  EXPECT_FALSE(read(good + "x"));
  EXPECT_FALSE(read(list_of("")));
  EXPECT_FALSE(
      read(list_of("\x16\x01"
                   "1")));  // no tag of a choice
  EXPECT_FALSE(
      read(list_of("\xA3\x03\x16\x01"
                   "1")));  // a fourth choice
  EXPECT_FALSE(
      read(list_of("\xA0\x03\x0C\x01"
                   "1")));                                 // UTF8String
  EXPECT_FALSE(read(std::string("\x30\x80\x00\x00", 4)));  // indefinite
}

class Authorities : public ::testing::Test {
 protected:
  const wall_time now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const testing::authority root_{"STI root", now_ - hours(24), now_ + hours(24)};
  const testing::key_pointer key_ = testing::make_key();
  testing::wish wish_{.from = now_ - hours(1), .until = now_ + hours(1)};

  certificate_chain chain(const testing::authority& by, const std::string& more = {}) const {
    return certificate_chain::read(testing::pem_of(by.issue(key_, wish_).get()) + more).value();
  }
  boost::system::error_code checked(const certificate_chain& one, wall_time now) const {
    const auto result = authorities(root_.pem()).check(one, "12155551212", now);
    return result ? boost::system::error_code{} : result.error();
  }
};

TEST_F(Authorities, ACertificateOfTheirsIsTrusted) {
  EXPECT_FALSE(checked(chain(root_), now_));
}

TEST_F(Authorities, OneBelowThemIsTrustedWithWhatLeadsThere) {
  const auto middle = root_.below("STI issuing");
  EXPECT_FALSE(checked(chain(middle, middle.pem()), now_));
  EXPECT_EQ(checked(chain(middle), now_), identity_error::credential_untrusted);
}

TEST_F(Authorities, OthersAreNot) {
  const testing::authority other{"STI root", now_ - hours(24), now_ + hours(24)};
  EXPECT_EQ(checked(chain(other, other.pem()), now_), identity_error::credential_untrusted);
}

TEST_F(Authorities, TimeIsKeptTo) {
  const auto one = chain(root_);
  EXPECT_EQ(checked(one, now_ + hours(2)), identity_error::credential_untrusted);
  EXPECT_EQ(checked(one, now_ - hours(2)), identity_error::credential_untrusted);
}

TEST_F(Authorities, NumbersAreKeptTo) {
  wish_.authority_list = list_of(number_entry("12155551212"));
  EXPECT_FALSE(checked(chain(root_), now_));
  wish_.authority_list = list_of(number_entry("12155551213"));
  EXPECT_EQ(checked(chain(root_), now_), identity_error::credential_untrusted);
}

TEST_F(Authorities, WithoutAListThereIsNoTrust) {
  for (const std::string list : {"", "nonsense"}) {
    wish_.authority_list = list;
    EXPECT_EQ(checked(chain(root_), now_), identity_error::credential_untrusted) << list;
  }
}

TEST_F(Authorities, OneThatMayNotSignIsRefused) {
  wish_.key_usage = "keyAgreement";
  EXPECT_EQ(checked(chain(root_), now_), identity_error::credential_untrusted);
  wish_.key_usage = "";
  EXPECT_FALSE(checked(chain(root_), now_));
  wish_.is_authority = true;
  EXPECT_EQ(checked(chain(root_), now_), identity_error::credential_untrusted);
}

TEST_F(Authorities, AListWithoutCertificatesIsAMistake) {
  EXPECT_THROW(authorities(""), std::invalid_argument);
  EXPECT_THROW(authorities("nonsense"), std::invalid_argument);
  auto cut = root_.pem();
  EXPECT_THROW(authorities(root_.pem() + cut.replace(cut.size() / 2, 10, "##########")),
               std::invalid_argument);
}

TEST(CertificateChain, WhatIsNoneIsRefused) {
  const auto now = std::chrono::system_clock::now();
  const testing::authority root{"root", now - hours(1), now + hours(1)};
  testing::wish what;
  what.from = now - hours(1);
  what.until = now + hours(1);
  const auto of = [&](const char* curve) {
    return testing::pem_of(root.issue(testing::make_key(curve), what).get());
  };
  EXPECT_TRUE(certificate_chain::read(of("P-256")));
  EXPECT_FALSE(certificate_chain::read(of("P-384")));
  EXPECT_FALSE(certificate_chain::read(""));
  EXPECT_FALSE(certificate_chain::read("<html>not found</html>"));
  EXPECT_FALSE(certificate_chain::read(std::string(70'000, 'A')));
  std::string many;
  for (int count = 0; count < 11; ++count)
    many += of("P-256");
  EXPECT_FALSE(certificate_chain::read(many));
}

TEST(CertificateChain, DerIsReadToo) {
  const auto now = std::chrono::system_clock::now();
  const testing::authority root{"root", now - hours(1), now + hours(1)};
  testing::wish what;
  what.from = now - hours(1);
  what.until = now + hours(1);
  const auto certificate = root.issue(testing::make_key(), what);
  unsigned char* octets = nullptr;
  const int size = i2d_X509(certificate.get(), &octets);
  ASSERT_GT(size, 0);
  const std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(size));
  OPENSSL_free(octets);
  const auto read = certificate_chain::read(der);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->authority());
}

}  // namespace
}  // namespace tollgate::pstn::identity
