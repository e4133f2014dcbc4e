// SPDX-License-Identifier: Apache-2.0
// Bearer tokens of requests.
#include "gateway/api/authority.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

constexpr auto memory = std::chrono::seconds(5);
constexpr std::size_t most_remembered = 1'000;
constexpr std::size_t longest_token = 200;

// Fetched once: by its name it would be looked up at each use.
const EVP_MD* sha_256() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return algorithm.get();
}

std::string digest_of(std::string_view token) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (EVP_Digest(token.data(), token.size(), digest.data(), &size, sha_256(), nullptr) != 1) throw std::runtime_error("no SHA-256 is to be had");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
  static constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != scheme[i]) return {};
  }
  authorization.remove_prefix(scheme.size());
  while (authorization.starts_with(' '))
    authorization.remove_prefix(1);
  return authorization;
}

std::string client_of(const principal& who) {
  return boost::uuids::to_string(who.account_id.value_or(who.carrier_id.value_or(who.family_id)));
}

const token_authority::remembered* token_authority::recall(const std::string& key) const {
  const auto found = known_.find(key);
  if (found == known_.end()) return nullptr;
  const auto& end = found->second.token.expires_at;
  return end && *end <= std::chrono::system_clock::now() ? nullptr : &found->second;
}

bool token_authority::remembers(const std::string& token) const {
  return recall(digest_of(token)) != nullptr;
}

boost::asio::awaitable<boost::system::result<std::optional<principal>>> token_authority::find(
    std::string token, std::string client) {
  using answer = boost::system::result<std::optional<principal>>;
  if (token.empty() || token.size() > longest_token) co_return answer(std::nullopt);
  const std::string key = digest_of(token);
  const auto now = std::chrono::steady_clock::now();
  if (const auto* known = recall(key); known != nullptr && now - known->at < memory)
    co_return answer(known->token.of);
  const unsigned forgotten = forgotten_;
  const auto look_up = [&](pqxx::work& tx) { return find_token(tx, token); };
  // A neighbour's guesses hold up nobody whose token has been good.
  if (const auto* known = recall(key); known != nullptr) client = client_of(known->token.of);
  database_access share = database_.of_client(std::move(client));
  const boost::system::result<std::optional<api_token>> asked = co_await share.run(look_up, db::run_options{.idempotent = true});
  if (asked.has_error()) {
    const auto* known = recall(key);
    co_return known == nullptr ? answer(asked.error()) : answer(known->token.of);
  }
  known_.erase(key);
  if (!asked->has_value()) co_return answer(std::nullopt);
  if (forgotten == forgotten_) {
    if (known_.size() >= most_remembered) known_.clear();
    known_[key] = {**asked, now};
  }
  co_return answer((*asked)->of);
}

}  // namespace tollgate::gateway::api
