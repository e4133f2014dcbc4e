// SPDX-License-Identifier: Apache-2.0
// Making, keeping and finding of admin tokens.
#include "gateway/api/admin_token.hpp"

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

}  // namespace

std::string make_admin_token() {
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

void store_admin_token(pqxx::transaction_base& tx, const std::string& token, const std::string& label) {
  tx.exec_params(
      "INSERT INTO gateway.admin_token (token_id, token_sha256, label) VALUES ($1, $2, $3) "
      "ON CONFLICT (token_sha256) DO NOTHING",
      boost::uuids::to_string(boost::uuids::random_generator()()), hash_of(token), label);
}

std::optional<boost::uuids::uuid> find_admin_token(pqxx::transaction_base& tx, std::string_view token) {
  if (token.size() < shortest_token || token.size() > longest_token) return std::nullopt;
  const auto rows = tx.exec_params(
      "SELECT token_id FROM gateway.admin_token WHERE token_sha256 = $1 AND revoked_at IS NULL",
      hash_of(token));
  if (rows.empty()) return std::nullopt;
  return boost::uuids::string_generator()(rows[0][0].as<std::string>());
}

void ensure_admin_token(db::database& database, const std::filesystem::path& file) {
  std::string token;
  if (std::ifstream in(file); in) in >> token;
  const bool fresh = token.empty();
  if (fresh) token = make_admin_token();
  if (token.size() < shortest_token || token.size() > longest_token)
    throw std::runtime_error(file.string() +
                             " does not hold an admin token; remove it to have a new one made");
  const auto stored = database.run_blocking([&](pqxx::work& tx) { store_admin_token(tx, token, "first"); },
                                            {.idempotent = true});
  if (stored.has_error())
    throw std::runtime_error("cannot store the admin token: " + stored.error().message());
  if (fresh) {
    write_private(file, token + "\n");
    spdlog::info("event=admin_token_made");
  }
}

}  // namespace tollgate::gateway::api
