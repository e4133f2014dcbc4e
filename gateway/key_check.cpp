// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/key_store.hpp"

namespace tollgate::gateway {

namespace asio = boost::asio;

namespace {

// True: the secret is the one that the database is used with; the first that comes under this name is. What is noted is HMAC-SHA-256
// (RFC 2104) of the name by the secret.
bool take_up_key(pqxx::transaction_base& tx, std::string_view name, std::span<const unsigned char> secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(name.data()), name.size(),
       made.data(), &size);
  const pqxx::binarystring digest(made.data(), size);
  tx.exec_params0("INSERT INTO gateway.key_check (name, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING", std::string(name), digest);
  return tx.exec_params1("SELECT digest = $2 FROM gateway.key_check WHERE name = $1", std::string(name), digest)[0].as<bool>();
}

}  // namespace

asio::awaitable<void> check_audio_keys(db::database& database, const configuration& settings, const voicemail::audio_keys& keys) {
  const auto work = [&keys](pqxx::work& tx) {
    return voicemail::take_up_keys(tx, keys);
  };
  const auto complaints = co_await database.run(work, {.idempotent = true});
  if (!complaints) throw std::runtime_error("the database does not answer");
  if (complaints->empty()) co_return;
  std::string text = "voicemail.audio_keys_file: " + settings.voicemail.audio_keys_file.string();
  for (const auto& each : *complaints)
    text += "; " + each;
  throw std::runtime_error(text);
}

asio::awaitable<void> check_voucher_key(db::database& database, const configuration& settings) {
  const auto key = open_voucher_key(settings);
  const auto work = [&key](pqxx::work& tx) { return take_up_key(tx, "billing.voucher_key_file", key); };
  const boost::system::result<bool> same = co_await database.run(work, {.idempotent = true});
  if (same.has_error()) throw std::runtime_error("the database does not answer");
  if (*same) co_return;
  throw std::runtime_error(
      "billing.voucher_key_file: the database is used with another key than this node's; give every node the file of the first "
      "(keys/voucher.key below its state directory). Where that is lost, so are its vouchers: DELETE FROM gateway.key_check "
      "WHERE name = 'billing.voucher_key_file' lets the next node that starts bring its own");
}

}  // namespace tollgate::gateway
