// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/trunk_store.hpp"

#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "tests/support/postgres/fixture.hpp"

namespace tollgate::pstn::trunk {
namespace {

uuid id_of(std::uint8_t number) {
  uuid id{};
  id.data[15] = number;
  return id;
}

trunk full_trunk() {
  trunk made;
  made.id = id_of(7);
  made.carrier_id = id_of(1);
  made.name = "London \"one\", a\\b";
  made.host = "192.0.2.1";
  made.port = 65535;
  made.transport = transport::tls;
  made.digest = {"user", "sécret", ""};
  made.registers = true;
  made.from_domain = "gateway.example";
  made.codecs = {"PCMU", "PCMA"};
  made.dtmf = dtmf_mode::info;
  made.echo_canceller = true;
  made.echo_tail_ms = 128;
  made.caller_id = caller_id_mode::remote_party_id;
  made.numbers = number_format::national;
  made.region = "GB";
  made.default_caller = phone_number::parse("+442079460958").value();
  made.inbound_sources = {"192.0.2.0/24", "2001:db8::/32"};
  made.served_prefixes = {"44", "1"};
  made.capacity_calls = 30;
  made.capacity_calls_per_second = 5;
  made.priority = 3;
  made.weight = 70;
  made.failover_codes = {404, 302};
  made.user_phone = true;
  made.trusted_identity = false;
  made.sign_identity = true;
  made.redirections = redirection_headers::history_info;
  made.reliable_progress = true;
  made.srtp = sip::media_security::optional;
  made.inbound_by = inbound_proof::both;
  made.inbound_digest = {"carrier7", "hush"};
  made.probes = false;
  made.enabled = false;
  return made;
}

class TrunkStore : public tests::postgres_test {
 protected:
  void SetUp() override {
    tests::postgres_test::SetUp();
    connection.emplace(database());
    tx.emplace(*connection);
    ASSERT_TRUE(create_carrier(*tx, {.id = id_of(1), .name = "First"}).has_value());
  }

  void expect_equal(const trunk& left, const trunk& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.carrier_id, right.carrier_id);
    EXPECT_EQ(left.name, right.name);
    EXPECT_EQ(left.host, right.host);
    EXPECT_EQ(left.port, right.port);
    EXPECT_EQ(left.transport, right.transport);
    ASSERT_EQ(left.digest.has_value(), right.digest.has_value());
    if (left.digest) {
      EXPECT_EQ(left.digest->username, right.digest->username);
      EXPECT_EQ(left.digest->password, right.digest->password);
      EXPECT_EQ(left.digest->realm, right.digest->realm);
    }
    EXPECT_EQ(left.registers, right.registers);
    EXPECT_EQ(left.from_domain, right.from_domain);
    EXPECT_EQ(left.codecs, right.codecs);
    EXPECT_EQ(left.dtmf, right.dtmf);
    EXPECT_EQ(left.echo_canceller, right.echo_canceller);
    EXPECT_EQ(left.echo_tail_ms, right.echo_tail_ms);
    EXPECT_EQ(left.caller_id, right.caller_id);
    EXPECT_EQ(left.numbers, right.numbers);
    EXPECT_EQ(left.region, right.region);
    EXPECT_EQ(left.default_caller, right.default_caller);
    EXPECT_EQ(left.failover_codes, right.failover_codes);
    EXPECT_EQ(left.user_phone, right.user_phone);
    EXPECT_EQ(left.trusted_identity, right.trusted_identity);
    EXPECT_EQ(left.sign_identity, right.sign_identity);
    EXPECT_EQ(left.redirections, right.redirections);
    EXPECT_EQ(left.reliable_progress, right.reliable_progress);
    EXPECT_EQ(left.inbound_by, right.inbound_by);
    EXPECT_EQ(left.srtp, right.srtp);
    ASSERT_EQ(left.inbound_digest.has_value(), right.inbound_digest.has_value());
    if (left.inbound_digest) {
      EXPECT_EQ(left.inbound_digest->username, right.inbound_digest->username);
      EXPECT_EQ(left.inbound_digest->password, right.inbound_digest->password);
    }
    EXPECT_EQ(left.inbound_sources, right.inbound_sources);
    EXPECT_EQ(left.served_prefixes, right.served_prefixes);
    EXPECT_EQ(left.capacity_calls, right.capacity_calls);
    EXPECT_EQ(left.capacity_calls_per_second, right.capacity_calls_per_second);
    EXPECT_EQ(left.priority, right.priority);
    EXPECT_EQ(left.weight, right.weight);
    EXPECT_EQ(left.probes, right.probes);
    EXPECT_EQ(left.enabled, right.enabled);
  }

  std::optional<pqxx::connection> connection;
  std::optional<pqxx::work> tx;
};

TEST_F(TrunkStore, KeepsEveryField) {
  const trunk full = full_trunk();
  ASSERT_TRUE(create_trunk(*tx, full).has_value());
  const auto found = find_trunk(*tx, full.id);
  ASSERT_TRUE(found);
  expect_equal(*found, full);

  trunk plain;
  plain.id = id_of(7);
  plain.carrier_id = id_of(1);
  plain.name = "plain";
  plain.host = "carrier.example";
  ASSERT_TRUE(update_trunk(*tx, plain).has_value());
  expect_equal(find_trunk(*tx, plain.id).value(), plain);
}

TEST_F(TrunkStore, CreatingAgainChangesNothing) {
  trunk made = full_trunk();
  ASSERT_TRUE(create_trunk(*tx, made).has_value());
  made.port = 5070;
  ASSERT_TRUE(create_trunk(*tx, made).has_value());
  EXPECT_EQ(find_trunk(*tx, made.id)->port, 65535);
  ASSERT_TRUE(create_carrier(*tx, {.id = id_of(1), .name = "First"}).has_value());
  EXPECT_EQ(list_carriers(*tx).size(), 1U);
}

TEST_F(TrunkStore, TellsConflicts) {
  EXPECT_EQ(create_carrier(*tx, {.id = id_of(2), .name = "First"}).error(), trunk_error::name_taken);
  EXPECT_EQ(create_carrier(*tx, {.id = id_of(2), .name = ""}).error(), trunk_error::bad_name);
  EXPECT_EQ(update_carrier(*tx, {.id = id_of(9), .name = "x"}).error(), trunk_error::no_such_carrier);
  ASSERT_TRUE(create_carrier(*tx, {.id = id_of(2), .name = "Second"}).has_value());
  EXPECT_EQ(update_carrier(*tx, {.id = id_of(2), .name = "First"}).error(), trunk_error::name_taken);

  trunk made = full_trunk();
  ASSERT_TRUE(create_trunk(*tx, made).has_value());
  trunk other = made;
  other.id = id_of(8);
  EXPECT_EQ(create_trunk(*tx, other).error(), trunk_error::name_taken);
  EXPECT_EQ(update_trunk(*tx, other).error(), trunk_error::no_such_trunk);
  other.name = "other";
  other.carrier_id = id_of(9);
  EXPECT_EQ(create_trunk(*tx, other).error(), trunk_error::no_such_carrier);
  other.carrier_id = id_of(1);
  other.host = "bad host";
  EXPECT_EQ(create_trunk(*tx, other).error(), trunk_error::bad_host);
  other.host = "192.0.2.2";
  ASSERT_TRUE(create_trunk(*tx, other).has_value());
  other.name = made.name;
  EXPECT_EQ(update_trunk(*tx, other).error(), trunk_error::name_taken);
  made.carrier_id = id_of(9);
  EXPECT_EQ(update_trunk(*tx, made).error(), trunk_error::no_such_carrier);
}

TEST_F(TrunkStore, RemovesCarriersOnlyWithoutTrunks) {
  const trunk made = full_trunk();
  ASSERT_TRUE(create_trunk(*tx, made).has_value());
  EXPECT_EQ(remove_carrier(*tx, id_of(1)).error(), trunk_error::carrier_in_use);
  ASSERT_TRUE(remove_trunk(*tx, made.id).has_value());
  EXPECT_EQ(remove_trunk(*tx, made.id).error(), trunk_error::no_such_trunk);
  EXPECT_FALSE(find_trunk(*tx, made.id));
  ASSERT_TRUE(remove_carrier(*tx, id_of(1)).has_value());
  EXPECT_EQ(remove_carrier(*tx, id_of(1)).error(), trunk_error::no_such_carrier);
  EXPECT_FALSE(find_carrier(*tx, id_of(1)));
}

TEST_F(TrunkStore, UsableAreEnabledTrunksOfEnabledCarriers) {
  ASSERT_TRUE(create_carrier(*tx, {.id = id_of(2), .name = "Off", .enabled = false}).has_value());
  const auto add = [&](std::uint8_t number, std::uint8_t carrier_number, const char* name, bool enabled) {
    trunk made = full_trunk();
    made.id = id_of(number);
    made.carrier_id = id_of(carrier_number);
    made.name = name;
    made.enabled = enabled;
    ASSERT_TRUE(create_trunk(*tx, made).has_value());
  };
  add(11, 1, "b", true);
  add(12, 1, "a", true);
  add(13, 1, "c", false);
  add(14, 2, "d", true);
  EXPECT_EQ(list_trunks(*tx).size(), 4U);
  const auto usable = list_usable_trunks(*tx);
  ASSERT_EQ(usable.size(), 2U);
  EXPECT_EQ(usable[0].name, "a");
  EXPECT_EQ(usable[1].name, "b");
  EXPECT_FALSE(find_carrier(*tx, id_of(2))->enabled);
  EXPECT_EQ(usable[0].carrier_capacity_calls, 0);
  const carrier limited{
      .id = id_of(1), .name = "First", .capacity_calls = 40, .capacity_calls_per_second = 4};
  ASSERT_TRUE(update_carrier(*tx, limited).has_value());
  EXPECT_EQ(find_carrier(*tx, id_of(1))->capacity_calls, 40);
  EXPECT_EQ(list_usable_trunks(*tx)[1].carrier_capacity_calls, 40);
  EXPECT_EQ(list_usable_trunks(*tx)[1].carrier_capacity_calls_per_second, 4);
  EXPECT_EQ(update_carrier(*tx, {.id = id_of(1), .name = "First", .capacity_calls = -1}).error(),
            trunk_error::bad_capacity);
}

}  // namespace
}  // namespace tollgate::pstn::trunk
