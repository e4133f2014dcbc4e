// SPDX-License-Identifier: Apache-2.0
// ES256: ECDSA on P-256 with SHA-256, the signature as r||s instead of DER (RFC 7518 §3.4).
#include "gateway/overlay/jws.hpp"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

using raw_signature = std::array<unsigned char, 64>;

std::string header_of(std::string_view type) {
  return boost::json::serialize(boost::json::object{{"alg", "ES256"}, {"typ", type}});
}

raw_signature sign(EVP_PKEY* key, std::string_view input) {
  const digest_context_handle context(EVP_MD_CTX_new());
  std::array<unsigned char, 80> der{};
  std::size_t size = der.size();
  require(context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), der.data(), &size,
                             reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1,
          "signature");
  const unsigned char* start = der.data();
  const signature_handle parts(d2i_ECDSA_SIG(nullptr, &start, static_cast<long>(size)));
  require(parts != nullptr, "signature");
  raw_signature result{};
  require(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), result.data(), 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), result.data() + 32, 32) == 32,
          "signature");
  return result;
}

bool verify(EVP_PKEY* key, std::string_view input, const std::vector<std::byte>& signature) {
  if (signature.size() != 64) return false;
  const auto* octets = reinterpret_cast<const unsigned char*>(signature.data());
  const signature_handle parts(ECDSA_SIG_new());
  bignum_handle r(BN_bin2bn(octets, 32, nullptr));
  bignum_handle s(BN_bin2bn(octets + 32, 32, nullptr));
  require(parts && r && s && ECDSA_SIG_set0(parts.get(), r.get(), s.get()) == 1, "memory");
  static_cast<void>(r.release());  // the signature owns both now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  require(size > 0, "memory");
  const std::unique_ptr<unsigned char, decltype([](unsigned char* memory) { OPENSSL_free(memory); })> owned(
      der);
  const digest_context_handle context(EVP_MD_CTX_new());
  require(context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1, "memory");
  return EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size),
                          reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
}

// The JSON object in one base64url part.
boost::system::result<boost::json::object> decode_object(std::string_view part) {
  const auto octets = from_base64url(part);
  if (!octets) return overlay_error::token_malformed;
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 8;
  auto value =
      boost::json::parse({reinterpret_cast<const char*>(octets->data()), octets->size()}, error, {}, options);
  if (error || !value.is_object()) return overlay_error::token_malformed;
  return std::move(value.get_object());
}

}  // namespace

std::string sign_jws(const private_key& key, std::string_view type, const boost::json::object& claims) {
  auto token =
      to_base64url(bytes_of(header_of(type))) + '.' + to_base64url(bytes_of(boost::json::serialize(claims)));
  const auto signature = sign(key.native(), token);
  token += '.';
  token += to_base64url(std::as_bytes(std::span(signature)));
  return token;
}

boost::system::result<boost::json::object> verify_jws(std::string_view token, const public_key& key,
                                                      std::string_view type) {
  if (token.size() > jws_size_max_bytes) return overlay_error::token_malformed;
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return overlay_error::token_malformed;
  const auto claims_part = token.substr(first + 1, last - first - 1);
  const auto signature = from_base64url(token.substr(last + 1));
  if (!signature || claims_part.find('.') != std::string_view::npos) return overlay_error::token_malformed;

  const auto header = decode_object(token.substr(0, first));
  if (!header) return header.error();
  if (find_text(*header, "alg") != "ES256") return overlay_error::token_wrong_algorithm;
  if (find_text(*header, "typ") != type) return overlay_error::token_wrong_type;
  if (header->size() != 2)  // "crit", "jwk", "x5u", …: nothing of it is understood here
    return overlay_error::token_malformed;

  if (!verify(key.native(), token.substr(0, last), *signature)) return overlay_error::token_bad_signature;
  return decode_object(claims_part);
}

}  // namespace tollgate::gateway::overlay
