// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "authority.hpp"
#include "pstn/identity/encoding.hpp"
#include "pstn/identity/es256.hpp"
#include "pstn/identity/identity_header.hpp"
#include "pstn/identity/passport.hpp"
#include "pstn/identity/signer.hpp"

namespace tollgate::pstn::identity {
namespace {

using std::chrono::seconds;

constexpr const char* url = "https://certificates.example.org/passport.pem";
const wall_time issued{seconds(1'443'208'345)};

std::string as_text(std::string_view part) {
  const auto octets = from_base64url(part);
  return octets ? std::string(reinterpret_cast<const char*>(octets->data()), octets->size())
                : "not base64url";
}

std::string as_part(std::string_view json) {
  return to_base64url(std::as_bytes(std::span(json.data(), json.size())));
}

passport example() {
  return {.attest = attestation::full,
          .origin = "12155551212",
          .destinations = {"12155551213"},
          .issued_at = issued,
          .origin_id = "123e4567-e89b-12d3-a456-426655440000",
          .certificate_url = "https://cert.example.org/passport.cer"};
}

const std::string shaken_header =
    R"({"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/passport.cer"})";
const std::string shaken_claims =
    R"({"attest":"A","dest":{"tn":["12155551213"]},"iat":1443208345,"orig":{"tn":"12155551212"},"origid":"123e4567-e89b-12d3-a456-426655440000"})";

// Of header and claims as they are, with any signature.
std::string token_of(const std::string& header, const std::string& claims) {
  return as_part(header) + "." + as_part(claims) + "." + to_base64url(es256_signature{});
}

std::string changed(std::string text, const std::string& what, const std::string& into) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), into);
}

TEST(Passport, IsWrittenAsRfc8588ShowsIt) {
  const auto key = testing::make_key();
  const auto token = sign(example(), key.get());
  const auto first = token.find('.'), last = token.rfind('.');
  EXPECT_EQ(as_text(token.substr(0, first)), shaken_header);
  EXPECT_EQ(as_text(token.substr(first + 1, last - first - 1)), shaken_claims);
}

TEST(Passport, IsReadAsItWasWritten) {
  const auto key = testing::make_key();
  const auto read = read_passport(sign(example(), key.get()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->says.attest, attestation::full);
  EXPECT_EQ(read->says.origin, "12155551212");
  EXPECT_THAT(read->says.destinations, ::testing::ElementsAre("12155551213"));
  EXPECT_EQ(read->says.issued_at, issued);
  EXPECT_EQ(read->says.origin_id, example().origin_id);
  EXPECT_EQ(read->says.certificate_url, example().certificate_url);
  EXPECT_TRUE(is_signed_by(*read, key.get()));
  EXPECT_FALSE(is_signed_by(*read, testing::make_key().get()));
}

TEST(Passport, EveryChangedOctetSpoilsIt) {
  const auto key = testing::make_key();
  const auto token = sign(example(), key.get());
  for (std::size_t at = 0; at < token.size(); at += 7) {
    auto other = token;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    const auto read = read_passport(other);
    EXPECT_FALSE(read && is_signed_by(*read, key.get())) << at;
  }
}

TEST(Passport, WhatIsNoneIsRefused) {
  struct row {
    const char* why;
    std::string header, claims;
    identity_error error;
  };
  const auto& h = shaken_header;
  const auto& c = shaken_claims;
  using enum identity_error;
  const row rows[] = {
      {"no algorithm", changed(h, "ES256", "none"), c, unsupported},
      {"another algorithm", changed(h, "ES256", "RS256"), c, unsupported},
      {"another kind", changed(h, "shaken", "div"), c, unsupported},
      {"critical header", changed(h, "{", R"({"crit":["x"],)"), c, unsupported},
      {"another type", changed(h, "passport", "JWT"), c, malformed},
      {"no x5u", changed(h, "x5u", "x6u"), c, malformed},
      {"header is a list", "[" + h + "]", c, malformed},
      {"attest of none", h, changed(c, "\"A\"", "\"D\""), malformed},
      {"attest is missing", h, changed(c, "attest", "attext"), malformed},
      {"attest is empty", h, changed(c, "\"A\"", "\"\""), malformed},
      {"origid is missing", h, changed(c, "origid", "origin"), malformed},
      {"iat is text", h, changed(c, "1443208345", "\"1443208345\""), malformed},
      {"iat is negative", h, changed(c, "1443208345", "-1"), malformed},
      {"iat is beyond all clocks", h, changed(c, "1443208345", "9223372036854775807"), malformed},
      {"iat is beyond ours", h, changed(c, "1443208345", "9223372037"), malformed},
      {"iat is no number", h, changed(c, "1443208345", "1e300"), malformed},
      {"no destination", h, changed(c, "\"12155551213\"", ""), malformed},
      {"destination is a number", h, changed(c, "\"12155551213\"", "12155551213"), malformed},
      {"destination with a plus", h, changed(c, "\"12155551213\"", "\"+12155551213\""), malformed},
      {"origin is a list", h, changed(c, "\"12155551212\"", "[\"12155551212\"]"), malformed},
      {"origin is too long", h, changed(c, "12155551212", "1215555121212345"), malformed},
      {"origin is a URI", h, changed(c, "{\"tn\":\"12155551212\"}", "{\"uri\":\"sip:a@b\"}"), malformed},
  };
  for (const auto& one : rows) {
    const auto read = read_passport(token_of(one.header, one.claims));
    ASSERT_FALSE(read) << one.why;
    EXPECT_EQ(read.error(), one.error) << one.why;
  }
  EXPECT_TRUE(read_passport(token_of(h, c)));
}

TEST(Passport, TextsThatAreNoTokenAreRefused) {
  const auto good = token_of(shaken_header, shaken_claims);
  const std::string texts[] = {"",
                               ".",
                               "..",
                               "...",
                               "a.b.c",
                               good + ".x",
                               good + "=",
                               good.substr(0, good.rfind('.')),
                               ".." + good.substr(good.rfind('.')),
                               std::string(20'000, 'A')};
  for (const auto& text : texts)
    EXPECT_FALSE(read_passport(text)) << text.substr(0, 40);
}

TEST(IdentityHeader, IsWrittenAndReadBack) {
  const auto key = testing::make_key();
  const signer by(testing::pem_of(key.get()), url);
  const auto value = by.identity_of({attestation::partial, "12155551212", "442079460958", "id"}, issued);
  EXPECT_THAT(value, ::testing::EndsWith(std::string(";info=<") + url + ">;alg=ES256;ppt=shaken"));
  const auto read = read_identity({value});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->says.attest, attestation::partial);
  EXPECT_EQ(read->says.certificate_url, url);
  EXPECT_TRUE(is_signed_by(*read, key.get()));
}

TEST(IdentityHeader, IsReadInAnyOfItsForms) {
  const auto token = token_of(shaken_header, shaken_claims);
  const std::string info = "<https://cert.example.org/passport.cer>";
  for (const std::string& value :
       {token + ";info=" + info, token + " ; info = " + info + " ; alg=ES256 ; ppt=\"shaken\"",
        token + ";PPT=shaken;INFO=" + info, token + ";ppt=shaken;x=\"a;b\";info=" + info})
    EXPECT_TRUE(read_identity({value})) << value.substr(token.size());
}

TEST(IdentityHeader, OthersAreRefused) {
  const auto token = token_of(shaken_header, shaken_claims);
  const std::string info = ";info=<https://cert.example.org/passport.cer>";
  struct row {
    std::vector<std::string> values;
    identity_error error;
  };
  using enum identity_error;
  const row rows[] = {
      {{}, unsupported},
      {{token}, malformed},
      {{token + ";info=<https://other.example.org/passport.cer>"}, malformed},
      {{token + ";info=<http://cert.example.org/passport.cer>"}, malformed},
      {{token + info + ";alg=RS256"}, unsupported},
      {{token + info + ";ppt=div"}, unsupported},
      {{"nonsense" + info}, malformed},
      {{"nonsense" + info + ";ppt=div", "more" + info + ";ppt=shaken"}, malformed},
      {{std::string(100'000, ';')}, malformed},
  };
  for (const auto& one : rows) {
    const auto read = read_identity(one.values);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), one.error) << (one.values.empty() ? "" : one.values[0].substr(0, 60));
  }
}

TEST(IdentityHeader, TheOneOfOurKindIsFoundAmongOthers) {
  const auto token = token_of(shaken_header, shaken_claims);
  const std::string info = ";info=<https://cert.example.org/passport.cer>";
  const auto div = token_of(changed(shaken_header, "shaken", "div"), shaken_claims);
  EXPECT_TRUE(read_identity({div + info + ";ppt=div", div + info, token + info}));
}

TEST(IdentityHeader, OnlyHttpsUrlsAreCertificatesPlaces) {
  for (const char* good : {"https://a/b.pem", "HTTPS://a.example:8443/b?c=d", "https://[2001:db8::1]/b"})
    EXPECT_TRUE(is_certificate_url(good)) << good;
  for (const char* bad :
       {"", "https://", "http://a/b", "file:///etc/passwd", "https:///b", "https://user@a/b", "https://a b/c",
        "https://a/b\r\nHost: c", "https://a\\@b/c", "ftp://a/b"})
    EXPECT_FALSE(is_certificate_url(bad)) << bad;
  EXPECT_FALSE(is_certificate_url("https://a/" + std::string(600, 'b')));
}

TEST(Signer, TakesAKeyOfP256Only) {
  const auto good = testing::pem_of(testing::make_key().get());
  EXPECT_NO_THROW(signer(good, url));
  EXPECT_THROW(signer(testing::pem_of(testing::make_key("P-384").get()), url), std::invalid_argument);
  EXPECT_THROW(signer("nothing", url), std::invalid_argument);
  EXPECT_THROW(signer(good, "http://certificates.example.org/passport.pem"), std::invalid_argument);
}

TEST(Signer, DatesAreThoseOfSip) {
  EXPECT_EQ(date_header(wall_time(seconds(1'289'690'940))), "Sat, 13 Nov 2010 23:29:00 GMT");
  EXPECT_EQ(date_header(wall_time(seconds(951'827'696))), "Tue, 29 Feb 2000 12:34:56 GMT");
}

}  // namespace
}  // namespace tollgate::pstn::identity
