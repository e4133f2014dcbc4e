// SPDX-License-Identifier: Apache-2.0
// Reading and writing of RTCP (RFC 3550 §6.4 to §6.6). Free of IO.
#include "pstn/media/rtcp.hpp"

#include <algorithm>

#include "pstn/media/bytes.hpp"
#include "pstn/media/error.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr unsigned sender_report = 200;  // §12.1
constexpr unsigned receiver_report = 201;
constexpr unsigned source_description = 202;
constexpr unsigned goodbye = 203;
constexpr std::byte cname_item{1};  // §12.2

constexpr std::size_t header_bytes = 8;  // with the SSRC
constexpr std::size_t sender_bytes = 20;
constexpr std::size_t block_bytes = 24;

report_block read_block(std::span<const std::byte> in) noexcept {
  report_block block;
  block.ssrc = read_u32(in, 0);
  const std::uint32_t losses = read_u32(in, 4);
  block.fraction_lost = static_cast<std::uint8_t>(losses >> 24);
  block.cumulative_lost = static_cast<std::int32_t>(losses << 8) >> 8;  // sign of 24 bits
  block.highest_sequence = read_u32(in, 8);
  block.jitter = read_u32(in, 12);
  block.last_report = read_u32(in, 16);
  block.delay_since_report = read_u32(in, 20);
  return block;
}

void read_report(std::span<const std::byte> in, unsigned count, bool of_sender, std::uint32_t our_ssrc,
                 rtcp_contents& contents) noexcept {
  std::size_t at = header_bytes;
  contents.ssrc = read_u32(in, 4);
  if (of_sender) {
    if (in.size() < at + sender_bytes) return;
    sender_information sender;
    sender.ntp_time = static_cast<std::uint64_t>(read_u32(in, at)) << 32 | read_u32(in, at + 4);
    sender.rtp_timestamp = read_u32(in, at + 8);
    sender.packets = read_u32(in, at + 12);
    sender.bytes = read_u32(in, at + 16);
    contents.sender = sender;
    at += sender_bytes;
  }
  for (unsigned i = 0; i < count && in.size() >= at + block_bytes; ++i, at += block_bytes)
    if (read_u32(in, at) == our_ssrc) contents.about_us = read_block(in.subspan(at, block_bytes));
}

std::size_t write_description(const rtcp_report& report, std::span<std::byte> out) noexcept {
  const std::string_view cname = report.cname.substr(0, rtcp_cname_max_bytes);
  const std::size_t items = 2 + cname.size() + 1;  // at least one null ends the list
  const std::size_t length = header_bytes + (items + 3) / 4 * 4;
  std::fill_n(out.begin(), length, std::byte{0});
  out[0] = std::byte{0x81};
  out[1] = static_cast<std::byte>(source_description);
  write_u16(out, 2, static_cast<std::uint16_t>(length / 4 - 1));
  write_u32(out, 4, report.ssrc);
  out[8] = cname_item;
  out[9] = static_cast<std::byte>(cname.size());
  std::transform(cname.begin(), cname.end(), out.begin() + 10,
                 [](char c) { return static_cast<std::byte>(c); });
  return length;
}

}  // namespace

boost::system::result<rtcp_contents> parse_rtcp(std::span<const std::byte> packet,
                                                std::uint32_t our_ssrc) noexcept {
  rtcp_contents contents;
  bool any = false;
  while (!packet.empty()) {
    if (packet.size() < 4) return media_error::packet_malformed;
    const unsigned first = std::to_integer<unsigned>(packet[0]);
    const unsigned type = std::to_integer<unsigned>(packet[1]);
    const std::size_t length = 4 * (static_cast<std::size_t>(read_u16(packet, 2)) + 1);
    if (first >> 6 != 2 || length > packet.size()) return media_error::packet_malformed;
    const bool report = type == sender_report || type == receiver_report;
    if (!any && (!report || length < header_bytes))
      return media_error::packet_malformed;  // A.2: a report comes first
    any = true;
    const auto in = packet.first(length);
    if (report && length >= header_bytes)
      read_report(in, first & 0x1f, type == sender_report, our_ssrc, contents);
    if (type == goodbye) contents.goodbye = true;
    packet = packet.subspan(length);
  }
  if (!any) return media_error::packet_malformed;
  return contents;
}

std::size_t write_rtcp(const rtcp_report& report, std::span<std::byte> out) noexcept {
  std::size_t at = header_bytes;
  out[0] = static_cast<std::byte>(0x80 | (report.block ? 1 : 0));
  out[1] = static_cast<std::byte>(report.sender ? sender_report : receiver_report);
  write_u32(out, 4, report.ssrc);
  if (report.sender) {
    write_u32(out, at, static_cast<std::uint32_t>(report.sender->ntp_time >> 32));
    write_u32(out, at + 4, static_cast<std::uint32_t>(report.sender->ntp_time));
    write_u32(out, at + 8, report.sender->rtp_timestamp);
    write_u32(out, at + 12, report.sender->packets);
    write_u32(out, at + 16, report.sender->bytes);
    at += sender_bytes;
  }
  if (report.block) {
    const report_block& block = *report.block;
    write_u32(out, at, block.ssrc);
    write_u32(out, at + 4,
              static_cast<std::uint32_t>(block.fraction_lost) << 24 |
                  (static_cast<std::uint32_t>(block.cumulative_lost) & 0xffffff));
    write_u32(out, at + 8, block.highest_sequence);
    write_u32(out, at + 12, block.jitter);
    write_u32(out, at + 16, block.last_report);
    write_u32(out, at + 20, block.delay_since_report);
    at += block_bytes;
  }
  write_u16(out, 2, static_cast<std::uint16_t>(at / 4 - 1));
  at += write_description(report, out.subspan(at));
  if (report.goodbye) {
    out[at] = std::byte{0x81};
    out[at + 1] = static_cast<std::byte>(goodbye);
    write_u16(out, at + 2, 1);
    write_u32(out, at + 4, report.ssrc);
    at += header_bytes;
  }
  return at;
}

std::uint64_t to_ntp(std::chrono::steady_clock::time_point at) noexcept {
  const auto nanoseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
  constexpr std::uint64_t second = 1'000'000'000;
  // Never 0, which in LSR says "no report yet".
  return (nanoseconds / second + 1) << 32 | ((nanoseconds % second) << 32) / second;
}

std::optional<std::chrono::microseconds> round_trip(
    const report_block& block, std::chrono::steady_clock::time_point arrived_at) noexcept {
  if (block.last_report == 0) return std::nullopt;
  const std::uint32_t passed =
      middle_of_ntp(to_ntp(arrived_at)) - block.last_report - block.delay_since_report;
  if (passed >= 0x80000000u) {
    // Rounding alone may make it negative by a few units on a loopback.
    if (passed < 0xffffff00u) return std::nullopt;
    return std::chrono::microseconds(0);
  }
  return std::chrono::microseconds(static_cast<std::int64_t>(passed) * 1'000'000 / 65536);
}

}  // namespace tollgate::pstn::media
