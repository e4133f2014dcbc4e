// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/uri.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tollgate::pstn::sip {
namespace {

struct row {
  std::string name;
  std::string uri;
  std::string user;
  std::string host;

  friend void PrintTo(const row& one, std::ostream* out) { *out << one.name; }
};

class Uri : public testing::TestWithParam<row> {};

TEST_P(Uri, PartsAreFound) {
  EXPECT_EQ(user_of(GetParam().uri), GetParam().user);
  EXPECT_EQ(host_of(GetParam().uri), GetParam().host);
}

TEST(UriContext, IsFoundWhereTheSubscriberIs) {
  EXPECT_EQ(phone_context_of("tel:79460958;phone-context=+44-20"), "+44-20");
  EXPECT_EQ(phone_context_of("TEL:79460958;isub=1;Phone-Context=example.com;x=y"), "example.com");
  EXPECT_EQ(phone_context_of("sip:79460958;phone-context=%2B4420@192.0.2.1;user=phone"), "+4420");
  EXPECT_EQ(phone_context_of("sip:79460958@192.0.2.1;phone-context=+44"),
            "");  // of the URI, not of the number
  for (const char* none :
       {"", "tel:", "tel:+44;", "sip:x", "sip:a;phone-contex@h", "mailto:a;phone-context=b@h"})
    EXPECT_EQ(phone_context_of(none), "") << none;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Uri,
    testing::Values(row{"Sip", "sip:+16505550100@192.0.2.1:5060;transport=udp", "+16505550100", "192.0.2.1"},
                    row{"UpperCaseScheme", "SIPS:bob@example.com", "bob", "example.com"},
                    row{"UserParameters", "sip:+1650;npdi;rn=+1@example.com", "+1650", "example.com"},
                    row{"Password", "sip:bob:secret@example.com", "bob", "example.com"},
                    row{"Escaped", "sip:%2B1650%zz@h", "+1650%zz", "h"},
                    row{"EscapedAtTheEnd", "sip:a%2@h", "a%2", "h"},
                    row{"Ipv6", "sip:bob@[2001:db8::1]:5060", "bob", "2001:db8::1"},
                    row{"NoUser", "sip:example.com;lr", "", "example.com"},
                    row{"Tel", "tel:+1650;phone-context=x", "+1650", ""}, row{"Empty", "", "", ""},
                    row{"SchemeOnly", "sip:", "", ""}, row{"OpenBracket", "sip:a@[::1", "a", ""},
                    row{"Other", "mailto:bob@example.com", "", ""}),
    [](const auto& which) { return which.param.name; });

}  // namespace
}  // namespace tollgate::pstn::sip
