// SPDX-License-Identifier: Apache-2.0
// The OpenAPI document and the table of resources name the same things.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/entity_tag.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {
namespace {

// "{account_id}" as the table writes it.
std::string without_names(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (!inside || c == '}') out += c;
    inside = c == '{' || (inside && c != '}');
  }
  return out;
}

boost::json::value read_document() {
  std::ifstream in(TOLLGATE_SOURCE_DIR "/gateway/api/openapi.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return boost::json::parse(text);
}

TEST(OpenApi, NamesEveryResourceAndNoOther) {
  const boost::json::value document = read_document();
  std::set<std::string> documented, served;
  for (const auto& [path, methods] : document.at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object()) {
      std::string name(method);
      for (char& c : name)
        c = static_cast<char>(c - 'a' + 'A');
      documented.insert(name + " " + without_names(path));
      const bool open = operation.as_object().contains("security");
      // Signed by the payment provider in place of a token; opened by a pass-phrase.
      EXPECT_EQ(open, !path.starts_with("/v1/") || path == "/v1/openapi.json" || path.starts_with("/v1/docs") || path == "/v1/payment_events" || path == "/v1/sessions")
          << path;
    }
  for (const route& each : routes())
    served.insert(std::string(each.method) + " " + std::string(each.pattern));
  EXPECT_EQ(documented, served);
}

TEST(OpenApi, TellsTheRolesOfEveryOperation) {
  const boost::json::value document = read_document();
  std::set<std::string> documented, served;  // "GET /v1/rates: support"
  for (const auto& [path, methods] : document.at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object()) {
      const auto* const roles = operation.as_object().if_contains("x-roles");
      if (roles == nullptr) continue;
      std::string name(method);
      for (char& c : name)
        c = static_cast<char>(c - 'a' + 'A');
      for (const auto& each : roles->as_array())
        documented.insert(name + " " + without_names(path) + ": " + std::string(each.as_string()));
    }
  for (const route& each : routes())
    for (const role as : all_roles())
      if (as != role::admin && !each.who.open && is_allowed(each.who, as))
        served.insert(std::string(each.method) + " " + std::string(each.pattern) + ": " +
                      std::string(to_string(as)));
  EXPECT_EQ(documented, served);
}

TEST(OpenApi, TellsWhichHeadersAnOperationTakes) {
  const boost::json::value document = read_document();
  std::set<std::string> documented, served;  // "POST /v1/payments: IdempotencyKey"
  for (const auto& [path, methods] : document.at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object()) {
      const auto* const parameters = operation.as_object().if_contains("parameters");
      std::string name(method);
      for (char& c : name)
        c = static_cast<char>(c - 'a' + 'A');
      for (std::size_t i = 0; parameters != nullptr && i < parameters->as_array().size(); ++i)
        if (const auto* const reference = parameters->as_array()[i].as_object().if_contains("$ref")) {
          const std::string_view text = reference->as_string();
          if (text.ends_with("/Fields") || text.ends_with("/Cursor") || text.ends_with("/Sort") || text.ends_with("/Limit")) continue;  // of the query
          documented.insert(name + " " + without_names(path) + ": " + std::string(text.substr(text.rfind('/') + 1)));
        }
    }
  for (const route& each : routes()) {
    const std::string name = std::string(each.method) + " " + std::string(each.pattern) + ": ";
    request question;
    ASSERT_TRUE(parse_target(each.pattern, question));
    const route* const reader = tagging_route(question);
    if (takes_key(each)) served.insert(name + "IdempotencyKey");
    if (is_tagged(each)) served.insert(name + "IfNoneMatch");
    if (each.method != "GET" && each.method != "POST" && reader != nullptr && is_tagged(*reader)) served.insert(name + "IfMatch");
  }
  EXPECT_EQ(documented, served);
}

}  // namespace
}  // namespace tollgate::gateway::api
