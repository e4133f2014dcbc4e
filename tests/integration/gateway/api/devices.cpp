// SPDX-License-Identifier: Apache-2.0
// Devices, and the end of their credentials.
#include <gmock/gmock.h>

#include "fixture.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Devices : public Api {
 protected:
  std::int64_t generation_of(const std::string& account) {
    return pool_
        ->run_blocking([&](pqxx::work& tx) {
          return subscriber::find_subscriber(tx, *parse_uuid(account)).value().credential_generation;
        })
        .value();
  }
  std::string log_in(const std::string& name) {
    const answer made = post("/v1/sessions", R"({"name":")" + name + R"(","passphrase":"correct horse battery"})");
    EXPECT_EQ(made.status, 201U) << made.text;
    return made.string("token");
  }
  unsigned status_as(const std::string& token, const std::string& target) {
    const std::string admin = std::exchange(token_, token);
    const unsigned status = get(target).status;
    token_ = admin;
    return status;
  }
  std::string create(const std::string& name) {
    const answer made = post("/v1/accounts", R"({"name":")" + name + R"(","passphrase":"correct horse battery"})");
    EXPECT_EQ(made.status, 201U) << made.text;
    return made.string("id");
  }
};

TEST_F(Devices, CredentialsEndWithThePassphraseAndTheAccountAndWhenTheyAreRevoked) {
  const std::string alice = create("alice"), path = "/v1/accounts/" + alice;
  const std::string session = log_in("alice");
  EXPECT_EQ(status_as(session, path), 200U);
  EXPECT_EQ(generation_of(alice), 0);
  EXPECT_EQ(send("PATCH", path, R"({"display_name":"Alice"})").status, 200U);
  EXPECT_EQ(generation_of(alice), 0);
  gateway_.take();

  const answer revoked = post(path + "/credentials/revocation", "");
  ASSERT_EQ(revoked.status, 200U) << revoked.text;
  EXPECT_EQ(revoked.string("name"), "alice");
  EXPECT_EQ(generation_of(alice), 1);
  EXPECT_THAT(gateway_.take(), ElementsAre("revoked"));
  EXPECT_EQ(status_as(session, path), 401U);

  EXPECT_EQ(send("PATCH", path, R"({"passphrase":"correct horse battery"})").status, 200U);
  EXPECT_EQ(generation_of(alice), 2) << "the same once more is a new one";
  EXPECT_EQ(send("PATCH", path, R"({"status":"blocked"})").status, 200U);
  EXPECT_EQ(generation_of(alice), 3);
  EXPECT_EQ(send("PATCH", path, R"({"status":"active"})").status, 200U);
  EXPECT_EQ(generation_of(alice), 3) << "what ended before stays ended, what is made now is good";
  EXPECT_EQ(post("/v1/accounts/00000000-0000-0000-0000-000000000000/credentials/revocation", "").status, 404U);
}

TEST_F(Devices, AreShownToTheirOwnerWithoutAddressesAndAreDisconnected) {
  const std::string alice = create("alice"), bob = create("bob"), path = "/v1/accounts/" + alice + "/devices";
  const answer all = get(path);
  ASSERT_EQ(all.status, 200U) << all.text;
  const auto& device = all.at("items").as_array().at(0).as_object();
  EXPECT_EQ(device.at("id"), "the session");
  EXPECT_EQ(device.at("kind"), "browser");
  EXPECT_EQ(device.at("address"), "192.0.2.7");
  const std::string session = log_in("alice");
  token_ = session;
  const answer own = get(path);
  EXPECT_EQ(own.status, 200U);
  EXPECT_THAT(own.text, Not(HasSubstr("192.0.2.7")));
  EXPECT_EQ(get("/v1/accounts/" + bob + "/devices").status, 403U);
  EXPECT_EQ(post("/v1/accounts/" + bob + "/credentials/revocation", "").status, 403U);
  gateway_.take();
  EXPECT_EQ(send("DELETE", path + "/the%20session").status, 204U);
  EXPECT_EQ(send("DELETE", path + "/another").status, 404U);
  EXPECT_THAT(gateway_.take(), ElementsAre("disconnect the session", "disconnect another"));
}

}  // namespace
}  // namespace tollgate::gateway::api
