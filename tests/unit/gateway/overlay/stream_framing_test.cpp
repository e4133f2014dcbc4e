// SPDX-License-Identifier: Apache-2.0
// Packets out of a stream, however it is cut.
#include "gateway/overlay/stream_framing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace tollgate::gateway::overlay {
namespace {

using octets = std::vector<std::byte>;

void append(octets& stream, const octets& packet) {
  const auto length = frame_length_of(packet.size());
  stream.insert(stream.end(), length.begin(), length.end());
  stream.insert(stream.end(), packet.begin(), packet.end());
}

// Everything that the reader makes of the stream, read in pieces of at most `piece` octets.
std::vector<octets> read(frame_reader& reader, std::span<const std::byte> stream, std::size_t piece) {
  std::vector<octets> packets;
  while (!stream.empty() && !reader.broken()) {
    const auto space = reader.space();
    EXPECT_FALSE(space.empty());
    const auto size = std::min({piece, space.size(), stream.size()});
    std::copy_n(stream.begin(), size, space.begin());
    reader.fill(size);
    stream = stream.subspan(size);
    while (const auto packet = reader.next())
      packets.emplace_back(packet->begin(), packet->end());
  }
  return packets;
}

TEST(StreamFraming, PacketsComeOutWholeHoweverTheStreamIsCut) {
  std::mt19937 random(7);
  std::vector<octets> sent;
  octets stream;
  for (const std::size_t size :
       {1UL, 2UL, 20UL, 100UL, 1200UL, framed_packet_max_bytes, 3UL, framed_packet_max_bytes, 160UL}) {
    octets packet(size);
    std::generate(packet.begin(), packet.end(), [&] { return static_cast<std::byte>(random()); });
    append(stream, packet);
    sent.push_back(packet);
  }
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL, 2049UL, 2050UL, 100'000UL}) {
    frame_reader reader;
    EXPECT_EQ(sent, read(reader, stream, piece)) << piece;
    EXPECT_FALSE(reader.broken());
  }
}

TEST(StreamFraming, NullPacketsArePassedOver) {
  octets stream;
  for (int i = 0; i < 3000; ++i)
    append(stream, {});
  append(stream, octets(5, std::byte{9}));
  frame_reader reader;
  EXPECT_EQ(std::vector<octets>{octets(5, std::byte{9})}, read(reader, stream, 999));
}

TEST(StreamFraming, AnAnnouncedLengthBeyondTheLimitBreaksTheStreamAtOnce) {
  octets stream;
  append(stream, octets(4, std::byte{1}));
  const auto length = frame_length_of(framed_packet_max_bytes + 1);
  stream.insert(stream.end(), length.begin(), length.end());
  frame_reader reader;
  EXPECT_EQ(1U, read(reader, stream, 100).size());
  EXPECT_TRUE(reader.broken());
  EXPECT_FALSE(reader.next());
}

TEST(StreamFraming, AnythingAtAllIsReadWithoutHarm) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    octets stream(random() % 5000);
    std::generate(stream.begin(), stream.end(),
                  [&] { return static_cast<std::byte>(random() % (round % 2 ? 256 : 4)); });
    frame_reader reader;
    for (const auto& packet : read(reader, stream, 1 + random() % 3000)) {
      EXPECT_FALSE(packet.empty());
      EXPECT_LE(packet.size(), framed_packet_max_bytes);
    }
  }
}

}  // namespace
}  // namespace tollgate::gateway::overlay
