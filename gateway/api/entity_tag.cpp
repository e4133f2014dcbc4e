// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/entity_tag.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace tollgate::gateway::api {
namespace {

constexpr std::size_t tag_bytes = 12;  // 96 bits: no two states of a resource will share them

// What has no state that could be held against a change: the process, and calls while they go on.
constexpr std::array<std::string_view, 13> untagged{"/v1/accounts/{}/devices", "/v1/events", "/v1/nodes", "/v1/nodes/{}", "/health",      "/ready",  "/metrics",       "/v1/status", "/v1/calls",
                                                   "/v1/calls/{}", "/v1/traces/{}", "/v1/cdrs/export", "/v1/cdr_exports/{}/file"};

// Members that change by themselves.
constexpr std::array<std::string_view, 9> live_members{"available", "available_micros", "new",    "saved",     "duration_ms",
                                                     "size_bytes", "waiting",         "failed", "last_error"};

// Nobody changes it but by what it tells of: no part of it is settable, and this one is read all the time.
constexpr std::string_view balance = "/v1/accounts/{}/balance";

// Fetched once: by its name it would be looked up at each use.
const EVP_MD* sha_256() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return algorithm.get();
}

std::string hash_of(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, sha_256(), nullptr);
  std::string out;
  for (std::size_t i = 0; i < tag_bytes; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

// The same without its live members; nothing: it has none.
std::optional<std::string> settable_part(const reply& seen) {
  if (!seen.content_type.starts_with("application/json")) return std::nullopt;
  // Most have none: that is seen without parsing. Our own JSON escapes no letter of a name.
  const auto is_written = [&](std::string_view name) {
    for (std::size_t at = seen.body.find(name); at != std::string::npos; at = seen.body.find(name, at + 1))
      if (at > 0 && seen.body[at - 1] == '"' && seen.body[at + name.size()] == '"') return true;
    return false;
  };
  if (std::none_of(live_members.begin(), live_members.end(), is_written)) return std::nullopt;
  boost::system::error_code error;
  auto value = boost::json::parse(seen.body, error);
  auto* const fields = error ? nullptr : value.if_object();
  if (fields == nullptr) return std::nullopt;
  bool any = false;
  for (const auto name : live_members)
    any |= fields->erase(name) > 0;
  if (const auto* const status = fields->if_contains("status"); status != nullptr && status->is_object())  // of a trunk; an account's is a word that is set
    any |= fields->erase("status") > 0;
  return any ? std::optional(boost::json::serialize(value)) : std::nullopt;
}

// The members of a list of tags, each with its quotes; weak ones are left out.
std::vector<std::string_view> strong_tags(std::string_view list) {
  std::vector<std::string_view> tags;
  while (!list.empty()) {
    const std::size_t open = list.find('"');
    if (open == std::string_view::npos) break;
    const std::size_t close = list.find('"', open + 1);
    if (close == std::string_view::npos) break;
    const bool weak = open >= 2 && list.substr(open - 2, 2) == "W/";
    if (!weak) tags.push_back(list.substr(open + 1, close - open - 1));
    list.remove_prefix(close + 1);
  }
  return tags;
}

bool is_any(std::string_view text) {
  const std::size_t star = text.find_first_not_of(" \t");
  return star != std::string_view::npos && text[star] == '*';
}

std::optional<entity_tag> read_tag(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(dot + 1);
  return entity_tag{std::string(text.substr(0, dot)), std::string(rest.substr(0, rest.find('.')))};
}

bool names(std::string_view list, const entity_tag& now, bool settable_alone) {
  const auto tags = strong_tags(list);
  return std::any_of(tags.begin(), tags.end(), [&](std::string_view each) {
    const auto tag = read_tag(each);
    return tag && (settable_alone ? tag->settable == now.settable : *tag == now);
  });
}

}  // namespace

std::string to_string(const entity_tag& tag, bool compressed) {
  return "\"" + tag.settable + "." + tag.whole + (compressed ? ".gzip\"" : "\"");
}

bool is_tagged(const route& of) {
  return of.method == "GET" && std::find(untagged.begin(), untagged.end(), of.pattern) == untagged.end();
}

std::optional<entity_tag> tag_of(const route& of, const reply& seen) {
  if (!is_tagged(of) || seen.status != 200 || seen.body.size() > tagged_most_bytes) return std::nullopt;
  entity_tag tag;
  tag.whole = hash_of(seen.body);
  const auto settable = of.pattern == balance ? std::nullopt : settable_part(seen);
  tag.settable = settable ? hash_of(*settable) : tag.whole;
  return tag;
}

bool may_change(const precondition& given, bool exists, const std::optional<entity_tag>& now) {
  if (!given.if_match.empty() && !(is_any(given.if_match) ? exists : now && names(given.if_match, *now, true))) return false;
  if (given.if_none_match.empty()) return true;
  return is_any(given.if_none_match) ? !exists : !(now && names(given.if_none_match, *now, true));
}

bool is_unchanged(std::string_view if_none_match, const entity_tag& now) {
  // RFC 9110 §13.1.2 compares weakly here: a weak form of our tag is ours as well, and intermediaries make some.
  std::string plain(if_none_match);
  for (std::size_t at = plain.find("W/\""); at != std::string::npos; at = plain.find("W/\""))
    plain.erase(at, 2);
  return is_any(plain) || names(plain, now, false);
}

request question_of(const request& from) {
  request out;
  out.method = from.method;
  out.path = from.path;
  out.parameters = from.parameters;
  out.address = from.address;
  out.request_id = from.request_id;
  out.by = from.by;
  return out;
}

const route* tagging_route(request& question) {
  question.method = "GET";
  for (; question.path.size() >= 2; question.path.pop_back())
    if (const routing chosen = choose_route(routes(), question); chosen.found != nullptr) return chosen.found;
  return nullptr;
}

}  // namespace tollgate::gateway::api
