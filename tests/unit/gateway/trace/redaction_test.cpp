// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/redaction.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tollgate::gateway::trace {
namespace {

struct secret {
  const char* name;
  std::string before, after;  // of one message
};

class Redaction : public testing::TestWithParam<secret> {};

const std::string head = "INVITE sip:a@b SIP/2.0\r\n";

const std::vector<secret> secrets{
    {"Authorization",
     head + "Authorization: Digest username=\"u\", response=\"abc\"\r\nTo: <sip:a@b>\r\n\r\n",
     head + "Authorization: Digest xxxxxxxxxxxxx xxxxxxxxxxxxxx\r\nTo: <sip:a@b>\r\n\r\n"},
    {"ProxyAuthorizationFoldedAndInOtherLetters",
     head + "PROXY-authorization : Digest a=b,\r\n response=\"abc\"\r\nTo: x\r\n\r\n",
     head + "PROXY-authorization : Digest xxxx\r\n xxxxxxxxxxxxxx\r\nTo: x\r\n\r\n"},
    {"SdesKeys",
     head + "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3|2^20|1:4;inline:QQ==\r\n",
     head + "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxxxxxxxxxx|2^20|1:4;inline:xxxx\r\n"},
    {"MikeyAndOldKeys", head + "\r\na=key-mgmt:mikey AQAFg\r\nk=clear:top\r\na=ice-pwd:asd88fgp\r\n",
     head + "\r\na=key-mgmt:xxxxx xxxxx\r\nk=xxxxxxxxx\r\na=ice-pwd:xxxxxxxx\r\n"},
    {"DialledDigits",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=x\r\nDuration=160\r\n"},
    {"DialledDigitsWithBlanks",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: application/DTMF-Relay\r\n\r\n  SIGNAL \t = "
     "5\r\nDuration=160\r\n",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: application/DTMF-Relay\r\n\r\n  SIGNAL \t = "
     "x\r\nDuration=160\r\n"},
    {"ADialledDigitAloneInOtherLetters",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: Application/DTMF\r\n\r\n5\r\n",
     "INFO sip:a@b SIP/2.0\r\nContent-Type: Application/DTMF\r\n\r\nx\r\n"},
    {"ADialledDigitAlone", "INFO sip:a@b SIP/2.0\r\nc: application/dtmf\r\n\r\n5",
     "INFO sip:a@b SIP/2.0\r\nc: application/dtmf\r\n\r\nx"},
};

TEST_P(Redaction, CoversTheSecretAndKeepsTheLength) {
  EXPECT_EQ(redacted(GetParam().before), GetParam().after);
  EXPECT_EQ(GetParam().before.size(), GetParam().after.size());
}

INSTANTIATE_TEST_SUITE_P(Of, Redaction, testing::ValuesIn(secrets),
                         [](const auto& of) { return of.param.name; });

TEST(RedactionOfOthers, ChangesNothing) {
  for (const std::string& text :
       {head +
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nX-Authorization-Hint: none\r\n\r\nv=0\r\n",
        std::string(), std::string("Authorization"), std::string("Authorization:"),
        std::string("a=crypto:inline:"), head + "Subject: Authorization: Digest response=\"abc\"\r\n\r\n",
        std::string("\n\n\n\r\n")})
    EXPECT_EQ(redacted(text), text);
}

}  // namespace
}  // namespace tollgate::gateway::trace
