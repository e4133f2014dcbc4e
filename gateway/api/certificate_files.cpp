// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/certificate_files.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

namespace tollgate::gateway::api {

namespace ssl = boost::asio::ssl;

// By inode, size and time of change: a file that is moved into the place of another is seen, too.
std::string certificate_files::state() const {
  std::string out;
  for (const auto* const each : {&paths_.certificate, &paths_.key, &paths_.client_authorities}) {
    struct stat found {};
    if (each->empty() || ::stat(each->c_str(), &found) != 0)
      out += "-;";
    else
      out += std::to_string(found.st_ino) + ":" + std::to_string(found.st_size) + ":" + std::to_string(found.st_mtim.tv_sec) + "." +
             std::to_string(found.st_mtim.tv_nsec) + ";";
  }
  return out;
}

bool certificate_files::changed() const {
  return state() != loaded_;
}

std::shared_ptr<ssl::context> certificate_files::load(std::string& why) {
  loaded_ = state();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // Sessions are not resumed: who may come in is asked of every connection, and a reload holds for all that follow.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  context->set_options(ssl::context::default_workarounds | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  boost::system::error_code error;
  const auto failed = [&](const std::filesystem::path& file, const char* what) {
    ERR_clear_error();
    why = file.string() + ": " + what;
    return std::shared_ptr<ssl::context>();
  };
  context->use_certificate_chain_file(paths_.certificate.string(), error);
  if (error) return failed(paths_.certificate, "cannot be read as a PEM chain");
  context->use_private_key_file(paths_.key.string(), ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(native) != 1)
    return failed(paths_.key, "cannot be read as the certificate's PEM key");
  if (!paths_.client_authorities.empty()) {
    context->load_verify_file(paths_.client_authorities.string(), error);
    if (error) return failed(paths_.client_authorities, "cannot be read as PEM certificates");
    SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(paths_.client_authorities.c_str()));
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  }
  ERR_clear_error();
  return context;
}

}  // namespace tollgate::gateway::api
