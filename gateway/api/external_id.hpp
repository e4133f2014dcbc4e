// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the names that an operator's own systems have for our resources. One of a kind each, apart by
// account where a resource is an account's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/services.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

/// What a request says of `external_id`: nothing, a name, or null: none any more.
struct external_name {
  bool is_given = false;
  std::optional<std::string> name{};  ///< 1 to 200 bytes of plain text
};
external_name read_external_id(field_reader& fields);

/// What kind of resource it is of, and whose; ids of resources are texts, for numbers have none but their digits.
struct named_resource {
  std::string_view kind;  ///< "account", "carrier", "trunk", "number", "voucher_batch", "webhook"
  std::string id;
  std::optional<uuid> owner{};  ///< of a webhook: the account that hears of itself alone
};

/// 409 external_id_taken, with its pointer.
boost::system::error_code external_id_taken() noexcept;
bool is_external_id_taken(const boost::system::error_code& error) noexcept;

/// Sets or removes it; nothing, if the request says nothing of it. external_id_taken: another resource of the kind has it.
boost::system::result<void> set_external_id(pqxx::transaction_base& tx, const named_resource& of, const external_name& given);
/// The resource is no more.
void forget_external_id(pqxx::transaction_base& tx, const named_resource& of);
/// The id of the resource that has this name.
std::optional<std::string> find_by_external_id(pqxx::transaction_base& tx, std::string_view kind, const std::string& name,
                                               const std::optional<uuid>& owner = std::nullopt);

/// The name of a resource; nothing: it has none. A change that may be conditional reads it in its own transaction, for a
/// condition is looked at again with every further one.
std::optional<std::string> external_id_of(pqxx::transaction_base& tx, const named_resource& of);
void put_external_id(boost::json::object& into, const std::optional<std::string>& name);

/// Puts `external_id` (null: none) into each of these, whose ids are their members `id` (of numbers: `number`). An error
/// of the database (db::errc): they stay as they are, and to whoever reads to write back, or asks which one has a name, that is a lie.
boost::asio::awaitable<boost::system::error_code> put_external_ids(services& with, std::string_view kind, boost::json::array& items);
boost::asio::awaitable<boost::system::error_code> put_external_id(services& with, std::string_view kind, boost::json::object& item);

/// Leaves those that have this name.
void keep_external_id(boost::json::array& items, const std::optional<std::string>& name);

}  // namespace tollgate::gateway::api
