// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/sdes.hpp"

#include <gtest/gtest.h>

#include <string>

#include "pstn/sip/offer_answer.hpp"

namespace tollgate::pstn::sip {
namespace {

using media::srtp_profile;

// RFC 4568 §6.1 and §10.
const std::string rfc_key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

TEST(Sdes, ReadsWhatIsPublished) {
  const auto one = parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + rfc_key + "|2^20");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->tag, 1U);
  EXPECT_EQ(one->suite, srtp_profile::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(one->key.size(), 30U);
  EXPECT_EQ(to_string(*one), "1 AES_CM_128_HMAC_SHA1_80 inline:" + rfc_key);
}

TEST(Sdes, PassesOverWhatItCannotKeepTo) {
  struct row {
    const char* what;
    std::string value;
    bool usable;
  };
  const std::string suite = " AES_CM_128_HMAC_SHA1_80 inline:";
  const std::string long_key = std::string(58, 'A') + "A=";
  const row rows[] = {
      {"plain", "1" + suite + rfc_key, true},
      {"lifetime", "1" + suite + rfc_key + "|1048576", true},
      {"hint", "1" + suite + rfc_key + " -KDR=3", true},
      {"window", "1" + suite + rfc_key + " WSH=128", true},
      {"GCM", "2 AEAD_AES_256_GCM inline:" + long_key, true},
      {"GCM without padding", "2 AEAD_AES_256_GCM inline:" + long_key.substr(0, 59), true},
      {"MKI", "1" + suite + rfc_key + "|2^20|1:4", false},
      {"MKI alone", "1" + suite + rfc_key + "|1:4", false},
      {"two keys", "1" + suite + rfc_key + ";inline:" + rfc_key, false},
      {"unencrypted", "1" + suite + rfc_key + " UNENCRYPTED_SRTP", false},
      {"unauthenticated", "1" + suite + rfc_key + " UNAUTHENTICATED_SRTP", false},
      {"derivation", "1" + suite + rfc_key + " KDR=3", false},
      {"short key", "1" + suite + rfc_key.substr(4), false},
      {"long key", "1" + suite + rfc_key + "AAAA", false},
      {"no base64", "1" + suite + "!" + rfc_key.substr(1), false},
      {"another suite", "1 AES_CM_128_HMAC_SHA1_32 inline:" + rfc_key, false},
      {"another method", "1 AES_CM_128_HMAC_SHA1_80 uri:" + rfc_key, false},
      {"no tag", "x" + suite + rfc_key, false},
      {"nothing", "", false},
  };
  for (const row& one : rows)
    EXPECT_EQ(parse_crypto(one.value).has_value(), one.usable) << one.what;
}

local_media ours(media_security security) {
  local_media out;
  out.address = "192.0.2.10";
  out.port = 20000;
  out.codecs = {media::default_description(media::codec_id::pcma)};
  out.security = security;
  return out;
}

TEST(Sdes, TwoEndsAgree) {
  struct row {
    media_security caller, called;
    const char* protocol;  // of the offer
    bool agree, encrypted;
  };
  using enum media_security;
  const row rows[] = {
      {required, required, "RTP/SAVP", true, true}, {required, optional, "RTP/SAVP", true, true},
      {required, off, "RTP/SAVP", false, false},    {optional, required, "RTP/AVP", true, true},
      {optional, optional, "RTP/AVP", true, true},  {optional, off, "RTP/AVP", true, false},
      {off, required, "RTP/AVP", false, false},     {off, optional, "RTP/AVP", true, false},
      {off, off, "RTP/AVP", true, false},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(std::to_string(static_cast<int>(one.caller)) + " calls " +
                 std::to_string(static_cast<int>(one.called)));
    const std::string offer = make_offer(ours(one.caller));
    EXPECT_NE(offer.find(std::string("m=audio 20000 ") + one.protocol + " 8"), std::string::npos) << offer;
    const auto called = answer_offer(offer, ours(one.called));
    ASSERT_EQ(called.has_value(), one.agree);
    if (!called) continue;
    const auto caller = accept_answer(offer, called->sdp);
    ASSERT_TRUE(caller);
    ASSERT_EQ(caller->srtp.has_value(), one.encrypted);
    ASSERT_EQ(called->agreed.srtp.has_value(), one.encrypted);
    if (!one.encrypted) continue;
    EXPECT_EQ(caller->srtp->suite, srtp_profile::aead_aes_256_gcm);  // the stronger one is offered first
    EXPECT_EQ(caller->srtp->local, called->agreed.srtp->remote);
    EXPECT_EQ(caller->srtp->remote, called->agreed.srtp->local);
    EXPECT_NE(caller->srtp->local, caller->srtp->remote);
  }
}

std::string offer_of(const std::string& protocol, const std::string& crypto) {
  return "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 " +
         protocol + " 8\r\n" + crypto;
}

TEST(Sdes, TheFirstUsableKeyIsAnsweredByItsTag) {
  const auto answered = answer_offer(
      offer_of("RTP/SAVP", "a=crypto:3 F8_128_HMAC_SHA1_80 inline:" + rfc_key +
                               "\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" + rfc_key + "\r\n"),
      ours(media_security::required));
  ASSERT_TRUE(answered);
  EXPECT_NE(answered->sdp.find("RTP/SAVP 8\r\n"), std::string::npos);
  EXPECT_NE(answered->sdp.find("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:"), std::string::npos);
  EXPECT_EQ(answered->sdp.find(rfc_key), std::string::npos);  // ours is another one
}

TEST(Sdes, WhatIsNotEncryptedIsRefusedWhereItMustBe) {
  EXPECT_EQ(answer_offer(offer_of("RTP/AVP", ""), ours(media_security::required)).error(),
            make_error_code(sdp_error::not_encrypted));
  EXPECT_EQ(answer_offer(offer_of("RTP/SAVP", ""), ours(media_security::optional)).error(),
            make_error_code(sdp_error::not_encrypted));
  EXPECT_EQ(
      answer_offer(offer_of("RTP/SAVP", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + rfc_key + "\r\n"),
                   ours(media_security::off))
          .error(),
      make_error_code(sdp_error::unsupported_transport));
  // A called end that drops the keys of our offer, or invents a tag.
  const std::string offer = make_offer(ours(media_security::required));
  EXPECT_FALSE(accept_answer(offer, offer_of("RTP/AVP", "")));
  EXPECT_FALSE(accept_answer(
      offer, offer_of("RTP/SAVP", "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:" + rfc_key + "\r\n")));
}

TEST(Sdes, OurKeyGoesOnThroughTheDialog) {
  const std::string offer = make_offer(ours(media_security::required));
  auto called = ours(media_security::required);
  const auto first = answer_offer(offer, called);
  ASSERT_TRUE(first);
  called.keys = first->agreed.srtp;
  const auto again = answer_offer(offer, called);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->agreed.srtp, first->agreed.srtp);
  // And where it is our turn to offer.
  const auto reoffer = media::parse_session_description(make_offer(called));
  ASSERT_TRUE(reoffer);
  EXPECT_EQ(cryptos_of(reoffer->media.front()).front().key, first->agreed.srtp->local);
}

}  // namespace
}  // namespace tollgate::pstn::sip
