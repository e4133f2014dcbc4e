// SPDX-License-Identifier: Apache-2.0
// The configuration file, the environment over it, and what is said about mistakes.
#include "gateway/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tollgate::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

environment fixed(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

configuration_reading parse(std::string_view text, std::map<std::string, std::string> variables = {}) {
  return parse_configuration(text, "t.toml", fixed(std::move(variables)));
}

TEST(Configuration, DefaultsAreSound) {
  const auto reading = read_configuration(std::nullopt, fixed({}));
  EXPECT_THAT(reading.problems, IsEmpty());
  EXPECT_EQ(reading.value.api.port, 8080);
  EXPECT_EQ(admin_token_path(reading.value), "/var/lib/tollgate/admin.token");
}

TEST(Configuration, FileThenEnvironment) {
  const auto reading = parse(R"(
state_directory = "/srv/t"
[api]
port = 81
[overlay]
names = ["a.example", "b.example"]
[dial_policy]
satellite = true
)",
                             {{"TOLLGATE_API_PORT", "82"}, {"TOLLGATE_NODE_NAME", "east-2"}});
  ASSERT_THAT(reading.problems, IsEmpty());
  EXPECT_EQ(reading.value.state_directory, "/srv/t");
  EXPECT_EQ(reading.value.api.port, 82);
  EXPECT_EQ(reading.value.node.name, "east-2");
  EXPECT_THAT(reading.value.overlay.names, ElementsAre("a.example", "b.example"));
  EXPECT_TRUE(reading.value.dial_policy.satellite);
}

TEST(Configuration, ASecondAddressIsOfTheOtherFamily) {
  const auto problems = [](const std::string& section, const std::string& text) {
    return parse("[" + section + "]\n" + text).problems;
  };
  for (const std::string section : {"sip", "media"}) {
    EXPECT_THAT(problems(section, "address6 = '::'"), IsEmpty());
    EXPECT_THAT(problems(section, "address6 = '2001:db8::1'\nadvertised_address6 = '2001:db8::2'"), IsEmpty());
    EXPECT_THAT(problems(section, "address = '::1'"), IsEmpty());
    for (const char* bad :
         {"address6 = '192.0.2.1'", "address = '::'\naddress6 = '::1'", "advertised_address6 = '2001:db8::2'",
          "address6 = '::'\nadvertised_address6 = '192.0.2.1'", "address6 = '[::1]'"}) {
      const auto found = problems(section, bad);
      ASSERT_EQ(found.size(), 1U) << section << " " << bad;
      EXPECT_THAT(found[0].text, HasSubstr(section + ".address6 must be an IPv6 address"));
    }
  }
}

TEST(Configuration, EnvironmentAloneIsEnough) {
  const auto reading = parse("", {{"TOLLGATE_STATE_DIRECTORY", "/srv/t"},
                                  {"TOLLGATE_OVERLAY_NAMES", "a,b"},
                                  {"TOLLGATE_DIAL_POLICY_HIGH_RISK", "true"}});
  ASSERT_THAT(reading.problems, IsEmpty());
  EXPECT_EQ(reading.value.state_directory, "/srv/t");
  EXPECT_THAT(reading.value.overlay.names, ElementsAre("a", "b"));
  EXPECT_TRUE(reading.value.dial_policy.high_risk);
}

struct mistake {
  const char* name;
  const char* text;
  const char* where;
  const char* told;
};

class ConfigurationMistake : public testing::TestWithParam<mistake> {};

TEST_P(ConfigurationMistake, IsToldWithItsPlace) {
  const auto reading = parse(GetParam().text);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].where, GetParam().where);
  EXPECT_THAT(reading.problems[0].text, HasSubstr(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigurationMistake,
    testing::Values(mistake{"Syntax", "[api]\nport = \n", "t.toml:2:8", ""},
                    mistake{"Unknown", "[api]\nprt = 1\n", "t.toml:2:7", "did you mean api.port?"},
                    mistake{"UnknownSection", "[apis]\nx = 1\n", "t.toml:1:1", "apis is not a known key"},
                    mistake{"Strange", "zzzzzzzz = 1\n", "t.toml:1:12", "is not a known key"},
                    mistake{"Kind", "[api]\nport = \"80\"\n", "t.toml:2:8", "must be a whole number"},
                    mistake{"Range", "\n[api]\nport = 70000\n", "t.toml:3:8", "between 0 and 65535"},
                    mistake{"List", "[overlay]\nnames = [1]\n", "t.toml:2:9", "list of strings"},
                    mistake{"ScalarForSection", "api = 1\n", "t.toml:1:7", "is not a known key"},
                    mistake{"Currency", "[billing]\ncurrency = \"eur\"\n", "t.toml", "ISO 4217"},
                    mistake{"Together", "[overlay]\nkey = \"k.pem\"\n", "t.toml", "given together"},
                    mistake{"ApiTogether", "[api]\ncertificate = \"c.pem\"\n", "t.toml", "given together"},
                    mistake{"ClientsWithoutTls", "[api]\nclient_authorities = \"c.pem\"\n", "t.toml", "needs api.certificate"},
                    mistake{"NoNetwork", "[api]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\", \"proxy.example\"]\n", "t.toml", "addresses and networks"},
                    mistake{"NetworkTooNarrow", "[api]\ntrusted_proxies = [\"10.0.0.0/33\"]\n", "t.toml", "addresses and networks"},
                    mistake{"SignedByNobody", "[identity]\nkey_file = \"k.pem\"\n", "t.toml", "belong together"},
                    mistake{"UnknownPolicy", "[identity]\npolicy = \"ask\"\n", "t.toml", "refuse_failed or require"},
                    mistake{"RequiredOfNobody", "[identity]\npolicy = \"require\"\n", "t.toml", "needs identity.authorities"}),
    [](const auto& row) { return row.param.name; });

TEST(Configuration, BadEnvironmentNamesTheVariable) {
  const auto reading = parse("", {{"TOLLGATE_API_PORT", "eighty"}});
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].where, "environment TOLLGATE_API_PORT");
}

TEST(Configuration, ProxiesAreAddressesAndNetworksOfBothFamilies) {
  const auto reading = parse("[api]\ntrusted_proxies = ['127.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32']\n");
  EXPECT_TRUE(reading.problems.empty());
  EXPECT_EQ(reading.value.api.trusted_proxies.size(), 4U);
}

TEST(Configuration, PrintedFileReadsBackToTheSame) {
  configuration odd;
  odd.node.name = "quote \" and \\ back";
  odd.overlay.names = {"x.example"};
  odd.api.trusted_proxies = {"10.0.0.0/8"};
  odd.api.port = 9;
  const std::string text = print_configuration(odd);
  const auto reading = parse(text);
  EXPECT_THAT(reading.problems, IsEmpty());
  EXPECT_EQ(reading.value.node.name, odd.node.name);
  EXPECT_EQ(print_configuration(reading.value), text);
}

TEST(Configuration, SecretsAreReadFromTheEnvironmentAndNotPrinted) {
  const auto reading = parse("", {{"TOLLGATE_BILLING_WEBHOOK_SECRET", "sixteen and more characters"},
                                  {"TOLLGATE_BILLING_CREDIT_MONTHS_BY_COUNTRY", "DE=0,FR=12"}});
  ASSERT_THAT(reading.problems, IsEmpty());
  EXPECT_EQ(reading.value.billing.webhook_secret, "sixteen and more characters");
  EXPECT_THAT(print_configuration(reading.value), testing::Not(HasSubstr("sixteen")));
  EXPECT_EQ(parse("", {{"TOLLGATE_BILLING_WEBHOOK_SECRET", "short"}}).problems.size(), 1U);
  EXPECT_EQ(parse("[billing]\ncredit_months_by_country = [\"DE\"]\n").problems.size(), 1U);
}

TEST(Configuration, UnreadableFileIsAProblem) {
  EXPECT_EQ(read_configuration("/nonexistent.toml", fixed({})).problems.size(), 1U);
  EXPECT_EQ(read_configuration("/tmp", fixed({})).problems.size(), 1U);
}

}  // namespace
}  // namespace tollgate::gateway
