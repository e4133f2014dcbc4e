// SPDX-License-Identifier: Apache-2.0
// Lines of the log in both forms: readers take them apart into what was told, and nobody from outside adds to them.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <random>
#include <sstream>

#include "gateway/logging/line.hpp"
#include "gateway/logging/line_formatter.hpp"

namespace tollgate::gateway::logging {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// The bytes that a message becomes.
std::string written(line_format form, const std::string& message) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger.set_formatter(std::make_unique<line_formatter>(form));
  logger.info("{}", message);
  return out.str();
}

bool is_one_printable_line(const std::string& bytes) {
  if (bytes.empty() || bytes.back() != '\n') return false;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
    if (static_cast<unsigned char>(bytes[i]) < 0x20 || bytes[i] == 0x7F) return false;
  return true;
}

std::string value_in_logfmt(const std::string& line, const std::string& key) {
  const auto pairs = parse(std::string_view(line).substr(0, line.size() - 1));
  if (!pairs) return "no pairs: " + line;
  for (const pair& each : *pairs)
    if (each.key == key) return each.value;
  return "no " + key;
}

std::string value_in_json(const std::string& line, const std::string& key) {
  return std::string(boost::json::parse(line).at(key).as_string());
}

TEST(LogLine, HasTimeLevelEventAndTheKeysInBothForms) {
  const std::string message = "event=call_ended call_id=0190a0b0-0000-7000-8000-00000000ca44 reason=" + text("no answer") +
                              " talk_ms=1500 cpu_share=0.25 kept=true sip_code=" + text("486");
  EXPECT_THAT(written(line_format::logfmt, message),
              MatchesRegex("time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=info event=call_ended "
                           "call_id=0190a0b0-0000-7000-8000-00000000ca44 reason=\"no answer\" talk_ms=1500 cpu_share=0.25 "
                           "kept=true sip_code=\"486\"\n"));
  const auto object = boost::json::parse(written(line_format::json, message)).as_object();
  EXPECT_THAT(std::string(object.at("time").as_string()), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z"));
  EXPECT_EQ(object.at("level").as_string(), "info");
  EXPECT_EQ(object.at("event").as_string(), "call_ended");
  EXPECT_EQ(object.at("call_id").as_string(), "0190a0b0-0000-7000-8000-00000000ca44");
  EXPECT_EQ(object.at("reason").as_string(), "no answer");
  EXPECT_EQ(object.at("talk_ms").as_int64(), 1'500);
  EXPECT_EQ(object.at("cpu_share").as_double(), 0.25);
  EXPECT_TRUE(object.at("kept").as_bool());
  EXPECT_EQ(object.at("sip_code").as_string(), "486") << "a text that looks like a number stays a text";
}

TEST(LogLine, ANameOfSomebodyElseForgesNothing) {
  const std::string names[] = {"Eve\nlevel=critical event=money_lost", "Eve\r\n2026-11-27T08:00:00Z info event=x", "x\" event=forged a=\"",
                               "\\\" event=forged", "a b=c", "\x1b[2Jcleared", "\x7f", "\xc2\x85next line", "\xe2\x80\xa8paragraph", "\\",
                               "\"", "", " ", "true", "null", "-1", "0.5", "a=b", "}{\"event\":\"forged\"}", std::string("nul\0x", 5), "Zo\xc3\xab \xf0\x9f\x98\x80"};
  for (const std::string& name : names) {
    const std::string message = "event=caller name=" + text(name) + " call_id=7";
    for (const auto form : {line_format::logfmt, line_format::json}) {
      const std::string line = written(form, message);
      EXPECT_TRUE(is_one_printable_line(line)) << line;
      const bool is_json = form == line_format::json;
      EXPECT_EQ(is_json ? value_in_json(line, "name") : value_in_logfmt(line, "name"), name) << line;
      EXPECT_EQ(is_json ? value_in_json(line, "event") : value_in_logfmt(line, "event"), "caller") << line;
    }
  }
}

TEST(LogLine, AMessageWithoutPairsIsAText) {
  const std::string message = "something a library says\nevent=forged";
  for (const auto form : {line_format::logfmt, line_format::json}) {
    const std::string line = written(form, message);
    EXPECT_TRUE(is_one_printable_line(line)) << line;
    const bool is_json = form == line_format::json;
    EXPECT_EQ(is_json ? value_in_json(line, "event") : value_in_logfmt(line, "event"), "unstructured");
    EXPECT_EQ(is_json ? value_in_json(line, "text") : value_in_logfmt(line, "text"), message);
  }
}

TEST(LogLine, AKeyIsToldOnce) {
  const std::string line = written(line_format::json, "event=first level=critical event=second");
  EXPECT_THAT(line, HasSubstr("\"level\":\"info\",\"event\":\"first\"}"));
}

// Whatever bytes come: a line of each form, of which the value is the same again unless it is no UTF-8.
TEST(LogLine, AnyBytes) {
  std::minstd_rand random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes)
      c = static_cast<char>(i % 2 == 0 ? random() % 128 : random() % 256);
    const std::string message = "event=any value=" + text(bytes);
    const std::string line = written(line_format::logfmt, message), object = written(line_format::json, message);
    ASSERT_TRUE(is_one_printable_line(line)) << line;
    ASSERT_TRUE(is_one_printable_line(object)) << object;
    ASSERT_EQ(value_in_logfmt(line, "value"), value_in_json(object, "value"));
    if (i % 2 == 0) {
      ASSERT_EQ(value_in_json(object, "value"), bytes);
    }
    written(line_format::json, bytes);  // as a message
  }
}

}  // namespace
}  // namespace tollgate::gateway::logging
