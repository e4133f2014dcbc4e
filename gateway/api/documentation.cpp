// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/documentation.hpp"

namespace tollgate::gateway::api {

// gateway/api/documentation/*, made units of by embed.cmake
std::string_view documentation_page();
std::string_view documentation_script();
std::string_view documentation_style();

namespace {

reply file(std::string_view content, const char* type) {
  reply out;
  out.content_type = type;
  out.body = content;
  // Nothing from elsewhere, and nothing that stands in the page itself, is carried out.
  out.headers.emplace_back("Content-Security-Policy",
                           "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
                           "form-action 'none'; frame-ancestors 'none'");
  return out;
}

}  // namespace

boost::asio::awaitable<reply> get_documentation(services&, const request&) {
  co_return file(documentation_page(), "text/html; charset=utf-8");
}

boost::asio::awaitable<reply> get_documentation_script(services&, const request&) {
  co_return file(documentation_script(), "text/javascript; charset=utf-8");
}

boost::asio::awaitable<reply> get_documentation_style(services&, const request&) {
  co_return file(documentation_style(), "text/css; charset=utf-8");
}

}  // namespace tollgate::gateway::api
