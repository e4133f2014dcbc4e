// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/target_book.hpp"

#include <gtest/gtest.h>

#include "example_trunk.hpp"
#include "pstn/trunk/outbound_invite.hpp"

namespace tollgate::pstn::trunk {
namespace {

using std::chrono::seconds;

const time_point start{seconds(1'000)};
const sip::target first{"192.0.2.1", 5060, "udp"};
const sip::target second{"192.0.2.2", 5070, "udp"};

trunk named_trunk() {
  trunk made = example_trunk(1);
  made.host = "carrier.example";
  made.port = 0;
  return made;
}

TEST(TargetBook, AsksForNamesAloneAndOnceEach) {
  target_book book;
  const std::vector<trunk> trunks{named_trunk(), example_trunk(2)};
  book.configure(trunks);
  EXPECT_EQ(book.take_due(start), (std::vector<uuid>{trunks[0].id}));
  EXPECT_TRUE(book.take_due(start + seconds(100)).empty());  // it is being looked up
  book.resolved(trunks[0].id, {{first, second}, seconds(60)}, start);
  EXPECT_TRUE(book.take_due(start + seconds(59)).empty());
  EXPECT_EQ(book.take_due(start + seconds(60)).size(), 1U);
  EXPECT_EQ(book.targets(trunks[0].id), (std::vector<sip::target>{first, second}));
  EXPECT_TRUE(book.targets(trunks[1].id).empty());
}

TEST(TargetBook, TheOnesThatAnswerComeFirst) {
  target_book book;
  const std::vector<trunk> trunks{named_trunk()};
  const uuid id = trunks[0].id;
  book.configure(trunks);
  book.resolved(id, {{first, second}, seconds(60)}, start);
  for (int i = 0; i < health_options{}.failures_to_go_down; ++i)
    book.probe_answered(id, first, 408, start);
  EXPECT_EQ(book.targets(id), (std::vector<sip::target>{second, first}));
  // What is known stays through the next look-up, and so does all where DNS has nothing to say.
  book.resolved(id, {{first, second}, seconds(60)}, start);
  EXPECT_EQ(book.targets(id).front(), second);
  book.resolved(id, {}, start);
  EXPECT_EQ(book.targets(id), (std::vector<sip::target>{second, first}));
  for (int i = 0; i < health_options{}.successes_to_come_up; ++i)
    book.probe_answered(id, first, 200, start);
  EXPECT_EQ(book.targets(id).front(), first);
}

TEST(TargetBook, OneThatRestsComesAfterThoseThatAnswer) {
  target_book book;
  const std::vector<trunk> trunks{named_trunk()};
  const auto id = trunks[0].id;
  book.configure(trunks);
  book.take_due(start);
  book.resolved(id, {{first, second}, seconds(60)}, start);
  EXPECT_TRUE(book.rest(id, first, seconds(30), start)) << "the other one takes calls";
  EXPECT_EQ(book.targets(id, start), (std::vector<sip::target>{second, first}));
  book.resolved(id, {{first, second}, seconds(60)}, start);
  EXPECT_EQ(book.targets(id, start + seconds(29)).front(), second) << "a look-up wakes nobody";
  EXPECT_EQ(book.targets(id, start + seconds(31)).front(), first);
  EXPECT_FALSE(book.rest(id, second, seconds(30), start)) << "all rest";
  EXPECT_TRUE(book.rest(id, first, seconds(9'999), start + seconds(40)));
  EXPECT_EQ(book.targets(id, start + seconds(400)).front(), first) << "no longer than the longest";
  for (int i = 0; i < health_options{}.failures_to_go_down; ++i)
    book.probe_answered(id, second, 408, start);
  EXPECT_FALSE(book.rest(id, first, seconds(30), start + seconds(500))) << "the other one is down";
}

TEST(TargetBook, CallsTellOfTheirTarget) {
  target_book book;
  const std::vector<trunk> trunks{named_trunk()};
  const uuid id = trunks[0].id;
  book.configure(trunks);
  book.resolved(id, {{first, second}, seconds(60)}, start);
  for (int i = 0; i < 9; ++i)
    book.call_answered(id, first, call_sign::nothing, start);
  EXPECT_EQ(book.targets(id).front(), first);
  for (int i = 0; i < health_options{}.failures_to_go_down; ++i)
    book.call_answered(id, first, call_sign::dead, start);
  EXPECT_EQ(book.targets(id).front(), second);
}

TEST(TargetBook, AsksAnewWhenTheNameChanges) {
  target_book book;
  std::vector<trunk> trunks{named_trunk()};
  book.configure(trunks);
  book.take_due(start);
  book.resolved(trunks[0].id, {{first}, seconds(3'600)}, start);
  book.configure(trunks);
  EXPECT_TRUE(book.take_due(start).empty());
  trunks[0].host = "other.example";
  book.configure(trunks);
  EXPECT_EQ(book.take_due(start).size(), 1U);
  EXPECT_TRUE(book.targets(trunks[0].id).empty());
  book.configure({});
  EXPECT_TRUE(book.take_due(start + seconds(7'200)).empty());
}

TEST(TargetBook, TheNextHopIsTheTarget) {
  trunk to = named_trunk();
  EXPECT_EQ(next_hop(to), "sip:carrier.example;transport=udp");
  to.target = second;
  EXPECT_EQ(next_hop(to), "sip:192.0.2.2:5070;transport=udp");
  to.target = sip::target{"2001:db8::1", 5060, "tcp"};
  EXPECT_EQ(next_hop(to), "sip:[2001:db8::1]:5060;transport=tcp");
  // The certificate is the name's.
  to.target = sip::target{"192.0.2.1", 5061, "tls"};
  EXPECT_EQ(next_hop(to), "sip:carrier.example:5061;transport=tls;maddr=192.0.2.1");
}

}  // namespace
}  // namespace tollgate::pstn::trunk
