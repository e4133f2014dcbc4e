// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/trunk.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

TEST(Trunk, ValidatesEveryField) {
  struct row {
    const char* what;
    std::function<void(trunk&)> change;
    std::optional<trunk_error> error;
  };
  const row rows[] = {
      {"as it is", [](trunk&) {}, {}},
      {"host name", [](trunk& t) { t.host = "sip.carrier.example"; }, {}},
      {"IPv6", [](trunk& t) { t.host = "2001:db8::1"; }, {}},
      {"empty name", [](trunk& t) { t.name = ""; }, trunk_error::bad_name},
      {"long name", [](trunk& t) { t.name = std::string(65, 'x'); }, trunk_error::bad_name},
      {"line in name", [](trunk& t) { t.name = "a\nb"; }, trunk_error::bad_name},
      {"no host", [](trunk& t) { t.host = ""; }, trunk_error::bad_host},
      {"smuggled header", [](trunk& t) { t.host = "a\r\nVia: x"; }, trunk_error::bad_host},
      {"smuggled parameter", [](trunk& t) { t.host = "a;lr"; }, trunk_error::bad_host},
      {"port in host", [](trunk& t) { t.host = "a:5060"; }, trunk_error::bad_host},
      {"from domain", [](trunk& t) { t.from_domain = "a>b"; }, trunk_error::bad_host},
      {"port 0", [](trunk& t) { t.port = 0; }, trunk_error::bad_port},
      {"digest",
       [](trunk& t) {
         t.digest = {"user", "secret", ""};
       },
       {}},
      {"digest without user",
       [](trunk& t) {
         t.digest = {"", "secret", ""};
       },
       trunk_error::bad_credentials},
      {"quote in realm",
       [](trunk& t) {
         t.digest = {"user", "secret", "a\"b"};
       },
       trunk_error::bad_credentials},
      {"registers without digest", [](trunk& t) { t.registers = true; }, trunk_error::bad_credentials},
      {"no codec", [](trunk& t) { t.codecs = {}; }, trunk_error::bad_codec},
      {"unknown codec",
       [](trunk& t) {
         t.codecs = {"PCMA", "G723"};
       },
       trunk_error::bad_codec},
      {"codec twice",
       [](trunk& t) {
         t.codecs = {"PCMA", "PCMA"};
       },
       trunk_error::bad_codec},
      {"sources",
       [](trunk& t) {
         t.inbound_sources = {"192.0.2.0/24", "2001:db8::/32", "198.51.100.7"};
       },
       {}},
      {"source name", [](trunk& t) { t.inbound_sources = {"carrier.example"}; }, trunk_error::bad_source},
      {"source mask", [](trunk& t) { t.inbound_sources = {"192.0.2.0/33"}; }, trunk_error::bad_source},
      {"many sources", [](trunk& t) { t.inbound_sources.assign(257, "192.0.2.1"); }, trunk_error::bad_source},
      {"prefix with plus", [](trunk& t) { t.served_prefixes = {"+44"}; }, trunk_error::bad_prefix},
      {"empty prefix", [](trunk& t) { t.served_prefixes = {""}; }, trunk_error::bad_prefix},
      {"negative capacity", [](trunk& t) { t.capacity_calls = -1; }, trunk_error::bad_capacity},
      {"no weight", [](trunk& t) { t.weight = 0; }, trunk_error::bad_capacity},
      {"region", [](trunk& t) { t.region = "GB"; }, {}},
      {"unknown region", [](trunk& t) { t.region = "XX"; }, trunk_error::bad_region},
      {"national without region", [](trunk& t) { t.numbers = number_format::national; },
       trunk_error::bad_region},
  };
  for (const row& one : rows) {
    trunk changed = example_trunk();
    one.change(changed);
    const auto valid = validate(changed);
    EXPECT_EQ(valid.has_error(), one.error.has_value()) << one.what;
    if (valid.has_error() && one.error) {
      EXPECT_EQ(valid.error(), *one.error) << one.what << ": " << valid.error().message();
    }
  }
}

TEST(Trunk, NamesGoThereAndBack) {
  for (const char* text : {"udp", "tcp", "tls"})
    EXPECT_EQ(name(transport_named(text).value()), text);
  for (const char* text : {"rfc4733", "info", "in_band"})
    EXPECT_EQ(name(dtmf_mode_named(text).value()), text);
  for (const char* text : {"p_asserted_identity", "remote_party_id", "from"}) {
    EXPECT_EQ(name(caller_id_mode_named(text).value()), text);
  }
  for (const char* text : {"e164_plus", "e164", "international_00", "national"}) {
    EXPECT_EQ(name(number_format_named(text).value()), text);
  }
  EXPECT_FALSE(transport_named("sctp"));
  EXPECT_FALSE(dtmf_mode_named(""));
}

}  // namespace
}  // namespace tollgate::pstn::trunk
