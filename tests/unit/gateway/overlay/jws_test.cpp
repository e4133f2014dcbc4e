// SPDX-License-Identifier: Apache-2.0
// ES256 and everything that is not ES256.
#include "gateway/overlay/jws.hpp"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {
namespace {

std::string with_header(const std::string& token, std::string_view header) {
  return to_base64url(bytes_of(header)) + token.substr(token.find('.'));
}

class Jws : public testing::Test {
 protected:
  private_key key_ = private_key::generate();
  std::string token_ = sign_jws(key_, "test", {{"answer", 42}});
};

TEST_F(Jws, SignedClaimsComeBack) {
  const auto claims = verify_jws(token_, key_.public_part(), "test");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->at("answer").as_int64(), 42);
}

TEST_F(Jws, WrongAlgorithmsTypesAndKeysAreRefused) {
  const struct {
    const char* name;
    std::string token;
    overlay_error error;
  } rows[] = {
      {"none", with_header(token_, R"({"alg":"none","typ":"test"})"), overlay_error::token_wrong_algorithm},
      {"HS256", with_header(token_, R"({"alg":"HS256","typ":"test"})"), overlay_error::token_wrong_algorithm},
      {"ES384", with_header(token_, R"({"alg":"ES384","typ":"test"})"), overlay_error::token_wrong_algorithm},
      {"no alg", with_header(token_, R"({"typ":"test"})"), overlay_error::token_wrong_algorithm},
      {"other typ", with_header(token_, R"({"alg":"ES256","typ":"JWT"})"), overlay_error::token_wrong_type},
      {"crit", with_header(token_, R"({"alg":"ES256","crit":["b64"],"typ":"test"})"),
       overlay_error::token_malformed},
      {"other order", with_header(token_, R"({"typ":"test","alg":"ES256"})"),
       overlay_error::token_bad_signature},
      {"no signature", token_.substr(0, token_.rfind('.') + 1), overlay_error::token_bad_signature},
      {"zero signature", token_.substr(0, token_.rfind('.') + 1) + std::string(86, 'A'),
       overlay_error::token_bad_signature},
      {"short signature", token_.substr(0, token_.size() - 6), overlay_error::token_bad_signature},
      {"two parts", token_.substr(0, token_.rfind('.')), overlay_error::token_malformed},
      {"four parts", token_ + ".AAAA", overlay_error::token_malformed},
      {"empty", "", overlay_error::token_malformed},
      {"huge", std::string(jws_size_max_bytes + 1, 'A'), overlay_error::token_malformed},
  };
  for (const auto& row : rows)
    EXPECT_EQ(verify_jws(row.token, key_.public_part(), "test").error(), row.error) << row.name;
  EXPECT_EQ(verify_jws(token_, private_key::generate().public_part(), "test").error(),
            overlay_error::token_bad_signature);
}

TEST_F(Jws, AnyChangedCharacterIsRefused) {
  for (std::size_t i = 0; i < token_.size(); ++i) {
    auto changed = token_;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != token_) {
      EXPECT_FALSE(verify_jws(changed, key_.public_part(), "test")) << i;
    }
  }
}

}  // namespace
}  // namespace tollgate::gateway::overlay
