// SPDX-License-Identifier: Apache-2.0
// RFC 5118 §4. To ipv6_bad, whose request line cannot be read, the RFC wants 400.
#include "torture_messages.hpp"

namespace tollgate::tests::sip {

// clang-format off
std::vector<torture> rfc_5118() {
  return {
      {"ipv6_good",
       text("REGISTER sip:[2001:db8::10] SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv6_good.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n"
         "CSeq: 98176 REGISTER\n"
         "Content-Length: 0\n"
         "\n"),
       "405"},
      {"ipv6_bad",
       text("REGISTER sip:2001:db8::10 SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv6_bad.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n"
         "CSeq: 98176 REGISTER\n"
         "Content-Length: 0\n"
         "\n"),
       "400"},
      {"port_ambiguous",
       text("REGISTER sip:[2001:db8::10:5070] SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: port_ambiguous.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n"
         "CSeq: 98176 REGISTER\n"
         "Content-Length: 0\n"
         "\n"),
       "405"},
      {"port_unambiguous",
       text("REGISTER sip:[2001:db8::10]:5070 SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: port_unambiguous.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n"
         "CSeq: 98176 REGISTER\n"
         "Content-Length: 0\n"
         "\n"),
       "405"},
      {"via_received_param_with_delim",
       text("BYE sip:[2001:db8::10] SIP/2.0\n"
         "To: sip:user@example.com;tag=bd76ya\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;received=[2001:db8::9:255];branch=z9hG4bKas3-111\n"
         "Call-ID: via_received_param_with_delim.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "CSeq: 321 BYE\n"
         "Content-Length: 0\n"
         "\n"),
       "481"},
      {"via_received_param_no_delim",
       text("BYE sip:[2001:db8::10] SIP/2.0\n"
         "To: sip:user@example.com;tag=bd76ya\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;received=2001:db8::9:255;branch=z9hG4bKas3-111\n"
         "Call-ID: via_received_param_no_delim.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "CSeq: 321 BYE\n"
         "Content-Length: 0\n"
         "\n"),
       "481"},
      {"ipv6_in_sdp",
       text("INVITE sip:user@[2001:db8::10] SIP/2.0\n"
         "To: sip:user@[2001:db8::10]\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv6_in_sdp.SSG9559905523997077@hlau_4100\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::20]>\n"
         "CSeq: 8612 INVITE\n"
         "Max-Forwards: 70\n"
         "Content-Type: application/sdp\n"
         "Content-Length: 251\n"
         "\n"
         "v=0\n"
         "o=assistant 971731711378798081 0 IN IP6 2001:db8::20\n"
         "s=Live video feed for today's meeting\n"
         "c=IN IP6 2001:db8::20\n"
         "t=3338481189 3370017201\n"
         "m=audio 6000 RTP/AVP 2\n"
         "a=rtpmap:2 G726-32/8000\n"
         "m=video 6024 RTP/AVP 107\n"
         "a=rtpmap:107 H263-1998/90000\n"),
       "call"},
      {"mult_ip_in_header",
       text("BYE sip:user@host.example.net SIP/2.0\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3\n"
         "Via: SIP/2.0/TCP 192.0.2.200;branch=z9hG4bKjhja8781hjuaij65144\n"
         "To: sip:user@example.com;tag=bd76ya\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Call-ID: mult_ip_in_header.SSG9559905523997077@hlau_4100\n"
         "Max-Forwards: 70\n"
         "CSeq: 321 BYE\n"
         "Content-Length: 0\n"
         "\n"),
       "481"},
      {"mult_ip_in_sdp",
       text("INVITE sip:user@[2001:db8::10] SIP/2.0\n"
         "To: sip:user@[2001:db8::10]\n"
         "From: sip:user@example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: mult_ip_in_sdp.SSG9559905523997077@hlau_4100\n"
         "Contact: \"Caller\" <sip:caller@[2001:db8::20]>\n"
         "Max-Forwards: 70\n"
         "CSeq: 8912 INVITE\n"
         "Content-Type: application/sdp\n"
         "Content-Length: 216\n"
         "\n"
         "v=0\n"
         "o=bob 280744730 28977631 IN IP4 host.example.com\n"
         "s=\n"
         "c=IN IP4 host.example.com\n"
         "t=0 0\n"
         "m=audio 22334 RTP/AVP 0\n"
         "c=IN IP4 192.0.2.1\n"
         "m=video 6024 RTP/AVP 107\n"
         "c=IN IP6 2001:db8::1\n"
         "a=rtpmap:107 H263-1998/90000\n"),
       "call"},
      {"ipv4_mapped_ipv6",
       text("INVITE sip:user@example.com SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:user@east.example.com;tag=81x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv4_mapped.SSG9559905523997077@hlau_4100\n"
         "Contact: \"T. Mapped\" <sip:user@[::ffff:192.0.2.10]:19999>\n"
         "Max-Forwards: 70\n"
         "CSeq: 491 INVITE\n"
         "Content-Type: application/sdp\n"
         "Content-Length: 179\n"
         "\n"
         "v=0\n"
         "o=bob 2890844527 2890844527 IN IP6 ::ffff:192.0.2.10\n"
         "s=\n"
         "c=IN IP6 ::ffff:192.0.2.10\n"
         "t=0 0\n"
         "m=audio 22334 RTP/AVP 0\n"
         "m=video 6024 RTP/AVP 107\n"
         "a=rtpmap:107 H263-1998/90000\n"),
       "call"},
      {"ipv6_correct_abnf_2_colons",
       text("OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0\n"
         "To: sip:user@[2001:db8::192.0.2.1]\n"
         "From: sip:user@example.com;tag=810x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv6_correct_abnf_2_colons.G9559905523997077@hlau_4100\n"
         "CSeq: 689 OPTIONS\n"
         "Max-Forwards: 70\n"
         "Content-Length: 0\n"
         "\n"),
       "200"},
      {"ipv6_bug_abnf_3_colons",
       text("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0\n"
         "To: sip:user@[2001:db8:::192.0.2.1]\n"
         "From: sip:user@example.com;tag=810x2\n"
         "Via: VIA;branch=z9hG4bKas3-111\n"
         "Call-ID: ipv6_bug_abnf_3_colons.G9559905523997077@hlau_4100\n"
         "CSeq: 689 OPTIONS\n"
         "Max-Forwards: 70\n"
         "Content-Length: 0\n"
         "\n"),
       "200"},
  };
}
// clang-format on

}  // namespace tollgate::tests::sip
