// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/trace_book.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::trace {
namespace {

using std::chrono::seconds;

boost::uuids::uuid call_number(std::uint8_t n) {
  boost::uuids::uuid id{};
  id.data[15] = n;
  return id;
}

book_options options() {
  book_options out;
  out.node = "node-1";
  out.local = {"192.0.2.1", 5060};
  out.trusts = [](const pstn::sip::source_address& from) { return from.ip == "192.0.2.7"; };
  return out;
}

pstn::sip::seen_message seen(bool sent, const std::string& text, const std::string& ip = "192.0.2.7") {
  return {sent, "udp", {ip, 5070}, text};
}

TEST(TraceBook, KeepsBothDirectionsOfACallOut) {
  trace_book book(options());
  book.claim("a", call_number(1), "landline", noon);
  book.note(seen(true, invite("a")), noon);
  book.note(seen(false, answer("a", "200 OK")), noon + seconds(1));
  book.note(seen(false, answer("b", "200 OK")), noon + seconds(1));  // of nobody
  const auto found = book.find(call_number(1));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->messages.size(), 2U);
  EXPECT_TRUE(found->messages[0].sent);
  EXPECT_EQ(found->messages[1].trunk, "landline");
  EXPECT_EQ(to_string(found->messages[1].local), "192.0.2.1:5060");
}

TEST(TraceBook, KeepsWhatCameBeforeACallInWasKnown) {
  trace_book book(options());
  book.note(seen(false, invite("a")), noon);
  book.note(seen(true, answer("a", "100 Trying")), noon);
  EXPECT_FALSE(book.find(call_number(1)));
  book.claim("a", call_number(1), "landline", noon + seconds(1));
  const auto found = book.find(call_number(1));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->messages.size(), 2U);
  EXPECT_EQ(found->messages[0].trunk, "landline");
  EXPECT_EQ(found->began, noon);
}

TEST(TraceBook, JoinsTheDialogsOfACallThatTriedTwoTrunks) {
  trace_book book(options());
  book.claim("a", call_number(1), "first", noon);
  book.note(seen(true, invite("a")), noon);
  book.claim("b", call_number(1), "second", noon);
  book.note(seen(true, invite("b")), noon);
  const auto found = book.find(call_number(1));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->messages.size(), 2U);
  EXPECT_EQ(found->messages[1].trunk, "second");
}

TEST(TraceBook, KeepsNothingOfStrangers) {
  trace_book book(options());
  for (int i = 0; i < 2'000; ++i)
    book.note(seen(false, invite("s" + std::to_string(i)), "203.0.113.9"), noon);
  book.claim("s1", call_number(1), "landline", noon);
  EXPECT_TRUE(book.find(call_number(1))->messages.empty());
  EXPECT_EQ(book.read_figures().bytes, 0U);
}

TEST(TraceBook, ForgetsInvitesThatNoCallTook) {
  auto few = options();
  few.unclaimed_most = 3;
  trace_book book(few);
  for (const char* id : {"a", "b", "c", "d", "e"})
    book.note(seen(false, invite(id)), noon);
  book.claim("a", call_number(1), "t", noon);
  book.claim("e", call_number(2), "t", noon);
  EXPECT_TRUE(book.find(call_number(1))->messages.empty());
  EXPECT_EQ(book.find(call_number(2))->messages.size(), 1U);
}

TEST(TraceBook, ForgetsThemInTime) {
  trace_book book(options());
  book.note(seen(false, invite("a")), noon);
  book.note(seen(false, invite("b")), noon + seconds(31));
  book.claim("a", call_number(1), "t", noon);
  EXPECT_TRUE(book.find(call_number(1))->messages.empty());
}

TEST(TraceBook, GivesACallOutAfterItsLastMessagesAndForgetsIt) {
  trace_book book(options());
  book.claim("a", call_number(1), "t", noon);
  book.note(seen(true, invite("a")), noon);
  EXPECT_TRUE(book.ended(noon + seconds(60), 10).empty()) << "it goes on";
  book.end(call_number(1), noon + seconds(60));
  EXPECT_TRUE(book.ended(noon + seconds(61), 10).empty());
  EXPECT_EQ(book.ended(noon + seconds(61), 10, true).size(), 1U);
  book.note(seen(false, answer("a", "200 OK")), noon + seconds(62));
  const auto calls = book.ended(noon + seconds(65), 10);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].messages.size(), 2U);
  book.forget(calls);
  EXPECT_FALSE(book.find(call_number(1)));
  EXPECT_EQ(book.read_figures().bytes, 0U);
  EXPECT_EQ(book.read_figures().calls, 0U);
}

TEST(TraceBook, KeepsTheBeginningAndTheEndOfALongCall) {
  auto few = options();
  few.call_messages_most = 10;
  trace_book book(few);
  book.claim("a", call_number(1), "t", noon);
  for (int i = 0; i < 100; ++i)
    book.note(seen(true, answer("a", std::to_string(100 + i) + " X")), noon + seconds(i));
  const auto found = book.find(call_number(1));
  ASSERT_EQ(found->messages.size(), 10U);
  EXPECT_EQ(found->left_out, 90U);
  EXPECT_EQ(found->messages.front().at, noon);
  EXPECT_EQ(found->messages.back().at, noon + seconds(99));
}

TEST(TraceBook, StaysWithinItsMemoryByForgettingTheOldestCall) {
  auto small = options();
  small.bytes_most = 20'000;
  trace_book book(small);
  for (std::uint8_t i = 0; i < 100; ++i) {
    const std::string id = "call" + std::to_string(i);
    book.claim(id, call_number(i), "t", noon);
    book.note(seen(true, invite(id)), noon);
    EXPECT_LE(book.read_figures().bytes, small.bytes_most);
  }
  EXPECT_FALSE(book.find(call_number(0)));
  EXPECT_TRUE(book.find(call_number(99)));
  EXPECT_GT(book.read_figures().evicted, 0U);
}

TEST(TraceBook, CutsLongMessagesAndCoversSecrets) {
  auto small = options();
  small.message_bytes_most = 200;
  trace_book book(small);
  book.claim("a", call_number(1), "t", noon);
  book.note(seen(true, "REGISTER x\r\nCall-ID: a\r\nAuthorization: Digest response=\"secret\"\r\n\r\n" +
                           std::string(1'000, 'z')),
            noon);
  const auto found = book.find(call_number(1));
  ASSERT_EQ(found->messages.size(), 1U);
  EXPECT_EQ(found->messages[0].text.size(), 200U);
  EXPECT_EQ(found->messages[0].text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace tollgate::gateway::trace
