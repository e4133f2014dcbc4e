// SPDX-License-Identifier: Apache-2.0
// A single exchange over Beast, with one deadline over all of it.
#include "gateway/api_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <cstdio>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace tollgate::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::uint64_t largest_answer = std::uint64_t{1} << 30;  // bytes

struct endpoint_name {
  std::string host, port;
  bool encrypted = false;
};

// "http://HOST[:PORT][/]" or https; a host in brackets is an IPv6 address.
bool parse_url(const std::string& url, endpoint_name& out) {
  static constexpr std::string_view clear = "http://", encrypted = "https://";
  out.encrypted = url.starts_with(encrypted);
  if (!out.encrypted && !url.starts_with(clear)) return false;
  std::string rest = url.substr(out.encrypted ? encrypted.size() : clear.size());
  while (rest.ends_with('/'))
    rest.pop_back();
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string::npos || rest.find('/') != std::string::npos) return false;
  const std::size_t colon = rest.find(':', bracket);
  out.host = bracket == 0 ? rest.substr(0, colon) : rest.substr(1, bracket - 1);
  out.port = colon == std::string::npos ? (out.encrypted ? "443" : "80") : rest.substr(colon + 1);
  return !out.host.empty() && !out.port.empty() &&
         out.port.find_first_not_of("0123456789") == std::string::npos;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

struct certificate_release {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using certificate_handle = std::shared_ptr<X509>;

certificate_handle read_certificate(const std::filesystem::path& file) {
  std::FILE* const in = std::fopen(file.c_str(), "re");
  if (in == nullptr) return nullptr;
  certificate_handle read(PEM_read_X509(in, nullptr, nullptr, nullptr), certificate_release());
  std::fclose(in);
  ERR_clear_error();
  return read;
}

boost::system::result<std::shared_ptr<asio::ssl::context>> make_context(const api_trust& trust, const std::string& host) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  if (!trust.authority.empty())
    context->load_verify_file(trust.authority.string(), error);
  else
    context->set_default_verify_paths(error);
  if (error) return make_error_code(boost::system::errc::invalid_argument);
  context->set_verify_mode(asio::ssl::verify_peer);
  if (trust.own_certificate.empty()) {
    context->set_verify_callback(asio::ssl::host_name_verification(host));
  } else {
    const auto own = read_certificate(trust.own_certificate);
    if (!own) return make_error_code(boost::system::errc::invalid_argument);
    // What stands above it does not matter: it is the file that the gateway on this machine serves.
    context->set_verify_callback([own](bool, asio::ssl::verify_context& chain) {
      X509_STORE_CTX* const native = chain.native_handle();
      return X509_STORE_CTX_get_error_depth(native) > 0 || X509_cmp(X509_STORE_CTX_get_current_cert(native), own.get()) == 0;
    });
  }
  if (!trust.certificate.empty()) context->use_certificate_chain_file(trust.certificate.string(), error);
  if (!error && !trust.key.empty()) context->use_private_key_file(trust.key.string(), asio::ssl::context::pem, error);
  if (error) return make_error_code(boost::system::errc::invalid_argument);
  return context;
}

template <class Stream>
asio::awaitable<api_response> converse(Stream& stream, const http::request<http::string_body>& request) {
  co_await http::async_write(stream, request, asio::use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_answer);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  http::response<http::string_body> response = parser.release();
  api_response out;
  out.status = response.result_int();
  for (const auto& field : response)
    out.headers[lower_case(std::string(field.name_string()))] = std::string(field.value());
  out.content_type = out.header("content-type");
  out.body = std::move(response.body());
  co_return out;
}

asio::awaitable<api_response> exchange(endpoint_name where, http::request<http::string_body> request,
                                       std::chrono::seconds timeout, std::shared_ptr<asio::ssl::context> tls) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(where.host, where.port, asio::use_awaitable);
  boost::beast::tcp_stream stream(executor);
  stream.expires_after(timeout);
  co_await stream.async_connect(found, asio::use_awaitable);
  if (!tls) co_return co_await converse(stream, request);
  asio::ssl::stream<boost::beast::tcp_stream&> encrypted(stream, *tls);
  boost::system::error_code no_address;
  asio::ip::make_address(where.host, no_address);
  if (no_address) SSL_set_tlsext_host_name(encrypted.native_handle(), where.host.c_str());  // RFC 6066 §3: names alone
  co_await encrypted.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_return co_await converse(encrypted, request);
}

}  // namespace

std::string api_response::header(std::string name) const {
  const auto found = headers.find(lower_case(std::move(name)));
  return found == headers.end() ? std::string() : found->second;
}

boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const api_request& request, const api_trust& trust) {
  endpoint_name where;
  if (!parse_url(url, where)) return make_error_code(boost::system::errc::invalid_argument);
  std::shared_ptr<asio::ssl::context> tls;
  if (where.encrypted) {
    auto made = make_context(trust, where.host);
    if (!made) return made.error();
    tls = std::move(*made);
  }
  http::request<http::string_body> message(http::string_to_verb(request.method), request.target, 11);
  message.set(http::field::host, where.host);
  message.set(http::field::authorization, "Bearer " + token);
  if (!request.body.empty()) message.set(http::field::content_type, request.content_type);
  message.keep_alive(false);
  message.body() = request.body;
  message.prepare_payload();
  asio::io_context context;
  auto answer =
      asio::co_spawn(context, exchange(where, std::move(message), request.timeout, tls), asio::use_future);
  context.run();
  try {
    return answer.get();
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
}

}  // namespace tollgate::gateway
