// SPDX-License-Identifier: Apache-2.0
// SRTP between two ends, and against those who have no key.
#include "pstn/media/srtp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "pstn/media/error.hpp"
#include "pstn/media/rtcp.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media {
namespace {

std::vector<std::byte> key_of(int seed, srtp_profile profile) {
  std::vector<std::byte> key(srtp_key_bytes(profile));
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(seed * 31 + static_cast<int>(i) * 7);
  return key;
}

std::vector<std::byte> packet_of(std::uint16_t number, std::uint32_t ssrc) {
  std::vector<std::byte> packet(rtp_header_bytes + 80, std::byte{0x55});
  write_rtp_header({false, 111, number, number * 960u, ssrc}, std::span(packet).first<rtp_header_bytes>());
  return packet;
}

std::vector<std::byte> protected_by(srtp_session& session, std::vector<std::byte> packet) {
  const std::size_t length = packet.size();
  packet.resize(length + srtp_overhead_bytes);
  packet.resize(session.protect_rtp(packet, length).value());
  return packet;
}

class Srtp : public testing::TestWithParam<srtp_profile> {
 protected:
  srtp_session ours = srtp_session::make(GetParam(), key_of(1, GetParam()), key_of(2, GetParam())).value();
  srtp_session theirs = srtp_session::make(GetParam(), key_of(2, GetParam()), key_of(1, GetParam())).value();
};

TEST_P(Srtp, CarriesPacketsAndRefusesReplaysAndChanges) {
  const auto plain = packet_of(5, 99);
  const auto secret = protected_by(ours, plain);
  EXPECT_GT(secret.size(), plain.size());
  EXPECT_FALSE(std::equal(plain.begin() + 12, plain.end(), secret.begin() + 12));
  auto changed = secret;
  changed[20] ^= std::byte{1};
  EXPECT_EQ(theirs.unprotect_rtp(changed).error(), make_error_code(media_error::srtp_refused));
  auto opened = secret;
  const auto length = theirs.unprotect_rtp(opened);
  ASSERT_TRUE(length.has_value());
  opened.resize(*length);
  EXPECT_EQ(opened, plain);
  auto again = secret;
  EXPECT_EQ(theirs.unprotect_rtp(again).error(), make_error_code(media_error::srtp_replayed));
}

TEST_P(Srtp, CarriesReports) {
  std::array<std::byte, rtcp_packet_max_bytes> packet{};
  const std::size_t length = write_rtcp({7, "name", {}, {}, true}, packet);
  const std::size_t secret = ours.protect_rtcp(packet, length).value();
  const auto opened = theirs.unprotect_rtcp(std::span(packet).first(secret));
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(parse_rtcp(std::span(packet).first(*opened), 0)->goodbye);
}

TEST_P(Srtp, BoundsTheStreamsOfAFarEnd) {
  for (std::uint32_t ssrc = 1; ssrc <= srtp_streams_max + 1; ++ssrc) {
    auto secret = protected_by(ours, packet_of(1, ssrc));
    EXPECT_EQ(theirs.unprotect_rtp(secret).has_value(), ssrc <= srtp_streams_max);
  }
}

TEST_P(Srtp, RefusesWhatIsNoPacket) {
  std::array<std::byte, 100> packet{};
  EXPECT_TRUE(theirs.unprotect_rtp(std::span(packet).first(5)).has_error());
  EXPECT_TRUE(theirs.unprotect_rtcp(std::span(packet).first(7)).has_error());
  EXPECT_TRUE(theirs.unprotect_rtp(packet).has_error());
  EXPECT_EQ(ours.protect_rtp(packet, 80).error(), make_error_code(media_error::packet_malformed));
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, Srtp, testing::Values(srtp_profile::aead_aes_256_gcm, srtp_profile::aes_cm_128_hmac_sha1_80),
    [](const testing::TestParamInfo<srtp_profile>& of) { return std::string(to_string(of.param)); });

TEST(SrtpKeys, OfTheWrongSizeAreRefused) {
  const auto profile = srtp_profile::aead_aes_256_gcm;
  auto key = key_of(1, profile);
  key.pop_back();
  EXPECT_EQ(srtp_session::make(profile, key, key_of(2, profile)).error(),
            make_error_code(media_error::srtp_key_invalid));
}

}  // namespace
}  // namespace tollgate::pstn::media
