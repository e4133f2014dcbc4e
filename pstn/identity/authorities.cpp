// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/authorities.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <stdexcept>

#include "pstn/identity/openssl_handles.hpp"

namespace tollgate::pstn::identity {

authorities::authorities(std::string_view pem) : store_(X509_STORE_new(), X509_STORE_free) {
  require(store_ != nullptr, "memory");
  const auto roots = read_certificates(pem);
  if (roots.empty()) throw std::invalid_argument("there are no certificates of authorities");
  for (const auto& one : roots)
    require(X509_STORE_add_cert(store_.get(), one.get()) == 1, "store of authorities");
}

boost::system::result<void> authorities::check(const certificate_chain& chain, std::string_view number,
                                               wall_time now) const {
  using stack = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * list) { sk_X509_free(list); })>;
  const stack between(sk_X509_new_null());
  const std::unique_ptr<X509_STORE_CTX, openssl_release<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  require(between && context, "memory");
  const auto& certificates = chain.certificates();
  for (std::size_t index = 1; index < certificates.size(); ++index)
    require(sk_X509_push(between.get(), certificates[index].get()) > 0, "memory");
  require(X509_STORE_CTX_init(context.get(), store_.get(), chain.leaf(), between.get()) == 1, "memory");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(now));
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(chain_most_certificates));
  const bool trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!trusted) return identity_error::credential_untrusted;
  // Absent, all bits are set.
  if ((X509_get_key_usage(chain.leaf()) & KU_DIGITAL_SIGNATURE) == 0 || X509_check_ca(chain.leaf()) != 0)
    return identity_error::credential_untrusted;
  if (!chain.authority() || !chain.authority()->covers(number)) return identity_error::credential_untrusted;
  return {};
}

}  // namespace tollgate::pstn::identity
