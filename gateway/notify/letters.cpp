// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/letters.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdio>

namespace tollgate::gateway::notify {
namespace {

constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string length_of(std::chrono::milliseconds duration) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(duration).count();
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld", static_cast<long long>(seconds / 60),
                static_cast<long long>(seconds % 60));
  return text.data();
}

std::string rfc3339(wall_time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::milliseconds>(at - day)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02lld:%02lld:%02lld.%03lldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<long long>(time.hours().count()), static_cast<long long>(time.minutes().count()),
                static_cast<long long>(time.seconds().count()), static_cast<long long>(time.subseconds().count()));
  return text.data();
}

// "+442079460958, unverified": what nobody vouches for is told as that.
std::string caller_of(const voicemail::message& about) {
  if (about.caller.empty()) return "an unknown number";
  return about.caller_verified() ? about.caller : about.caller + ", unverified";
}

// " (Bob)", on one line: names are the caller's own words.
std::string name_of(const voicemail::message& about) {
  if (about.caller_name.empty()) return {};
  auto name = about.caller_name;
  std::replace_if(name.begin(), name.end(), [](char one) { return static_cast<unsigned char>(one) < 0x20 || one == 0x7f; }, ' ');
  return " (" + name + ")";
}

std::string id_of(const voicemail::notification& one) {
  return boost::uuids::to_string(one.message_id);
}

}  // namespace

std::string mail_date(wall_time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02lld:%02lld:%02lld +0000",
                days.at(std::chrono::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
                months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                static_cast<long long>(time.hours().count()), static_cast<long long>(time.minutes().count()),
                static_cast<long long>(time.seconds().count()));
  return text.data();
}

letter letter_of(const voicemail::notification& one, const std::string& sender, std::optional<std::vector<std::byte>> audio,
                 wall_time now) {
  const auto& about = *one.about;
  const auto caller = caller_of(about);
  const auto domain = sender.substr(sender.find('@') + 1);
  letter made;
  made.to = one.target.address;
  made.headers = {"Date: " + mail_date(now),
                  "Message-ID: <voicemail." + id_of(one) + "@" + domain + ">",
                  "Subject: Voice message from " + caller + " (" + length_of(about.duration) + ")",
                  "Auto-Submitted: auto-generated"};  // RFC 3834 §5: no vacation answers to it
  if (about.urgent) made.headers.emplace_back("Importance: high");
  made.text = "Voice message of " + length_of(about.duration) + " from " + caller + name_of(about) + "\r\nto " + about.called + "\r\nat " +
              mail_date(about.received_at) + (about.urgent ? "\r\nmarked as urgent" : "") + "\r\n\r\nMessages in your mailbox: " +
              std::to_string(one.counts.unread) + " new, " + std::to_string(one.counts.saved) + " saved.\r\n";
  if (audio) made.attached = {"message-" + id_of(one) + ".ogg", "audio/ogg", std::move(*audio)};
  return made;
}

std::string webhook_body(const voicemail::notification& one) {
  const auto& about = *one.about;
  return boost::json::serialize(boost::json::object{
      {"id", id_of(one)},
      {"event", "voicemail.new"},
      {"account_id", boost::uuids::to_string(one.account_id)},
      {"message",
       {{"id", boost::uuids::to_string(about.message_id)},
        {"call_id", boost::uuids::to_string(about.call_id)},
        {"caller", about.caller},
        {"caller_name", about.caller_name},
        {"caller_verdict", about.caller_verdict},
        {"called", about.called},
        {"received_at", rfc3339(about.received_at)},
        {"duration_ms", about.duration.count()},
        {"size_bytes", about.size_bytes},
        {"sha256", about.sha256},
        {"urgent", about.urgent}}},
      {"counts", {{"new", one.counts.unread}, {"saved", one.counts.saved}}}});
}

std::string message_summary(const voicemail::message_counts& counts, const std::string& account) {
  return std::string("Messages-Waiting: ") + (counts.unread > 0 ? "yes" : "no") + "\r\nMessage-Account: " + account +
         "\r\nVoice-Message: " + std::to_string(counts.unread) + "/" + std::to_string(counts.saved) + "\r\n";
}

}  // namespace tollgate::gateway::notify
