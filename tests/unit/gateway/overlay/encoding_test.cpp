// SPDX-License-Identifier: Apache-2.0
// Base64 in both alphabets, and its strictness.
#include "gateway/overlay/encoding.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::overlay {
namespace {

TEST(Encoding, TextsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : rows) {
    EXPECT_EQ(to_base64(bytes_of(plain)), encoded);
    const auto back = from_base64(encoded);
    ASSERT_TRUE(back) << encoded;
    EXPECT_EQ(to_base64(*back), encoded);
    const auto unpadded = encoded.substr(0, encoded.find('='));
    EXPECT_EQ(to_base64url(bytes_of(plain)), unpadded);
    EXPECT_TRUE(from_base64url(unpadded)) << encoded;
  }
}

TEST(Encoding, MalformedTextsAreRefused) {
  for (const auto* text : {"Z", "Zg==", "Zh", "Zm+v", "Zm/v", "Zm v", "Zm9vY", "\xc3\xa4"})
    EXPECT_FALSE(from_base64url(text)) << text;
  for (const auto* text : {"Zg", "Zg=", "Zg===", "Zh==", "====", "Zm-v", "Z==="})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Encoding, Sha256OfAbc) {
  EXPECT_EQ(to_base64url(sha256("abc")), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

}  // namespace
}  // namespace tollgate::gateway::overlay
