// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

namespace tollgate::gateway {

bool take_up_key(pqxx::transaction_base& tx, std::string_view name, std::span<const unsigned char> secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(name.data()), name.size(),
       made.data(), &size);
  const pqxx::binarystring digest(made.data(), size);
  tx.exec_params0("INSERT INTO gateway.key_check (name, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING", std::string(name), digest);
  return tx.exec_params1("SELECT digest = $2 FROM gateway.key_check WHERE name = $1", std::string(name), digest)[0].as<bool>();
}

}  // namespace tollgate::gateway
