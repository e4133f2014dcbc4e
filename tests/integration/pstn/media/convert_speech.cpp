// SPDX-License-Identifier: Apache-2.0
// convert_speech encode|decode <encoding name>: from standard input to standard output, 16-bit samples at the
// rate of the codec's voice on one side, payloads of 20 ms one after the other on the other side.
#include <array>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "pstn/media/codec.hpp"

using namespace tollgate::pstn::media;

namespace {

template <class Element>
std::vector<Element> read_all() {
  std::vector<Element> all;
  std::array<Element, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), sizeof(Element), part.size(), stdin))
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
  return all;
}

template <class Element>
void write(std::span<const Element> elements) {
  std::fwrite(elements.data(), sizeof(Element), elements.size(), stdout);
}

}  // namespace

int main(int count, char** words) {
  const auto id = count == 3 ? find_codec(words[2]) : std::nullopt;
  if (!id) return 2;
  const int rate_hz = voice_rate_hz(*id);
  const auto frame_samples = static_cast<std::size_t>(rate_hz / 50);
  auto coder = make_encoder(default_description(*id), rate_hz).value();
  std::array<std::byte, payload_max_bytes> payload{};
  std::vector<std::int16_t> frame(frame_samples);
  if (std::string_view(words[1]) == "encode") {
    const auto samples = read_all<std::int16_t>();
    for (std::size_t at = 0; at + frame_samples <= samples.size(); at += frame_samples)
      write(std::span<const std::byte>(payload).first(
          coder->encode(std::span(samples).subspan(at, frame_samples), payload)));
    return 0;
  }
  const std::size_t frame_bytes = coder->encode(frame, payload);  // all of these have frames of one length
  auto back = make_decoder(default_description(*id), rate_hz).value();
  const auto bytes = read_all<std::byte>();
  for (std::size_t at = 0; at + frame_bytes <= bytes.size(); at += frame_bytes) {
    if (back->decode(127, std::span(bytes).subspan(at, frame_bytes), frame) != frame_samples) return 1;
    write(std::span<const std::int16_t>(frame));
  }
  return 0;
}
