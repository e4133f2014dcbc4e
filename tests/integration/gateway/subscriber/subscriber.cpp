// SPDX-License-Identifier: Apache-2.0
// Subscribers and their log-in with a real PostgreSQL.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <pqxx/result>

#include "gateway/db/database.hpp"
#include "gateway/subscriber/caller_choice.hpp"
#include "gateway/subscriber/calling_policy.hpp"
#include "gateway/subscriber/login.hpp"
#include "gateway/subscriber/passphrase.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway::subscriber {
namespace {

using boost::system::result;
using namespace std::chrono_literals;

uuid id_of(const char* text) {
  return boost::uuids::name_generator_sha1(boost::uuids::ns::dns())(text);
}

class Subscriber : public tests::postgres_test {
 protected:
  void SetUp() override {
    postgres_test::SetUp();
    pool_ = std::make_unique<db::database>(db::database_options{.url = postgres_test::database()});
  }
  template <class F>
  auto in(F work) {
    return pool_->run_blocking(work);
  }
  result<subscriber_record> create(const char* name) {
    return in([&](pqxx::work& tx) {
      return create_subscriber(tx,
                               {.account_id = id_of(name),
                                .name = name,
                                .passphrase_hash = *hash_passphrase("pass-phrase of " + std::string(name)),
                                .region = "US",
                                .display_name = "",
                                .ring_timeout = 20s});
    });
  }
  result<subscriber_record> log_in(const std::string& name, const std::string& passphrase,
                                   const std::string& address = "192.0.2.1") {
    boost::asio::io_context context;
    login_desk desk(*pool_, hasher_, {.failures = 3, .window = 900s});
    auto answer =
        boost::asio::co_spawn(context, desk.check(name, passphrase, address), boost::asio::use_future);
    context.run();
    return answer.get();
  }
  std::unique_ptr<db::database> pool_;
  passphrase_hasher hasher_;
};

TEST_F(Subscriber, IsCreatedFoundAndListedOnce) {
  ASSERT_TRUE(create("Bob"));
  ASSERT_TRUE(create("alice"));
  EXPECT_EQ(create("BOB").error(), errc::name_taken);
  const auto found = in([](pqxx::work& tx) { return find_subscriber(tx, "bOb"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->account_id, id_of("Bob"));
  EXPECT_EQ(found->name, "bob");
  EXPECT_EQ(found->ring_timeout, 20s);
  EXPECT_EQ(in([](pqxx::work& tx) { return find_subscriber(tx, id_of("Bob")); })->name, "bob");
  EXPECT_EQ(in([](pqxx::work& tx) { return find_subscriber(tx, "nobody"); }).error(), errc::no_subscriber);
  const auto page = *in([](pqxx::work& tx) { return list_subscribers(tx, 1); });
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].name, "alice");
  EXPECT_EQ((*in([](pqxx::work& tx) { return list_subscribers(tx, 9, "alice"); }))[0].name, "bob");
}

TEST_F(Subscriber, ChangesOnlyWhatIsAskedFor) {
  ASSERT_TRUE(create("bob"));
  const auto changed = in([](pqxx::work& tx) {
    subscriber_change change;
    change.ring_timeout = 45s;
    change.display_name = "Bob B.";
    return change_subscriber(tx, id_of("bob"), change);
  });
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->ring_timeout, 45s);
  EXPECT_EQ(changed->display_name, "Bob B.");
  EXPECT_EQ(changed->region, "US");
  const auto refused = in([](pqxx::work& tx) {
    subscriber_change change;
    change.ring_timeout = 1s;
    return change_subscriber(tx, id_of("bob"), change);
  });
  EXPECT_EQ(refused.error(), errc::setting_out_of_range);
  const auto unknown = in([](pqxx::work& tx) { return change_subscriber(tx, id_of("eve"), {}); });
  EXPECT_EQ(unknown.error(), errc::no_subscriber);
}

TEST_F(Subscriber, LogsInByPassphraseOnly) {
  ASSERT_TRUE(create("bob"));
  const auto found = log_in("BOB", "pass-phrase of bob");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->account_id, id_of("bob"));
  EXPECT_EQ(log_in("bob", "pass-phrase of eve").error(), errc::wrong_passphrase);
  EXPECT_EQ(log_in("eve", "pass-phrase of eve").error(), errc::wrong_passphrase);
  EXPECT_EQ(log_in("' OR 1=1", "pass-phrase").error(), errc::wrong_passphrase);
}

TEST_F(Subscriber, BlockedOneIsToldOnlyWithTheRightPassphrase) {
  ASSERT_TRUE(create("bob"));
  in([](pqxx::work& tx) {
    subscriber_change change;
    change.status = subscriber_status::blocked;
    return change_subscriber(tx, id_of("bob"), change);
  });
  EXPECT_EQ(log_in("bob", "pass-phrase of bob").error(), errc::blocked);
  EXPECT_EQ(log_in("bob", "another pass-phrase").error(), errc::wrong_passphrase);
}

TEST_F(Subscriber, WrongPassphrasesLockOutThatNameFromThatAddress) {
  ASSERT_TRUE(create("bob"));
  ASSERT_TRUE(create("ann"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(log_in("bob", "wrong pass-phrase").error(), errc::wrong_passphrase);
  EXPECT_EQ(log_in("bob", "pass-phrase of bob").error(), errc::locked_out);
  EXPECT_TRUE(log_in("bob", "pass-phrase of bob", "192.0.2.2"));
  EXPECT_TRUE(log_in("ann", "pass-phrase of ann"));
  in([](pqxx::work& tx) {
    tx.exec("UPDATE gateway.login_failure SET failed_at = failed_at - interval '16 minutes'");
  });
  EXPECT_TRUE(log_in("bob", "pass-phrase of bob"));
}

TEST_F(Subscriber, RightPassphraseForgivesEarlierWrongOnes) {
  ASSERT_TRUE(create("bob"));
  for (int round = 0; round < 12; ++round) {
    EXPECT_EQ(log_in("bob", "wrong pass-phrase").error(), errc::wrong_passphrase);
    EXPECT_EQ(log_in("bob", "wrong pass-phrase").error(), errc::wrong_passphrase);
    EXPECT_TRUE(log_in("bob", "pass-phrase of bob"));
  }
  EXPECT_EQ(*in([](pqxx::work& tx) {
    return tx.exec("SELECT count(*) FROM gateway.login_failure")[0][0].as<int>();
  }),
            0);
}

TEST_F(Subscriber, ANetworkIsOneAddress) {
  ASSERT_TRUE(create("bob"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(log_in("bob", "wrong pass-phrase", "2001:db8:1:2::" + std::to_string(i + 1)).error(), errc::wrong_passphrase);
  EXPECT_EQ(log_in("bob", "pass-phrase of bob", "2001:db8:1:2::9").error(), errc::locked_out);
  EXPECT_TRUE(log_in("bob", "pass-phrase of bob", "2001:db8:1:3::9"));
}

TEST_F(Subscriber, NamesThatNobodyHasCostTheirAddressATryAndNoHash) {
  ASSERT_TRUE(create("bob"));
  hasher_.stop();  // whoever hashes now waits for ever
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(log_in("!", "pass-phrase", "192.0.2.77").error(), errc::wrong_passphrase);
  EXPECT_EQ(log_in("!", "pass-phrase", "192.0.2.77").error(), errc::locked_out);
  EXPECT_EQ(log_in("!", "pass-phrase", "192.0.2.78").error(), errc::wrong_passphrase) << "nobody has that name, so nobody is locked by it";
}

TEST_F(Subscriber, GuessesFromManyAddressesAreCountedTogether) {
  ASSERT_TRUE(create("bob"));
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(log_in("bob", "wrong pass-phrase", "192.0.2." + std::to_string(i)).error(),
              errc::wrong_passphrase);
  EXPECT_EQ(log_in("bob", "pass-phrase of bob", "198.51.100.1").error(), errc::locked_out);
}

TEST_F(Subscriber, NobodyIsLetInWithoutADatabase) {
  ASSERT_TRUE(create("bob"));
  pool_->stop();
  EXPECT_EQ(log_in("bob", "pass-phrase of bob").error(), db::errc::stopped);
}

TEST_F(Subscriber, HasACallingPolicyOfItsOwn) {
  ASSERT_TRUE(create("alice"));
  const auto read = [&] {
    return *in([](pqxx::work& tx) { return find_calling_policy(tx, id_of("alice")); });
  };
  const auto set = [&](const char* name, const calling_policy& policy) -> result<void> {
    return in([&](pqxx::work& tx) { return set_calling_policy(tx, id_of(name), policy); });
  };
  EXPECT_FALSE(read().dial.premium_rate);
  EXPECT_FALSE(read().calls);
  calling_policy wanted;
  wanted.dial.premium_rate = true;
  wanted.dial.high_risk = false;
  wanted.dial.open_prefixes = {"4490", "1"};
  wanted.dial.shut_countries = {"FR", "IT"};
  wanted.calls = 0;
  wanted.country_spend_day_micros = 5'000'000'000;
  ASSERT_FALSE(set("alice", wanted).has_error());
  EXPECT_EQ(read().dial.premium_rate, true);
  EXPECT_EQ(read().dial.high_risk, false);
  EXPECT_FALSE(read().dial.satellite);
  EXPECT_EQ(read().dial.open_prefixes, wanted.dial.open_prefixes);
  EXPECT_EQ(read().dial.shut_countries, wanted.dial.shut_countries);
  EXPECT_EQ(read().calls, 0);
  EXPECT_EQ(read().country_spend_day_micros, 5'000'000'000);
  const auto several = *in([](pqxx::work& tx) {
    return find_calling_policies(tx, {id_of("alice"), id_of("nobody"), id_of("alice")});
  });
  ASSERT_EQ(several.size(), 1U);
  EXPECT_EQ(several.at(id_of("alice")).dial.open_prefixes, wanted.dial.open_prefixes);
  EXPECT_TRUE(in([](pqxx::work& tx) { return find_calling_policies(tx, {}); })->empty());
  ASSERT_FALSE(set("alice", {}).has_error());
  EXPECT_FALSE(read().dial.premium_rate);
  EXPECT_TRUE(read().dial.open_prefixes.empty());

  EXPECT_EQ(set("nobody", wanted).error(), errc::no_subscriber);
  for (const auto& spoil : {+[](calling_policy& p) { p.dial.open_prefixes = {"+44"}; },
                            +[](calling_policy& p) { p.dial.shut_prefixes = {""}; },
                            +[](calling_policy& p) { p.dial.shut_prefixes = {"1234567890123456"}; },
                            +[](calling_policy& p) { p.dial.countries = {"XX"}; },
                            +[](calling_policy& p) { p.dial.shut_countries = {"gb"}; },
                            +[](calling_policy& p) { p.calls = -1; }}) {
    calling_policy bad = wanted;
    spoil(bad);
    EXPECT_EQ(set("alice", bad).error(), errc::policy_malformed);
  }
}

TEST_F(Subscriber, ShowsOnlyNumbersOfItsOwn) {
  ASSERT_TRUE(create("alice"));
  const auto number = [](const char* text) { return pstn::phone_number::parse(text).value(); };
  const auto rented = number("+16505550100"), verified = number("+442079460958"),
             other = number("+442079460959");
  caller_choice wanted{.verified = {verified}, .shown = other, .withheld = true};
  const auto set = [&](const char* name) {
    return in([&](pqxx::work& tx) { return set_caller_choice(tx, id_of(name), wanted); });
  };
  ASSERT_FALSE(set("alice").has_error());
  EXPECT_EQ(set("nobody").error(), errc::no_subscriber);
  const auto read = *in([](pqxx::work& tx) { return find_caller_choice(tx, id_of("alice")); });
  EXPECT_EQ(read.verified, wanted.verified);
  EXPECT_EQ(read.shown, other);
  EXPECT_TRUE(read.withheld);
  EXPECT_EQ(shown_number(read, {rented}), rented) << "neither rented nor verified: not shown";
  EXPECT_EQ(shown_number(read, {}), verified);
  EXPECT_EQ(shown_number(read, {rented, other}), other);
  EXPECT_EQ(shown_number({.verified = {verified}, .shown = verified}, {rented}), verified);
  EXPECT_EQ(shown_number({}, {}), std::nullopt);
}

}  // namespace
}  // namespace tollgate::gateway::subscriber
