// SPDX-License-Identifier: Apache-2.0
// Bad packets on the ports of a live call: each kind is counted for what it is, and both ends go on hearing
// each other.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "pstn/media/rtp.hpp"
#include "synthetic_calls.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
using test::synthetic_call;
using tollgate::bench::udp_port;
using octets = std::vector<unsigned char>;
using std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t flood = 100'000;
#else
constexpr std::uint64_t flood = 1'000'000;
#endif

octets rtp(std::uint8_t payload_type, std::uint32_t ssrc, std::size_t payload_bytes) {
  octets packet(tollgate::pstn::media::rtp_header_bytes + payload_bytes, 0x2a);
  tollgate::pstn::media::write_rtp_header(
      {false, payload_type, 7, 8, ssrc},
      std::as_writable_bytes(std::span(packet)).first<tollgate::pstn::media::rtp_header_bytes>());
  return packet;
}

struct row {
  const char* name;
  bool overlay;  // else the trunk
  bad_packet reason;
  void (*send)(synthetic_call& call, udp_port& stranger);
};

const std::vector<row> rows{
    {"trunk_rtp_of_a_stranger", false, bad_packet::foreign_address,
     [](synthetic_call&, udp_port& stranger) { stranger.send(rtp(8, 0x7472756e, 160)); }},
    {"trunk_rtp_of_another_ssrc", false, bad_packet::wrong_ssrc,
     [](synthetic_call& call, udp_port&) { call.far().trunk.send(rtp(8, 4711, 160)); }},
    {"trunk_header_cut_short", false, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) {
       call.far().trunk.send(std::span<const unsigned char>(rtp(8, 0x7472756e, 0)).first(11));
     }},
    {"trunk_one_octet", false, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) { call.far().trunk.send(octets{0x80}); }},
    {"trunk_unknown_payload_type", false, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) { call.far().trunk.send(rtp(77, 0x7472756e, 160)); }},
    {"trunk_no_rtp", false, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) { call.far().trunk.send(octets(172, 0x15)); }},
    {"trunk_oversized", false, bad_packet::oversized,
     [](synthetic_call& call, udp_port&) { call.far().trunk.send(rtp(8, 0x7472756e, 9'000)); }},
    {"overlay_rtp_of_a_stranger", true, bad_packet::foreign_address,
     [](synthetic_call& call, udp_port& stranger) { stranger.send(call.latest_protected()); }},
    {"overlay_check_for_no_call", true, bad_packet::foreign_address,
     [](synthetic_call&, udp_port& stranger) {
       octets stun(20, 0);
       stun[1] = 1;
       const unsigned char cookie[] = {0x21, 0x12, 0xa4, 0x42};
       std::memcpy(stun.data() + 4, cookie, sizeof cookie);
       stranger.send(stun);
     }},
    {"overlay_replay", true, bad_packet::srtp_replay,
     [](synthetic_call& call, udp_port&) { call.far().peer.send(call.latest_protected()); }},
    {"overlay_forged", true, bad_packet::srtp_authentication,
     [](synthetic_call& call, udp_port&) {
       octets packet(call.latest_protected().begin(), call.latest_protected().end());
       ++packet[3];          // a sequence number that was not used yet
       packet.back() ^= 1U;  // of the tag
       call.far().peer.send(packet);
     }},
    {"overlay_nothing_known", true, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) { call.far().peer.send(octets(100, 0xff)); }},
    {"overlay_one_octet", true, bad_packet::malformed,
     [](synthetic_call& call, udp_port&) { call.far().peer.send(octets{0x80}); }},
    {"overlay_oversized", true, bad_packet::oversized,
     [](synthetic_call& call, udp_port&) { call.far().peer.send(octets(9'000, 0x80)); }},
};

std::uint64_t count(const media_figures& figures, bool overlay, bad_packet reason) {
  return (overlay ? figures.overlay : figures.trunk).refused[static_cast<std::size_t>(reason)];
}

std::uint64_t all(const media_figures& figures) {
  std::uint64_t sum = 0;
  for (const auto* side : {&figures.overlay, &figures.trunk})
    for (const auto each : side->refused)
      sum += each;
  return sum;
}

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(calls_.add(true));
    ASSERT_EQ(0U, calls_.connect());
    calls_.run(1s);
  }
  synthetic_call& call() { return *calls_.calls().front(); }
  udp_port& stranger(bool overlay) {
    auto& chosen = overlay ? overlay_stranger_ : trunk_stranger_;
    chosen.connect(overlay ? call().overlay_port() : call().trunk_port());
    return chosen;
  }
  struct moment {
    test::heard peer, trunk;
    std::uint64_t frames;
  };
  moment now() { return {call().peer(), call().trunk(), call().sent()}; }
  // Both far ends have heard at least this share of the other's frames since `before`: a machine under load
  // costs some.
  void expect_heard(const moment& before, double share, const char* what) {
    const moment after = now();
    const double least = share * static_cast<double>(after.frames - before.frames);
    EXPECT_GE(static_cast<double>(after.peer.frames_right - before.peer.frames_right), least)
        << what << ": peer, of " << after.peer.packets - before.peer.packets << " packets";
    EXPECT_GE(static_cast<double>(after.trunk.frames_right - before.trunk.frames_right), least)
        << what << ": trunk, of " << after.trunk.packets - before.trunk.packets << " packets";
  }
  // The call goes on until so many bad packets are counted, or there is no hope for that.
  void run_until(std::uint64_t counted) {
    for (int frames = 0; all(calls_.engine().figures()) < counted && frames < 500; ++frames)
      calls_.run(20ms);
  }

  test::synthetic_calls calls_{1};
  udp_port overlay_stranger_, trunk_stranger_;
};

TEST_F(BadInput, EachKindIsCountedAndHeardByNobody) {
  const moment begin = now();
  for (const row& each : rows) {
    const auto before = calls_.engine().figures();
    const moment row_begin = now();
    std::uint64_t sent = 0;
    calls_.run(400ms, [&] {
      for (int i = 0; i < 5; ++i, ++sent)
        each.send(call(), stranger(each.overlay));
    });
    run_until(all(before) + sent);
    calls_.run(60ms);  // for what would be too much
    const auto after = calls_.engine().figures();
    EXPECT_EQ(sent, count(after, each.overlay, each.reason) - count(before, each.overlay, each.reason))
        << each.name;
    EXPECT_EQ(sent, all(after) - all(before)) << each.name << " was counted as something else as well";
    expect_heard(row_begin, 0.5, each.name);
  }
  expect_heard(begin, 0.9, "all of it");
}

// As many as the worker takes: each burst waits until the one before is counted, so that the kernel has room
// for all of them, and for the call's own packets.
TEST_F(BadInput, AFloodLeavesTheCallUntouched) {
  constexpr std::uint64_t burst = 100;
  const auto before = calls_.engine().figures();
  const moment begin = now();
  const octets foreign = rtp(8, 0x7472756e, 160), other_ssrc = rtp(8, 4711, 160);
  const octets replayed(call().latest_protected().begin(), call().latest_protected().end());
  auto &trunk_side = stranger(false), &overlay_side = stranger(true);
  std::uint64_t sent = 0;
  const auto counted = [&] { return all(calls_.engine().figures()) - all(before); };
  const auto send_burst = [&] {
    for (const auto end = sent + burst; sent < end; ++sent)
      switch (sent % 5) {
        case 0:
        case 1:
          trunk_side.send(foreign);
          break;
        case 2:
          overlay_side.send(foreign);
          break;
        case 3:
          call().far().trunk.send(other_ssrc);
          break;
        case 4:
          call().far().peer.send(replayed);
      }
  };
  const auto half_a_frame = [&] {
    for (const auto end = steady_clock::now() + 10ms; steady_clock::now() < end && sent < flood;)
      if (counted() == sent)
        send_burst();
      else
        std::this_thread::yield();
  };
  const auto patience = steady_clock::now() + 150s;
  while (sent < flood && steady_clock::now() < patience)
    calls_.run(100ms, half_a_frame);
  run_until(all(before) + sent);
  const auto after = calls_.engine().figures();
  EXPECT_EQ(flood, sent) << "packets are lost: " << counted() << " were counted";
  expect_heard(begin, 0.9, "flood");
  const auto more = [&](bool overlay, bad_packet reason) {
    return count(after, overlay, reason) - count(before, overlay, reason);
  };
  EXPECT_EQ(sent / 5 * 2, more(false, bad_packet::foreign_address));
  EXPECT_EQ(sent / 5, more(true, bad_packet::foreign_address));
  EXPECT_EQ(sent / 5, more(false, bad_packet::wrong_ssrc));
  EXPECT_EQ(sent / 5, more(true, bad_packet::srtp_replay));
}

}  // namespace
