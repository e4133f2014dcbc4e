// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/digest_client.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "pstn/sip/digest.hpp"

namespace tollgate::pstn::sip {
namespace {

/// Sofia allocates this (zeroed) for each challenge; it is plain data because nothing of ours runs when it is
/// freed.
struct digest_client {
  auth_client_t common;
  const char* nonce;   // unquoted, in the client's home, as are the others
  const char* opaque;  // nullptr: none
  std::array<char, 33> cnonce;
  std::uint32_t nonce_count;
  digest_algorithm algorithm;
  bool algorithm_named;
  bool qop_auth;
};

constexpr int challenge_kept = 1;     // auth_client.c, ca_challenge(): matched, nothing new
constexpr int challenge_updated = 2;  // matched; credentials need to be sent again

std::string unquoted(const char* text) {
  const std::string_view raw = text ? text : "";
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::string(raw);
  std::string out;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 2 < raw.size()) ++i;
    out.push_back(raw[i]);
  }
  return out;
}

std::string hexadecimal(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

std::string from_hexadecimal(std::string_view text) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<char>(value(text[i]) * 16 + value(text[i + 1])));
  }
  return out;
}

const char* parameter(const msg_auth_t* header, const char* name) {
  return msg_params_find(header->au_params, name);
}

int store_challenge(auth_client_t* client, const msg_auth_t* header) try {
  auto& self = *reinterpret_cast<digest_client*>(client);
  const char* named = parameter(header, "algorithm=");
  const auto algorithm = find_digest_algorithm(unquoted(named));
  const char* qop = parameter(header, "qop=");
  const std::string nonce = unquoted(parameter(header, "nonce="));
  const bool usable = algorithm && !nonce.empty() && (!qop || offers_auth(unquoted(qop)));
  // The same realm offered with several algorithms is several challenges in a row: the best one known stays.
  if (!usable || (self.nonce && *algorithm < self.algorithm)) return challenge_kept;

  const bool is_stale = su_casematch(unquoted(parameter(header, "stale=")).c_str(), "true");
  const bool is_first = self.nonce == nullptr;
  const bool is_better = !is_first && *algorithm > self.algorithm;
  const char* opaque = parameter(header, "opaque=");
  self.nonce = su_strdup(client->ca_home, nonce.c_str());
  self.opaque = opaque ? su_strdup(client->ca_home, unquoted(opaque).c_str()) : nullptr;
  self.algorithm = *algorithm;
  self.algorithm_named = named != nullptr;
  self.qop_auth = qop != nullptr;
  self.nonce_count = 0;
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return -1;
  const std::string cnonce = hexadecimal({reinterpret_cast<const char*>(random.data()), random.size()});
  cnonce.copy(self.cnonce.data(), cnonce.size());
  return is_first || is_better || is_stale ? challenge_updated : challenge_kept;
} catch (...) {
  return -1;
}

int authorize(auth_client_t* client, su_home_t* home, const char* method, const url_t* uri,
              const msg_payload_t*, msg_header_t** header) try {
  auto& self = *reinterpret_cast<digest_client*>(client);
  if (!client->ca_user || !client->ca_pass || client->ca_clear || !self.nonce) return 0;
  digest_challenge challenge;
  challenge.realm = unquoted(client->ca_realm);
  challenge.nonce = self.nonce;
  if (self.opaque) challenge.opaque = self.opaque;
  challenge.algorithm = self.algorithm;
  challenge.algorithm_named = self.algorithm_named;
  challenge.qop_auth = self.qop_auth;
  digest_request request;
  request.method = method;
  const char* uri_text = url_as_string(home, uri);
  if (!uri_text) return -1;
  request.uri = uri_text;
  request.username = from_hexadecimal(client->ca_user);
  request.password = from_hexadecimal(client->ca_pass);
  request.cnonce = self.cnonce.data();
  request.nonce_count = ++self.nonce_count;
  *header =
      msg_header_make(home, client->ca_credential_class, digest_authorization(challenge, request).c_str());
  return *header ? 0 : -1;
} catch (...) {
  return -1;
}

int forget(auth_client_t* client) {
  client->ca_clear = 1;
  return 1;
}

int take_next_nonce(auth_client_t* client, const msg_auth_info_t* info) try {
  auto& self = *reinterpret_cast<digest_client*>(client);
  const std::string next = unquoted(msg_params_find(info->ai_params, "nextnonce="));
  if (next.empty()) return 0;
  self.nonce = su_strdup(client->ca_home, next.c_str());
  self.nonce_count = 0;
  return 1;
} catch (...) {
  return -1;
}

constexpr auth_client_plugin_t plugin{
    sizeof(auth_client_plugin_t),
    sizeof(digest_client),
    // auc_register_plugin() replaces the first plug-in whose name differs in a letter's case or otherwise; a
    // challenge finds its plug-in ignoring the case. Spelt like this it lands in the place of Sofia's
    // "Digest".
    "digest",
    store_challenge,
    authorize,
    take_next_nonce,
    forget,
    nullptr,
    nullptr,
};

}  // namespace

void register_digest_client() {
  auc_register_plugin(&plugin);
}

std::optional<challenge_answer> answer_to_challenge(const sip_t* response, const digest_credentials& credentials,
                                                    const realms& answered) {
  if (!response) return std::nullopt;
  for (const msg_auth_t* list : {response->sip_www_authenticate, response->sip_proxy_authenticate}) {
    for (const msg_auth_t* one = list; one; one = one->au_next) {
      if (!one->au_scheme || !su_casematch(one->au_scheme, "Digest")) continue;
      const char* realm = parameter(one, "realm=");
      if (!realm || realm[0] != '"') continue;
      if (!answered.empty() && !answered.contains(unquoted(realm))) continue;
      // Sofia splits this text at colons: name and pass-word travel in hexadecimal.
      return challenge_answer{unquoted(realm), "Digest:" + std::string(realm) + ':' +
                                                   hexadecimal(credentials.username) + ':' +
                                                   hexadecimal(credentials.password)};
    }
  }
  return std::nullopt;
}

}  // namespace tollgate::pstn::sip
