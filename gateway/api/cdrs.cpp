// SPDX-License-Identifier: Apache-2.0
// Call detail records of one account and of all.
#include "billing/cdr.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/error.hpp"
#include "gateway/api/call_query.hpp"
#include "gateway/api/cdr_json.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using records = std::vector<billing::call_record>;

constexpr std::string_view newest_first = "-started_at";

role reader_of(const request& from) {
  return from.by ? from.by->as : role::subscriber;
}

// Written on the thread that has read them: a thousand would hold up the thread of calls.
reply page_of(const records& found, int limit, role reader) {
  boost::json::array items;
  for (const billing::call_record& each : found)
    items.push_back(to_json(each, reader));
  const bool more = found.size() == static_cast<std::size_t>(limit);
  return list_reply(std::move(items), more ? std::optional(uuid_text(found.back().call.call_id)) : std::nullopt);
}

reply no_call() {
  return problem(404, "no_call", "There is no such call.");
}

}  // namespace

awaitable<reply> list_account_calls(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.id("before");
  const bool oldest_first = !order_of(fields, newest_first).descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(billing::make_error_code(billing::error::no_account));
  const auto read = [&](pqxx::work& tx) {
    return page_of(billing::list_calls(tx, *id, limit, before, oldest_first), limit, reader_of(from));
  };
  result<reply> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? std::move(*found) : problem(found.error());
}

awaitable<reply> get_account_call(services& with, const request& from) {
  const auto account = parse_uuid(from.parameters[0]), call = parse_uuid(from.parameters[1]);
  if (!account || !call) co_return no_call();
  const auto read = [&](pqxx::work& tx) { return billing::find_call(tx, *account, *call); };
  const result<std::optional<billing::call_record>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return found->has_value() ? json_reply(200, to_json(**found, reader_of(from))) : no_call();
}

awaitable<reply> list_cdrs(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  billing::call_page page;
  page.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  page.cursor = fields.id("before");
  page.oldest_first = !order_of(fields, newest_first).descending;
  call_query query = read_call_query(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (const auto carrier = from.by ? from.by->carrier_id : std::nullopt) {
    if (!is_for_carriers(query)) co_return forbidden();
    query.filter.carrier_id = carrier;
  }
  const auto read = [&](pqxx::work& tx) {
    const auto filter = resolve(tx, query);
    return page_of(filter ? billing::list_calls_by(tx, *filter, page) : records{}, page.limit, reader_of(from));
  };
  result<reply> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? std::move(*found) : problem(found.error());
}

}  // namespace tollgate::gateway::api
