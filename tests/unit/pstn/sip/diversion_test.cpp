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

std::vector<std::string> headers_of(const std::vector<history_entry>& history) {
  std::vector<std::string> all;
  for (const auto& one : history)
    all.push_back(history_header(one));
  return all;
}

using lines = std::vector<std::string>;

TEST(HistoryInfo, TellsEachRedirectionFromTheFirst) {
  EXPECT_EQ(headers_of(history_of({{"sip:+16505550122@gw.example", "no-answer", 1, false},
                                   {"sip:+16505550111@a.example", "user-busy", 1, true}},
                                  "sip:+442079460111@c.example;user=phone")),
            (lines{"<sip:+16505550111@a.example?Privacy=history>;index=1",
                   "<sip:+16505550122@gw.example;cause=486>;index=1.1;mp=1",
                   "<sip:+442079460111@c.example;user=phone;cause=408>;index=1.1.1;mp=1.1"}));
  EXPECT_TRUE(history_of({}, "sip:+442079460111@c.example").empty());
}

TEST(HistoryInfo, HasAPlaceForEachRedirectionThatACounterTellsOf) {
  EXPECT_EQ(headers_of(history_of({{"sip:+16505550122@gw.example", "unconditional", 3, false}}, "sip:m@c")),
            (lines{"<sip:unknown@unknown.invalid>;index=1", "<sip:unknown@unknown.invalid;cause=404>;index=1.1;mp=1",
                   "<sip:+16505550122@gw.example;cause=404>;index=1.1.1;mp=1.1",
                   "<sip:m@c;cause=302>;index=1.1.1.1;mp=1.1.1"}));
}

TEST(HistoryInfo, HasACauseForEachReason) {
  for (const auto& [reason, cause] : {std::pair{"unconditional", "302"},
                                      {"user-busy", "486"},
                                      {"no-answer", "408"},
                                      {"deflection", "480"},
                                      {"unavailable", "503"},
                                      {"time-of-day", "404"},
                                      {"\r\nEvil: 1", "404"}})
    EXPECT_EQ(history_header(history_of({{"sip:a@b", reason, 1, false}}, "sip:c@d").back()),
              "<sip:c@d;cause=" + std::string(cause) + ">;index=1.1;mp=1")
        << reason;
}

TEST(HistoryInfo, IsCarriedOnAsItCame) {
  diversion_reader reader;
  reader.take_history("<sip:+16505550111@a.example?Privacy=history&Reason=SIP%3Bcause%3D486>;index=1");
  reader.take_history("\"Bob\" <sip:+16505550122@gw.example;cause=486>;index=1.1;rc=1;foo=bar");
  reader.take_diversion("<sip:+16505550111@a.example>;reason=user-busy");  // tells the same
  EXPECT_EQ(headers_of(reader.history()),
            (lines{"<sip:+16505550111@a.example?Privacy=history&Reason=SIP%3Bcause%3D486>;index=1",
                   "<sip:+16505550122@gw.example;cause=486>;index=1.1;rc=1"}));
  const diversion ours{"sip:+16505550122@gw.example", "no-answer", 1, false};
  EXPECT_EQ(headers_of(history_beyond(reader.history(), true, ours, "sip:m@c")).back(),
            "<sip:m@c;cause=408>;index=1.1.1;mp=1.1");
  const auto beyond = headers_of(history_beyond(reader.history(), false, ours, "sip:m@c"));
  EXPECT_EQ(beyond[2], "<sip:+16505550122@gw.example>;index=1.1.1");
  EXPECT_EQ(beyond[3], "<sip:m@c;cause=408>;index=1.1.1.1;mp=1.1.1");

  diversion_reader only_history;
  only_history.take_history(
      "<sip:+16505550111@a.example?Privacy=history>;index=1,<sip:+16505550122@gw.example;cause=486>;index=1.1;mp=1");
  ASSERT_EQ(only_history.diversions().size(), 1U);
  EXPECT_TRUE(only_history.diversions()[0].withheld);
}

TEST(HistoryInfo, IsMadeAnewWhereItCannotBeCarriedOn) {
  for (const char* bad : {"<sip:a@b>", "<sip:a@b>;index=x", "<sip:a@b>;index=1..1", "<sip:+1650", "<sip:a@b>;index=.1"}) {
    diversion_reader reader;
    reader.take_history("<sip:a@b>;index=1");
    reader.take_history(bad);
    EXPECT_TRUE(reader.history().empty()) << bad;
  }
  diversion_reader less;  // than Diversion tells
  less.take_history("<sip:a@b>;index=1");
  less.take_diversion("<sip:c@d>");
  EXPECT_TRUE(less.history().empty());
}

TEST(HistoryInfo, GrowsNoFurtherThanAnyLimitOnHops) {
  std::vector<diversion> many(100, {"sip:a@b", "unknown", 99, true});
  EXPECT_LE(history_of(many, "sip:c@d").size(), 64U);
}

TEST(HistoryInfo, OfACallThatAsksForPrivacyIsAllPrivate) {
  std::vector<history_entry> history{{"sip:a@b", {}, "1", {}}, {"sip:c@d", "Privacy=none", "1.1", "mp=1"}};
  withhold(history);
  EXPECT_EQ(headers_of(history),
            (lines{"<sip:a@b?Privacy=history>;index=1", "<sip:c@d?Privacy=none>;index=1.1;mp=1"}));
}

TEST(HistoryInfo, SmugglesNothing) {
  EXPECT_EQ(history_header({"sip:a@b>\r\nEvil: 1", {}, "1", {}}), "");
  EXPECT_EQ(history_header({"sip:a@b", "Reason=x>\r\n", "1", {}}), "");
  EXPECT_EQ(history_header({"sip:a@b", {}, "1;x", {}}), "");
}

}  // namespace
}  // namespace tollgate::pstn::sip
