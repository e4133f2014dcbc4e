// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/diversion.hpp"

#include <gtest/gtest.h>

namespace tollgate::pstn::sip {
namespace {

TEST(Diversion, TellsWhoRedirectedTheCallTheLatestFirst) {
  diversion_reader reader;
  reader.take_diversion(
      "\"Bob, at home\" "
      "<sip:+16505550111@carrier.example;user=phone>;reason=no-answer;counter=3;privacy=full");
  reader.take_diversion("<sip:+16505550122@carrier.example>;reason=\"user-busy\", <tel:+16505550133>");
  const auto found = reader.diversions();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].uri, "sip:+16505550111@carrier.example;user=phone");
  EXPECT_EQ(found[0].reason, "no-answer");
  EXPECT_EQ(found[0].counter, 3);
  EXPECT_TRUE(found[0].withheld);
  EXPECT_EQ(found[1].reason, "user-busy");
  EXPECT_FALSE(found[1].withheld);
  EXPECT_EQ(found[2].uri, "tel:+16505550133");
  EXPECT_EQ(found[2].reason, "unknown");
  EXPECT_EQ(reader.count(), 5U);
}

TEST(Diversion, ReadsTheHistoryOfACallFromItsOldestEntry) {
  diversion_reader reader;
  reader.take_history(
      "<sip:+16505550111@a.example>;index=1, <sip:+16505550122@b.example;cause=486>;index=1.1;mp=1");
  reader.take_history("<sip:+16505550122@c.example?Reason=SIP%3Bcause%3D302>;index=1.1.1;np=1.1");
  reader.take_history("<sip:+16505550133@d.example;cause=408>;index=1.1.1.1;mp=1.1.1");
  const auto found = reader.diversions();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].uri, "sip:+16505550122@c.example");
  EXPECT_EQ(found[0].reason, "no-answer");
  EXPECT_EQ(found[1].uri, "sip:+16505550111@a.example");
  EXPECT_EQ(found[1].reason, "user-busy");
  EXPECT_EQ(reader.count(), 3U);  // each hop counts against a loop, retargeted or passed on
}

TEST(Diversion, CountsOnceWhatBothHeadersTell) {
  diversion_reader reader;
  reader.take_diversion("<sip:+16505550111@a.example>;reason=user-busy;counter=1");
  reader.take_history(
      "<sip:+16505550111@a.example>;index=1,<sip:+16505550122@b.example;cause=486>;index=1.1;mp=1");
  EXPECT_EQ(reader.count(), 1U);
  EXPECT_EQ(reader.diversions().size(), 1U);
}

TEST(Diversion, CountsWhatItCannotRead) {
  for (const char* broken : {"<sip:+1650", "", ";reason=", "<<>>>,,\"", "\xff\xfe"}) {
    diversion_reader reader;
    reader.take_diversion(broken);
    EXPECT_GE(reader.count(), 1U) << broken;
  }
  diversion_reader flooded;
  for (int i = 0; i < 1000; ++i)
    flooded.take_diversion("<sip:a@b>;counter=99999999999");
  EXPECT_LE(flooded.diversions().size(), 64U);
  EXPECT_GE(flooded.count(), 64U);
}

TEST(Diversion, IsWrittenAsOneHeader) {
  EXPECT_EQ(diversion_header({"sip:+16505550100@gw.example", "no-answer", 1, false}),
            "<sip:+16505550100@gw.example>;reason=no-answer;counter=1;privacy=off");
  EXPECT_EQ(diversion_header({"sip:+16505550100@gw.example", "a\r\nb", 1000, true}),
            "<sip:+16505550100@gw.example>;reason=unknown;counter=99;privacy=full");
  EXPECT_EQ(diversion_header({"sip:a@b>\r\nEvil: 1", "unknown", 1, false}), "");
  EXPECT_EQ(diversion_header({"", "unknown", 1, false}), "");
}

}  // namespace
}  // namespace tollgate::pstn::sip
