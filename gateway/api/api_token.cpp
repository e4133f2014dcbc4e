// SPDX-License-Identifier: Apache-2.0
// Making, keeping and finding of tokens.
#include "gateway/api/api_token.hpp"

#include "gateway/api/token_list.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <spdlog/spdlog.h>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::uuids::uuid;
using time_point = api_token::time_point;

constexpr std::string_view prefix = "tga_";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t shortest_token = 20,
                      longest_token = 200;  // one that an admin put into the file by hand, too

pqxx::binarystring hash_of(std::string_view token) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 failed");
  return pqxx::binarystring(digest.data(), digest.size());
}

// Written beside it and renamed, so that nobody reads half a token.
void write_private(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path unfinished = file.string() + ".new";
  const int handle = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (handle < 0)
    throw std::system_error(errno, std::generic_category(), "cannot write " + unfinished.string());
  const bool written =
      write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(handle) == 0;
  const int error = errno;
  close(handle);
  if (!written)
    throw std::system_error(error, std::generic_category(), "cannot write " + unfinished.string());
  std::filesystem::rename(unfinished, file);
}

constexpr const char* select_tokens = R"(
  SELECT t.token_id, t.family_id, t.label, t.role, t.carrier_id, t.account_id,
    (extract(epoch FROM t.created_at) * 1000000)::bigint AS created,
    (extract(epoch FROM t.expires_at) * 1000000)::bigint AS expires,
    (extract(epoch FROM t.revoked_at) * 1000000)::bigint AS revoked
  FROM gateway.api_token t )";

std::optional<time_point> time_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return time_point(std::chrono::microseconds(field.as<std::int64_t>()));
}

std::optional<uuid> id_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return boost::uuids::string_generator()(field.as<std::string>());
}

std::string text_of(const std::optional<uuid>& id) {
  return id ? boost::uuids::to_string(*id) : "";
}

api_token token_of(const pqxx::row& row) {
  const auto as = parse_role(row["role"].as<std::string>());
  if (!as) throw std::logic_error("gateway: a token has an unknown role");
  api_token token;
  token.of = {*id_of(row["token_id"]), *as, id_of(row["carrier_id"]), id_of(row["account_id"]), *id_of(row["family_id"])};
  token.label = row["label"].as<std::string>();
  token.created_at = *time_of(row["created"]);
  token.expires_at = time_of(row["expires"]);
  token.revoked_at = time_of(row["revoked"]);
  return token;
}

std::optional<api_token> only(const pqxx::result& rows) {
  return rows.empty() ? std::nullopt : std::optional(token_of(rows[0]));
}

std::optional<std::int64_t> micros_of(const std::optional<time_point>& at) {
  if (!at) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(at->time_since_epoch()).count();
}

}  // namespace

std::string make_token() {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<unsigned char, secret_bytes> secret{};
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1)
    throw std::runtime_error("no random bytes");
  std::string token(prefix);
  std::uint32_t bits = 0;
  int count = 0;
  for (const unsigned char byte : secret) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6)
      token += alphabet[bits >> (count - 6) & 63];
  }
  return token + alphabet[bits << (6 - count) & 63];
}

std::optional<api_token> store_token(pqxx::transaction_base& tx, const std::string& secret,
                                     const api_token& wanted, const std::optional<boost::uuids::uuid>& id) {
  const auto expires = micros_of(wanted.expires_at);
  if (id) tx.exec_params("DELETE FROM gateway.api_token WHERE token_id = $1", boost::uuids::to_string(*id));
  // Of what a token is bound to, the row is there or nothing is inserted.
  tx.exec_params(R"(
      INSERT INTO gateway.api_token (token_id, token_sha256, label, role, carrier_id, account_id, expires_at, family_id)
      SELECT $1::uuid, $2::bytea, $3, $4, nullif($5, '')::uuid, nullif($6, '')::uuid,
             timestamptz 'epoch' + nullif($7, '')::bigint * interval '1 microsecond', coalesce(nullif($8, '')::uuid, $1::uuid)
      WHERE ($5 = '' OR EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = nullif($5, '')::uuid))
        AND ($6 = '' OR EXISTS (SELECT FROM gateway.subscriber WHERE account_id = nullif($6, '')::uuid))
      ON CONFLICT (token_sha256) DO NOTHING)",
                 boost::uuids::to_string(id ? *id : boost::uuids::random_generator()()), hash_of(secret), wanted.label,
                 std::string(to_string(wanted.of.as)), text_of(wanted.of.carrier_id),
                 text_of(wanted.of.account_id), expires ? std::to_string(*expires) : "",
                 wanted.of.family_id.is_nil() ? std::string() : boost::uuids::to_string(wanted.of.family_id));
  return only(tx.exec_params(std::string(select_tokens) + "WHERE token_sha256 = $1", hash_of(secret)));
}

std::optional<api_token> find_token(pqxx::transaction_base& tx, std::string_view secret) {
  if (secret.size() < shortest_token || secret.size() > longest_token) return std::nullopt;
  return only(tx.exec_params(std::string(select_tokens) + R"(
      LEFT JOIN gateway.subscriber s USING (account_id)
      WHERE token_sha256 = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        AND (account_id IS NULL OR s.status = 'active'))",
                             hash_of(secret)));
}

std::optional<api_token> find_token(pqxx::transaction_base& tx, const uuid& token_id) {
  return only(
      tx.exec_params(std::string(select_tokens) + "WHERE token_id = $1", boost::uuids::to_string(token_id)));
}

std::vector<api_token> list_tokens(pqxx::transaction_base& tx, const token_filter& which, const token_page& page) {
  const std::string beyond = page.oldest_first ? ">" : "<", way = page.oldest_first ? "" : " DESC";
  std::vector<api_token> found;
  for (const auto& row : tx.exec_params(std::string(select_tokens) + R"(
      WHERE CASE WHEN $3 = '' AND $4 = '' THEN t.role <> 'subscriber'
                 ELSE ($3 = '' OR t.role = $3) AND ($4 = '' OR t.account_id = nullif($4, '')::uuid) END
        AND ($2 = '' OR (t.created_at, t.token_id) )" + beyond + R"(
          (SELECT created_at, token_id FROM gateway.api_token WHERE token_id = nullif($2, '')::uuid))
      ORDER BY t.created_at)" + way + ", t.token_id" + way + " LIMIT $1",
                                        page.limit, text_of(page.cursor), which.as ? std::string(to_string(*which.as)) : "", text_of(which.account_id)))
    found.push_back(token_of(row));
  return found;
}

std::optional<api_token> revoke_token(pqxx::transaction_base& tx, const uuid& token_id,
                                      std::chrono::seconds grace) {
  tx.exec_params(R"(
      UPDATE gateway.api_token SET
        revoked_at = CASE WHEN $2::int = 0 THEN coalesce(revoked_at, now()) ELSE revoked_at END,
        expires_at = CASE WHEN $2::int = 0 THEN expires_at
                          ELSE least(expires_at, now() + make_interval(secs => $2::int)) END
      WHERE token_id = $1)",
                 boost::uuids::to_string(token_id), grace.count());
  return find_token(tx, token_id);
}

void revoke_tokens_of(pqxx::transaction_base& tx, const uuid& account_id) {
  tx.exec_params(
      "UPDATE gateway.api_token SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL",
      boost::uuids::to_string(account_id));
}

void remove_old_sessions(pqxx::transaction_base& tx) {
  tx.exec(
      "DELETE FROM gateway.api_token WHERE account_id IS NOT NULL AND expires_at < now() - interval '1 day'");
}

void ensure_admin_token(db::database& database, const std::filesystem::path& file) {
  std::string token;
  if (std::ifstream in(file); in) in >> token;
  const bool fresh = token.empty();
  if (fresh) token = make_token();
  if (token.size() < shortest_token || token.size() > longest_token)
    throw std::runtime_error(file.string() +
                             " does not hold an admin token; remove it to have a new one made");
  api_token first;
  first.label = "first";
  const auto stored =
      database.run_blocking([&](pqxx::work& tx) { store_token(tx, token, first); }, {.idempotent = true});
  if (stored.has_error())
    throw std::runtime_error("cannot store the admin token: " + stored.error().message());
  if (fresh) {
    write_private(file, token + "\n");
    spdlog::info("event=admin_token_made");
  }
}

}  // namespace tollgate::gateway::api
