// SPDX-License-Identifier: Apache-2.0
// Contexts for TLS 1.3, made of PEM texts.
#include "gateway/overlay/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <ctime>

#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

namespace ssl = boost::asio::ssl;

boost::system::result<ssl::context> make_context(ssl::context::method method) {
  ssl::context context(method);
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION) != 1)
    return overlay_error::certificate_invalid;
  return context;
}

}  // namespace

boost::system::result<ssl::context> make_server_context(std::string_view certificate_pem,
                                                        std::string_view key_pem) {
  auto context = make_context(ssl::context::tls_server);
  if (!context) return context.error();
  boost::system::error_code error;
  context->use_certificate_chain(boost::asio::buffer(certificate_pem), error);
  if (!error) context->use_private_key(boost::asio::buffer(key_pem), ssl::context::pem, error);
  const bool belong = !error && SSL_CTX_check_private_key(context->native_handle()) == 1;
  ERR_clear_error();
  if (!belong) return overlay_error::certificate_invalid;
  return context;
}

boost::system::result<ssl::context> make_client_context(std::string_view authority_pem) {
  auto context = make_context(ssl::context::tls_client);
  if (!context) return context.error();
  boost::system::error_code error;
  if (authority_pem.empty())
    context->set_default_verify_paths(error);
  else
    context->add_certificate_authority(boost::asio::buffer(authority_pem), error);
  if (!error) context->set_verify_mode(ssl::verify_peer, error);
  ERR_clear_error();
  if (error) return overlay_error::certificate_invalid;
  return context;
}

boost::system::result<std::chrono::system_clock::time_point> certificate_expiry(std::string_view pem) {
  const bio_handle input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const certificate_handle read(input ? PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  std::tm end{};
  if (!read || ASN1_TIME_to_tm(X509_get0_notAfter(read.get()), &end) != 1)
    return overlay_error::certificate_invalid;
  return std::chrono::system_clock::from_time_t(timegm(&end));
}

}  // namespace tollgate::gateway::overlay
