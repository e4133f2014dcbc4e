// SPDX-License-Identifier: Apache-2.0
// AEAD_AES_256_GCM against libsrtp2, which knows nothing of ours: both ways, for any header, over the
// roll-over of sequence numbers, out of order, and at the limits.
#include "pstn/media/srtp_gcm.hpp"

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <random>
#include <vector>

#include "pstn/media/bytes.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/srtp.hpp"

namespace tollgate::pstn::media {
namespace {

using bytes = std::vector<std::byte>;

bytes random_bytes(std::mt19937& random, std::size_t count) {
  bytes made(count);
  std::generate(made.begin(), made.end(), [&random] { return static_cast<std::byte>(random()); });
  return made;
}

// Somebody else's end of the association.
class other_end {
 public:
  other_end(const bytes& local, const bytes& remote)
      : out_(make(local, ssrc_any_outbound)), in_(make(remote, ssrc_any_inbound)) {}
  ~other_end() {
    srtp_dealloc(out_);
    srtp_dealloc(in_);
  }
  other_end(const other_end&) = delete;
  other_end& operator=(const other_end&) = delete;

  bytes protect(bytes packet, bool rtcp) {
    return run(rtcp ? srtp_protect_rtcp : srtp_protect, out_, packet);
  }
  bytes unprotect(bytes packet, bool rtcp) {  // empty: refused
    return run(rtcp ? srtp_unprotect_rtcp : srtp_unprotect, in_, packet);
  }

 private:
  static srtp_t make(const bytes& key, srtp_ssrc_type_t direction) {
    // The library may be set up once only, and that is done for the profile that it carries for us.
    const bytes other(srtp_key_bytes(srtp_profile::aes_cm_128_hmac_sha1_80));
    static const bool ready =
        srtp_session::make(srtp_profile::aes_cm_128_hmac_sha1_80, other, other).has_value();
    EXPECT_TRUE(ready);
    bytes copy = key;
    srtp_policy_t policy{};
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
    policy.ssrc.type = direction;
    policy.key = reinterpret_cast<unsigned char*>(copy.data());
    policy.window_size = 1024;
    srtp_t made = nullptr;
    EXPECT_EQ(srtp_create(&made, &policy), srtp_err_status_ok);
    return made;
  }
  static bytes run(srtp_err_status_t (*transform)(srtp_t, void*, int*), srtp_t with, bytes& packet) {
    int length = static_cast<int>(packet.size());
    packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
    if (transform(with, packet.data(), &length) != srtp_err_status_ok) return {};
    packet.resize(static_cast<std::size_t>(length));
    return std::move(packet);
  }

  srtp_t out_, in_;
};

bytes rtp(std::mt19937& random, std::uint16_t number, std::uint32_t ssrc) {
  const unsigned sources = random() % 4, words = random() % 3;
  const bool extension = random() % 2 != 0;
  bytes packet = random_bytes(random, 12 + 4 * sources + (extension ? 4 + 4 * words : 0) + random() % 300);
  packet[0] = static_cast<std::byte>(0x80 | (extension ? 0x10 : 0) | sources);
  packet[1] = std::byte{111};
  write_u16(packet, 2, number);
  write_u32(packet, 8, ssrc);
  if (extension) {
    write_u16(packet, 12 + 4 * sources, 0xabcd);
    write_u16(packet, 14 + 4 * sources, static_cast<std::uint16_t>(words));
  }
  return packet;
}

bytes rtcp(std::mt19937& random, std::uint32_t ssrc) {
  bytes packet = random_bytes(random, 8 + 4 * (random() % 20));
  packet[0] = std::byte{0x80};
  packet[1] = std::byte{201};
  write_u32(packet, 4, ssrc);
  return packet;
}

class SrtpGcm : public testing::Test {
 protected:
  std::mt19937 random{17};
  bytes ours = random_bytes(random, 44), theirs = random_bytes(random, 44);
  srtp_gcm here = srtp_gcm::make(ours, theirs).value();
  other_end there{theirs, ours};

  bytes protect(bytes packet, bool control) {  // empty: refused
    const std::size_t length = packet.size();
    packet.resize(length + srtp_overhead_bytes);
    const auto size = control ? here.protect_rtcp(packet, length) : here.protect_rtp(packet, length);
    packet.resize(size ? *size : 0);
    return packet;
  }
  boost::system::result<bytes> unprotect(bytes packet, bool control) {
    const auto size = control ? here.unprotect_rtcp(packet) : here.unprotect_rtp(packet);
    if (!size) return size.error();
    packet.resize(*size);
    return packet;
  }
};

TEST_F(SrtpGcm, IsUnderstoodByLibsrtpAndUnderstandsIt) {
  for (std::uint32_t i = 0; i < 500; ++i) {
    const std::uint32_t ssrc = 0x11110000 + i % 3;
    const auto number = static_cast<std::uint16_t>(65'400 + i);
    const bytes plain = rtp(random, number, ssrc), report = rtcp(random, ssrc);
    EXPECT_EQ(there.unprotect(protect(plain, false), false), plain);
    EXPECT_EQ(unprotect(there.protect(plain, false), false).value(), plain);
    EXPECT_EQ(there.unprotect(protect(report, true), true), report);
    EXPECT_EQ(unprotect(there.protect(report, true), true).value(), report);
  }
}

// Three times around, in any order within a window, with losses: both say the same of every packet.
TEST_F(SrtpGcm, FollowsTheRollOverOfSequenceNumbersOutOfOrder) {
  other_end sender{ours, theirs}, listener{theirs, ours};
  srtp_gcm judged = srtp_gcm::make(theirs, ours).value();
  std::vector<bytes> late;
  std::size_t taken = 0;
  const auto offer = [&](const bytes& secret) {
    bytes copy = secret;
    const auto size = judged.unprotect_rtp(copy);
    const bytes expected = listener.unprotect(secret, false);
    ASSERT_EQ(size.has_value(), !expected.empty());
    if (!size) return;
    copy.resize(*size);
    ASSERT_EQ(copy, expected);
    ++taken;
  };
  for (std::uint32_t i = 0; i < 3 * 65'536; i += 1 + random() % 400) {
    bytes secret = sender.protect(rtp(random, static_cast<std::uint16_t>(i), 5), false);
    if (secret.empty()) continue;
    if (random() % 4 == 0)
      late.push_back(secret);
    else
      offer(secret);
    if (random() % 5 == 0) offer(secret);  // or once more
    if (late.size() > 2) {
      offer(late.front());
      late.erase(late.begin());
    }
  }
  EXPECT_GT(taken, 700u);
}

TEST_F(SrtpGcm, NeverUsesANumberTwice) {
  const bytes plain = rtp(random, 7, 1);
  EXPECT_FALSE(protect(plain, false).empty());
  EXPECT_TRUE(protect(plain, false).empty());
  EXPECT_FALSE(protect(rtp(random, 9, 1), false).empty());
  EXPECT_FALSE(protect(rtp(random, 8, 1), false).empty());  // out of order is fine
  EXPECT_TRUE(protect(rtp(random, 8, 1), false).empty());
}

TEST_F(SrtpGcm, RefusesChangesReplaysAndWhatIsTooShort) {
  for (const bool control : {false, true}) {
    const bytes secret = there.protect(control ? rtcp(random, 3) : rtp(random, 1000, 3), control);
    for (std::size_t at = 0; at < secret.size(); ++at) {  // a bit anywhere
      bytes changed = secret;
      changed[at] ^= std::byte{1};
      EXPECT_TRUE(unprotect(changed, control).has_error()) << at;
    }
    for (std::size_t length = 0; length < secret.size(); ++length)
      EXPECT_TRUE(unprotect({secret.begin(), secret.begin() + static_cast<std::ptrdiff_t>(length)}, control)
                      .has_error());
    EXPECT_TRUE(unprotect(secret, control).has_value());
    EXPECT_EQ(unprotect(secret, control).error(), make_error_code(media_error::srtp_replayed));
  }
}

TEST_F(SrtpGcm, RefusesReportsInTheClear) {
  bytes secret = there.protect(rtcp(random, 3), true);
  secret[secret.size() - 4] &= std::byte{0x7f};
  EXPECT_EQ(unprotect(secret, true).error(), make_error_code(media_error::srtp_refused));
}

TEST(SrtpWindow, ForgetsWhatIsTooOld) {
  srtp_window window;
  EXPECT_EQ(window.estimate(65'535), 65'535u);
  window.note(65'535);
  EXPECT_EQ(window.estimate(0), 65'536u);
  window.note(65'536);
  EXPECT_EQ(window.estimate(65'534), 65'534u);
  EXPECT_TRUE(window.fresh(65'534));
  EXPECT_FALSE(window.fresh(65'535));
  window.note(65'536 + 1023);
  EXPECT_FALSE(window.fresh(65'536));
  EXPECT_TRUE(window.fresh(65'537));
  window.note(65'536 + 1024);
  EXPECT_FALSE(window.fresh(65'536));  // fell out of the list
  EXPECT_TRUE(window.fresh(65'537));
  window.note(65'536 + 5000);  // a leap over all of the list
  EXPECT_TRUE(window.fresh(65'536 + 4999));
  EXPECT_FALSE(window.fresh(65'536 + 5000));
}

}  // namespace
}  // namespace tollgate::pstn::media
