// SPDX-License-Identifier: Apache-2.0
#include "gateway/remote.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/string_generator.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

std::string url_of(const configuration& settings, const remote_options& remote) {
  if (!remote.url.empty()) return remote.url;
  std::string host = settings.api.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return (settings.api.certificate.empty() ? "http://" : "https://") + host + ":" + std::to_string(settings.api.port);
}

// The gateway of the configuration is known by its certificate, whatever name that bears.
api_trust trust_of(const configuration& settings, const remote_options& remote) {
  api_trust trust{remote.authority, {}, remote.certificate, remote.key};
  if (remote.url.empty() && remote.authority.empty()) trust.own_certificate = settings.api.certificate;
  return trust;
}

std::string token_of(const configuration& settings, const remote_options& remote) {
  if (const char* const given = std::getenv("TOLLGATE_ADMIN_TOKEN"); given != nullptr && *given != '\0')
    return given;
  std::ifstream in(remote.token_file.empty() ? admin_token_path(settings) : remote.token_file);
  std::string token;
  in >> token;
  return token;
}

bool is_id(const std::string& text) {
  try {
    boost::uuids::string_generator{}(text);
    return text.size() == 36;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// A mistake in a field of the request, or in a line of a list.
void tell_mistake(const json::object& mistake) {
  const bool of_list = mistake.contains("line");
  std::cerr << "  " << (of_list ? "line " + text_of(mistake, "line") : text_of(mistake, "field")) << ": "
            << text_of(mistake, mistake.contains("detail") ? "detail" : "code") << "\n";
}

void tell(const api_response& response, const json::object& body) {
  std::cerr << "tollgate: " << response.status << " "
            << text_of(body, body.contains("detail") ? "detail" : "outcome") << "\n";
  if (response.status >= 500 && body.contains("request_id"))
    std::cerr << "  request " << text_of(body, "request_id") << ": look for it in the gateway's log\n";
  const json::value* const errors = body.if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return;
  for (const json::value& each : errors->get_array())
    if (each.is_object()) tell_mistake(each.get_object());
}

}  // namespace

std::string text_of(const json::object& from, std::string_view name) {
  const json::value* const value = from.if_contains(name);
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

const json::object& object_of(const json::object& from, std::string_view name) {
  static const json::object none;
  const json::value* const value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

std::string url_encoded(std::string_view text) {
  static constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved.find(c) != std::string_view::npos)
      out += c;
    else
      out += {'%', hex[byte >> 4U], hex[byte & 15U]};
  }
  return out;
}

std::optional<std::string> find_id(const configuration& settings, const remote_options& remote,
                                   const std::string& list, const std::string& name, int& code) {
  if (is_id(name)) return name;
  const remote_answer found = ask_gateway(settings, remote, {.target = list});
  if (found.code != exit_done) {
    code = found.code;
    return std::nullopt;
  }
  const json::value* const items = found.body.if_contains("items");
  if (items != nullptr && items->is_array())
    for (const json::value& each : items->get_array())
      if (each.is_object() && text_of(each.get_object(), "name") == name)
        return text_of(each.get_object(), "id");
  std::cerr << "tollgate: there is nothing named '" << name << "' in " << list.substr(0, list.find('?'))
            << "\n";
  code = exit_usage;
  return std::nullopt;
}

std::optional<std::string> find_account_id(const configuration& settings, const remote_options& remote,
                                           const std::string& name, int& code) {
  return find_id(settings, remote, "/v1/accounts?name=" + url_encoded(name), name, code);
}

bool gateway_answers(const configuration& settings, const remote_options& remote) {
  const auto answer =
      ask_api(url_of(settings, remote), "", {.target = "/health", .timeout = std::chrono::seconds(2)},
              trust_of(settings, remote));
  return answer && answer->status == 200;
}

remote_answer ask_gateway(const configuration& settings, const remote_options& remote,
                          const api_request& request) {
  auto response = ask_api(url_of(settings, remote), token_of(settings, remote), request, trust_of(settings, remote));
  if (!response) {
    std::cerr << "tollgate: no gateway answers at " << url_of(settings, remote) << ": "
              << response.error().message() << "\n";
    return {exit_unreachable, {}, {}};
  }
  boost::system::error_code error;
  json::object body;
  if (response->content_type.find("json") != std::string::npos &&
      response->content_type.find("ndjson") == std::string::npos)
    if (json::value value = json::parse(response->body, error); !error && value.is_object())
      body = std::move(value.get_object());
  if (response->status >= 300) {
    tell(*response, body);
    return {exit_refused, std::move(*response), std::move(body)};
  }
  return {exit_done, std::move(*response), std::move(body)};
}

}  // namespace tollgate::gateway
