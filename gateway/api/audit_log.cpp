// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/audit_log.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <limits>
#include <pqxx/prepared_statement>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/api/list_manners.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/router.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t longest_target = 500;

boost::json::value parsed(const pqxx::field& field) {
  return field.is_null() ? boost::json::value(nullptr) : boost::json::parse(field.c_str());
}

boost::json::value text_or_null(const pqxx::field& field) {
  return field.is_null() ? boost::json::value(nullptr) : boost::json::value(field.c_str());
}

// The texts that begin so are at least this, and below `end_of`.
std::string end_of(std::string beginning) {
  beginning.back() = static_cast<char>(beginning.back() + 1);
  return beginning;
}

// Up to its last AND; its parameters are put behind `values`.
std::string condition_of(const audit_filter& which, std::vector<std::string>& values) {
  std::string where;
  const auto parameter = [&](std::string value) {
    values.push_back(std::move(value));
    return "$" + std::to_string(values.size());
  };
  const auto begins = [&](const std::string& text) {
    where += "target COLLATE \"C\" >= " + parameter(text) + "::text AND target COLLATE \"C\" < " + parameter(end_of(text)) + "::text AND ";
  };
  if (which.token_id) where += "token_id = " + parameter(uuid_text(*which.token_id)) + "::uuid AND ";
  if (!which.as.empty()) where += "role = " + parameter(which.as) + "::text AND ";
  if (!which.method.empty()) where += "method = " + parameter(which.method) + "::text AND ";
  if (!which.pattern.empty()) {
    // Patterns have letters, digits, slashes and low lines, and {} for one segment.
    std::string expression = which.pattern;
    begins(expression.substr(0, expression.find('{')));
    for (auto at = expression.find("{}"); at != std::string::npos; at = expression.find("{}"))
      expression.replace(at, 2, "[^/?]+");
    where += "target ~ " + parameter("^" + expression + "([?]|$)") + "::text AND ";
  }
  if (!which.resource.empty()) {
    begins(which.resource);
    where += "substr(target, length(" + parameter(which.resource) + "::text) + 1, 1) IN ('', '/', '?') AND ";
  }
  if (which.from) where += "at >= " + parameter(rfc3339(*which.from)) + "::timestamptz AND ";
  if (which.until) where += "at < " + parameter(rfc3339(*which.until)) + "::timestamptz AND ";
  return where;
}

}  // namespace

audit_filter read_audit_filter(field_reader& fields) {
  audit_filter which;
  which.token_id = fields.id("token_id");
  const auto as = fields.text("role");
  which.as = as.value_or("");
  if (as && !parse_role(which.as)) fields.complain("role", "is no role: GET /v1/roles has them");
  if (const auto operation = fields.text("operation")) {
    const auto space = std::min(operation->find(' '), operation->size());
    which.method = operation->substr(0, space);
    which.pattern = operation->substr(std::min(space + 1, operation->size()));
    const auto is_it = [&](const route& each) { return each.method == which.method && (which.pattern.empty() || each.pattern == which.pattern); };
    if (!std::ranges::any_of(routes(), is_it)) fields.complain("operation", "is a method, or an operation as GET /v1/roles has it: POST /v1/numbers/{}/release");
  }
  const auto resource = fields.text("resource", longest_target);
  which.resource = resource.value_or("");
  const auto is_of_path = [](char c) { return c > ' ' && c < 0x7F; };
  if (resource && (!resource->starts_with('/') || !std::ranges::all_of(which.resource, is_of_path)))
    fields.complain("resource", "is a path as the log has it: /v1/accounts/ID");
  which.from = fields.time("from");
  which.until = fields.time("until");
  return which;
}

boost::json::array read_audit(pqxx::transaction_base& tx, const audit_filter& which, const audit_page& page) {
  boost::json::array items;
  std::vector<std::string> values;
  const std::string where = condition_of(which, values);
  values.push_back(std::to_string(page.cursor.value_or(page.oldest_first ? 0 : std::numeric_limits<std::int64_t>::max())));
  const std::string cursor = "$" + std::to_string(values.size());
  values.push_back(std::to_string(page.limit));
  const auto rows = tx.exec_params(
      "SELECT audit_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at, request_id, token_id, "
      "role, account_id, carrier_id, label, address, method, target, status, fields, before, after FROM gateway.audit WHERE " +
          where + (page.oldest_first ? "audit_id > " + cursor + "::bigint ORDER BY audit_id" : "audit_id < " + cursor + "::bigint ORDER BY audit_id DESC") +
          " LIMIT $" + std::to_string(values.size()) + "::int",
      pqxx::prepare::make_dynamic_params(values));
  for (const auto& row : rows)
    items.push_back(boost::json::object{{"id", row["audit_id"].as<std::int64_t>()},
                                        {"at", row["at"].c_str()},
                                        {"request_id", row["request_id"].c_str()},
                                        {"token_id", text_or_null(row["token_id"])},
                                        {"role", text_or_null(row["role"])},
                                        {"account_id", text_or_null(row["account_id"])},
                                        {"carrier_id", text_or_null(row["carrier_id"])},
                                        {"label", text_or_null(row["label"])},
                                        {"address", row["address"].c_str()},
                                        {"method", row["method"].c_str()},
                                        {"target", row["target"].c_str()},
                                        {"status", row["status"].is_null() ? boost::json::value(nullptr) : boost::json::value(row["status"].as<int>())},
                                        {"fields", parsed(row["fields"])},
                                        {"before", parsed(row["before"])},
                                        {"after", parsed(row["after"])}});
  return items;
}

awaitable<reply> list_audit(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  audit_page page;
  page.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  page.cursor = fields.integer("before", 1, std::numeric_limits<std::int64_t>::max());
  page.oldest_first = !order_of(fields, "-id").descending;
  const audit_filter which = read_audit_filter(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  // Written where it is read: a thousand would hold up the thread of calls.
  const auto read = [&](pqxx::work& tx) {
    tx.exec("SELECT gateway.end_lost_audits()");
    boost::json::array found = read_audit(tx, which, page);
    const bool more = found.size() == static_cast<std::size_t>(page.limit);
    auto next = more ? std::optional(std::to_string(found.back().at("id").as_int64())) : std::nullopt;
    return list_reply(std::move(found), std::move(next));
  };
  result<reply> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? std::move(*found) : problem(found.error());
}

}  // namespace tollgate::gateway::api
