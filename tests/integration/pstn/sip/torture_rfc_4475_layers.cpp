// SPDX-License-Identifier: Apache-2.0
// RFC 4475 §3.2 to §3.4, what is about transactions, applications and older elements.
#include "torture_messages.hpp"

namespace tollgate::tests::sip {

// clang-format off
std::vector<torture> rfc_4475_layers() {
  return {
      {"badbranch",
       text("OPTIONS sip:user@example.com SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:caller@example.org;tag=33242\n"
         "Max-Forwards: 3\n"
         "Via: VIA;branch=z9hG4bK\n"
         "Accept: application/sdp\n"
         "Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n\n"
         "CSeq: 8 OPTIONS\n"
         "l: 0\n"
         "\n"),
       "200"},
      {"insuf",
       text("INVITE sip:user@example.com SIP/2.0\n"
         "CSeq: 193942 INVITE\n"
         "Via: VIA;branch=z9hG4bKkdj.insuf\n"
         "Content-Type: application/sdp\n"
         "l: 109\n"
         "\n"
         "v=0\n"
         "o=caller 53655765 2353687637 IN IP4 192.0.2.1\n"
         "s=-\n"
         "c=IN IP4 192.0.2.1\n"
         "t=0 0\n"
         "m=audio 49172 RTP/AVP 0\n"),
       "400"},
      {"unkscm",
       text("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:caller@example.net;tag=384\n"
         "Max-Forwards: 3\n"
         "Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34\n"
         "CSeq: 3923423 OPTIONS\n"
         "Via: VIA;branch=z9hG4bKkdjuw39234\n"
         "Content-Length: 0\n"
         "\n"),
       "416"},
      {"novelsc",
       text("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:caller@example.net;tag=384\n"
         "Max-Forwards: 3\n"
         "Call-ID: novelsc.asdfasser0q239nwsdfasdkl34\n"
         "CSeq: 3923423 OPTIONS\n"
         "Via: VIA;branch=z9hG4bKkdjuw39234\n"
         "Content-Length: 0\n"
         "\n"),
       "416"},
      {"unksm2",
       text("REGISTER sip:example.com SIP/2.0\n"
         "To: isbn:2983792873\n"
         "From: <http://www.example.com>;tag=3234233\n"
         "Call-ID: unksm2.daksdj@hyphenated-host.example.com\n"
         "CSeq: 234902 REGISTER\n"
         "Max-Forwards: 70\n"
         "Via: VIA;branch=z9hG4bKkdjuw\n"
         "Contact: <name:John_Smith>\n"
         "l: 0\n"
         "\n"),
       "405"},
      {"bext01",
       text("OPTIONS sip:user@example.com SIP/2.0\n"
         "To: sip:j_user@example.com\n"
         "From: sip:caller@example.net;tag=242etr\n"
         "Max-Forwards: 6\n"
         "Call-ID: bext01.0ha0isndaksdj\n"
         "Require: nothingSupportsThis, nothingSupportsThisEither\n"
         "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\n"
         "CSeq: 8 OPTIONS\n"
         "Via: VIA;branch=z9hG4bK-39234-23523\n"
         "Content-Length: 0\n"
         "\n"),
       "420"},
      {"invut",
       text("INVITE sip:user@example.com SIP/2.0\n"
         "Contact: <sip:caller@host5.example.net>\n"
         "To: sip:j.user@example.com\n"
         "From: sip:caller@example.net;tag=8392034\n"
         "Max-Forwards: 70\n"
         "Call-ID: invut.0ha0isndaksdjadsfij34n23d\n"
         "CSeq: 235448 INVITE\n"
         "Via: VIA;branch=z9hG4bKkdjuw\n"
         "Content-Type: application/unknownformat\n"
         "Content-Length: 40\n"
         "\n"
         "<audio>\n"
         " <pcmu port=\"443\"/>\n"
         "</audio>\n"),
       "415"},
      {"regaut01",
       text("REGISTER sip:example.com SIP/2.0\n"
         "To: sip:j.user@example.com\n"
         "From: sip:j.user@example.com;tag=87321hj23128\n"
         "Max-Forwards: 8\n"
         "Call-ID: regaut01.0ha0isndaksdj\n"
         "CSeq: 9338 REGISTER\n"
         "Via: VIA;branch=z9hG4bKkdjuw\n"
         "Authorization: NoOneKnowsThisScheme opaque-data=here\n"
         "Content-Length:0\n"
         "\n"),
       "405"},
      {"multi01",
       text("INVITE sip:user@company.com SIP/2.0\n"
         "Contact: <sip:caller@host25.example.net>\n"
         "Via: VIA;branch=z9hG4bKkdjuw\n"
         "Max-Forwards: 70\n"
         "CSeq: 5 INVITE\n"
         "Call-ID: multi01.98asdh@192.0.2.1\n"
         "CSeq: 59 INVITE\n"
         "Call-ID: multi01.98asdh@192.0.2.2\n"
         "From: sip:caller@example.com;tag=3413415\n"
         "To: sip:user@example.com\n"
         "To: sip:other@example.net\n"
         "From: sip:caller@example.net;tag=2923420123\n"
         "Content-Type: application/sdp\n"
         "l: 109\n"
         "Contact: <sip:caller@host36.example.net>\n"
         "Max-Forwards: 5\n"
         "\n"
         "v=0\n"
         "o=caller 53655765 2353687637 IN IP4 192.0.2.1\n"
         "s=-\n"
         "c=IN IP4 192.0.2.1\n"
         "t=0 0\n"
         "m=audio 49172 RTP/AVP 0\n"),
       "400"},
      {"mcl01",
       text("OPTIONS sip:user@example.com SIP/2.0\n"
         "Via: VIA;branch=z9hG4bK293423\n"
         "To: sip:user@example.com\n"
         "From: sip:other@example.net;tag=3923942\n"
         "Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf\n"
         "CSeq: 15932 OPTIONS\n"
         "Content-Length: 13\n"
         "Max-Forwards: 60\n"
         "Content-Length: 5\n"
         "Content-Type: text/plain\n"
         "\n"
         "There's no way to know how many octets are supposed to be here.\n"),
       "400"},
      {"bcast",
       text("SIP/2.0 200 OK\n"
         "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n"
         "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\n"
         "Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf\n"
         "CSeq: 35 INVITE\n"
         "From: sip:user@example.com;tag=11141343\n"
         "To: sip:user@example.edu;tag=2229\n"
         "Content-Length: 109\n"
         "Content-Type: application/sdp\n"
         "Contact: <sip:user@host28.example.com>\n"
         "\n"
         "v=0\n"
         "o=caller 53655765 2353687637 IN IP4 192.0.2.1\n"
         "s=-\n"
         "c=IN IP4 192.0.2.1\n"
         "t=0 0\n"
         "m=audio 49172 RTP/AVP 0\n"),
       "silence"},
      {"zeromf",
       text("OPTIONS sip:user@example.com SIP/2.0\n"
         "To: sip:user@example.com\n"
         "From: sip:caller@example.net;tag=3ghsd41\n"
         "Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas\n"
         "CSeq: 39234321 OPTIONS\n"
         "Via: VIA;branch=z9hG4bKkdjuw2349i\n"
         "Max-Forwards: 0\n"
         "Content-Length: 0\n"
         "\n"),
       "200"},
      {"cparam01",
       text("REGISTER sip:example.com SIP/2.0\n"
         "Via: VIA;branch=z9hG4bK9338\n"
         "From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe\n"
         "To: sip:watson@example.com\n"
         "Call-ID: cparam01.70710@saturn.example.com\n"
         "CSeq: 2 REGISTER\n"
         "Max-Forwards: 70\n"
         "Contact: sip:+19725552222@gw1.example.net;unknownparam\n"
         "l: 0\n"
         "\n"),
       "405"},
      {"cparam02",
       text("REGISTER sip:example.com SIP/2.0\n"
         "Via: VIA;branch=z9hG4bK9338\n"
         "From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe\n"
         "To: sip:watson@example.com\n"
         "Call-ID: cparam02.70710@saturn.example.com\n"
         "CSeq: 2 REGISTER\n"
         "Max-Forwards: 70\n"
         "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n"
         "l: 0\n"
         "\n"),
       "405"},
      {"regescrt",
       text("REGISTER sip:example.com SIP/2.0\n"
         "Via: VIA;branch=z9hG4bK9338\n"
         "From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe\n"
         "To: sip:watson@example.com\n"
         "Call-ID: regescrt.70710@saturn.example.com\n"
         "CSeq: 2 REGISTER\n"
         "Max-Forwards: 70\n"
         "Contact: <sip:user@example.com\?Route=%3Csip:sip.example.com%3E>\n"
         "l: 0\n"
         "\n"),
       "405"},
      {"sdp01",
       text("INVITE sip:user@example.com SIP/2.0\n"
         "To: sip:j_user@example.com\n"
         "Contact: <sip:caller@host15.example.net>\n"
         "From: sip:caller@example.net;tag=234\n"
         "Max-Forwards: 5\n"
         "Call-ID: sdp01.ndaksdj9342dasdd\n"
         "Accept: text/nobodyKnowsThis\n"
         "CSeq: 8 INVITE\n"
         "Via: VIA;branch=z9hG4bKkdjuw\n"
         "Content-Length: 109\n"
         "Content-Type: application/sdp\n"
         "\n"
         "v=0\n"
         "o=caller 53655765 2353687637 IN IP4 192.0.2.1\n"
         "s=-\n"
         "c=IN IP4 192.0.2.1\n"
         "t=0 0\n"
         "m=audio 49172 RTP/AVP 0\n"),
       "call"},
      {"inv2543",
       text("INVITE sip:UserB@example.com SIP/2.0\n"
         "Via: VIA\n"
         "From: <sip:caller@example.com>\n"
         "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\n"
         "To: sip:user@example.com\n"
         "Call-ID: inv2543.1717@ift.client.example.com\n"
         "Cseq: 56 INVITE\n"
         "Content-Type: application/sdp\n"
         "\n"
         "v=0\n"
         "o=caller 53655765 2353687637 IN IP4 192.0.2.1\n"
         "s=-\n"
         "c=IN IP4 192.0.2.1\n"
         "t=0 0\n"
         "m=audio 49172 RTP/AVP 0\n"),
       "call"},
  };
}
// clang-format on

}  // namespace tollgate::tests::sip
