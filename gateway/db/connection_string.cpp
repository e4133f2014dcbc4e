// SPDX-License-Identifier: Apache-2.0
// libpq's own parser takes the string apart; it is put together again with what we add.
#include "gateway/db/connection_string.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>

#include <boost/system/errc.hpp>

namespace tollgate::gateway::db {
namespace {

// "... values containing spaces must be surrounded with single quotes; single quotes and backslashes within a
// value must be escaped with a backslash" (libpq, Connection Strings).
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

boost::system::result<std::string> connection_string(const std::string& url,
                                                     const connection_settings& settings) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned_message(message, &PQfreemem);
  if (!options) return make_error_code(boost::system::errc::invalid_argument);

  std::map<std::string, std::string> values;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) values[option->keyword] = option->val;

  // libpq counts whole seconds and takes one as two.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(settings.connect_timeout).count();
  values.try_emplace("connect_timeout", std::to_string(std::max<std::int64_t>(seconds, 2)));
  values.try_emplace("application_name", settings.application_name);
  values.try_emplace("keepalives_idle", "10");
  values.try_emplace("keepalives_interval", "5");
  values.try_emplace("keepalives_count", "3");
  values.try_emplace("client_encoding", "UTF8");
  if (settings.statement_timeout.count() > 0) {
    const std::string limit = std::to_string(settings.statement_timeout.count());
    std::string& given = values["options"];
    given += (given.empty() ? "" : " ");
    given += "-c statement_timeout=" + limit + " -c lock_timeout=" + limit;
  }

  std::string text;
  for (const auto& [key, value] : values)
    text += (text.empty() ? "" : " ") + key + "=" + quoted(value);
  return text;
}

}  // namespace tollgate::gateway::db
