// SPDX-License-Identifier: Apache-2.0
// /v1/openapi.json: what this gateway's API is, as it was built; it is read here as well, so that it cannot tell of another query than
// the one that is taken.
#include "gateway/api/document.hpp"

#include <map>
#include <set>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {

std::string_view openapi_document();  // gateway/api/openapi.json, made a unit of by embed.cmake

namespace {

namespace json = boost::json;
using name_set = std::set<std::string, std::less<>>;

// "GET /v1/accounts/{}", from the document's "get" and "/v1/accounts/{account_id}".
std::string key_of(std::string_view method, std::string_view path) {
  std::string key;
  for (const char c : method)
    key += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  key += ' ';
  bool inside = false;
  for (const char c : path) {
    if (!inside || c == '}') key += c;
    inside = c == '{' || (inside && c != '}');
  }
  return key;
}

name_set names_of(const json::object& operation, const json::object& shared) {
  name_set names;
  const auto* const parameters = operation.if_contains("parameters");
  if (parameters == nullptr) return names;
  for (const json::value& each : parameters->as_array()) {
    const auto* const reference = each.as_object().if_contains("$ref");
    const std::string_view place = reference == nullptr ? std::string_view() : std::string_view(reference->as_string());
    const json::object& told = reference == nullptr ? each.as_object() : shared.at(place.substr(place.rfind('/') + 1)).as_object();
    if (told.at("in") == "query") names.emplace(told.at("name").as_string());
  }
  return names;
}

std::map<std::string, name_set, std::less<>> read_document() {
  std::map<std::string, name_set, std::less<>> out;
  const json::value document = json::parse({openapi_document().data(), openapi_document().size()});
  const json::object& shared = document.at("components").at("parameters").as_object();
  for (const auto& [path, methods] : document.at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object())
      out[key_of(method, path)] = names_of(operation.as_object(), shared);
  return out;
}

}  // namespace

std::optional<reply> refuse_unknown_parameters(const route& of, const request& from) {
  if (from.query.empty()) return std::nullopt;
  static const auto known = read_document();
  const auto names = known.find(key_of(of.method, of.pattern));
  std::vector<field_error> errors;
  for (const auto& [name, value] : from.query)
    if (names == known.end() || !names->second.contains(name)) errors.push_back({name.substr(0, 100), "is not a parameter of this request", {}, true});
  if (errors.empty()) return std::nullopt;
  return problem(422, "invalid_request", "The request has parameters that this resource does not know.", errors);
}

boost::asio::awaitable<reply> get_document(services&, const request&) {
  reply out;
  out.body = openapi_document();
  co_return out;
}

}  // namespace tollgate::gateway::api
