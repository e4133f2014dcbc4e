// SPDX-License-Identifier: Apache-2.0
// Rows of gateway.external_id.
#include "gateway/api/external_id.hpp"

#include <algorithm>
#include <map>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <vector>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t longest_name = 200;

// Boost's base has a protected, non-virtual destructor by design; nothing is ever deleted through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class taken_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.external_id"; }
  std::string message(int) const override { return "another one has this external id"; }
};
#pragma GCC diagnostic pop

const taken_category& category() noexcept {
  static const taken_category one;
  return one;
}

// Resources that belong to nobody are apart by the nil UUID.
std::string owner_text(const std::optional<uuid>& owner) {
  return uuid_text(owner.value_or(uuid{}));
}

std::string id_of(const boost::json::object& item) {
  for (const char* name : {"id", "number"})
    if (const auto* const value = item.if_contains(name); value != nullptr && value->is_string())
      return std::string(value->get_string());
  return {};
}

// {"…","…"}: ids are UUIDs and numbers in E.164, which need no escapes.
std::string array_literal(const std::vector<std::string>& ids) {
  std::string out = "{";
  for (const std::string& id : ids)
    out += (out.size() > 1 ? ",\"" : "\"") + id + "\"";
  return out + "}";
}

}  // namespace

boost::system::error_code external_id_taken() noexcept {
  return {1, category()};
}

bool is_external_id_taken(const boost::system::error_code& error) noexcept {
  return error.category() == category();
}

external_name read_external_id(field_reader& fields) {
  external_name out{fields.has("external_id"), fields.text("external_id", longest_name)};
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (out.name && (out.name->empty() || std::any_of(out.name->begin(), out.name->end(), is_control)))
    fields.complain("external_id", "must have 1 to 200 bytes, none of them a control character");
  return out;
}

result<void> set_external_id(pqxx::transaction_base& tx, const named_resource& of, const external_name& given) {
  if (!given.is_given) return {};
  const auto known = given.name ? find_by_external_id(tx, of.kind, *given.name, of.owner) : std::nullopt;
  if (known == of.id) return {};
  if (known) return external_id_taken();
  forget_external_id(tx, of);
  if (!given.name) return {};
  const auto set = tx.exec_params(
      "INSERT INTO gateway.external_id (kind, owner, name, resource_id) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, owner, name) DO NOTHING",
      std::string(of.kind), owner_text(of.owner), *given.name, of.id);
  if (set.affected_rows() == 0) return external_id_taken();  // by another one at this moment
  return {};
}

void forget_external_id(pqxx::transaction_base& tx, const named_resource& of) {
  tx.exec_params0("DELETE FROM gateway.external_id WHERE kind = $1 AND resource_id = $2", std::string(of.kind), of.id);
}

std::optional<std::string> find_by_external_id(pqxx::transaction_base& tx, std::string_view kind, const std::string& name,
                                               const std::optional<uuid>& owner) {
  const auto rows = tx.exec_params("SELECT resource_id FROM gateway.external_id WHERE kind = $1 AND owner = $2 AND name = $3", std::string(kind),
                                   owner_text(owner), name);
  return rows.empty() ? std::nullopt : std::optional(rows[0][0].as<std::string>());
}

std::optional<std::string> external_id_of(pqxx::transaction_base& tx, const named_resource& of) {
  const auto rows = tx.exec_params("SELECT name FROM gateway.external_id WHERE kind = $1 AND resource_id = $2", std::string(of.kind), of.id);
  return rows.empty() ? std::nullopt : std::optional(rows[0][0].as<std::string>());
}

void put_external_id(boost::json::object& into, const std::optional<std::string>& name) {
  into["external_id"] = name ? boost::json::value(*name) : boost::json::value(nullptr);
}

awaitable<boost::system::error_code> put_external_ids(services& with, std::string_view kind, boost::json::array& items) {
  std::vector<std::string> ids;
  for (const boost::json::value& each : items)
    ids.push_back(id_of(each.as_object()));
  if (ids.empty()) co_return boost::system::error_code();
  const auto read = [&](pqxx::work& tx) {
    std::map<std::string, std::string> names;
    for (const auto& row : tx.exec_params("SELECT resource_id, name FROM gateway.external_id WHERE kind = $1 AND resource_id = ANY ($2::text[])",
                                          std::string(kind), array_literal(ids)))
      names.emplace(row[0].as<std::string>(), row[1].as<std::string>());
    return names;
  };
  const result<std::map<std::string, std::string>> names = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!names) co_return names.error();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = names->find(ids[i]);
    items[i].as_object()["external_id"] = found == names->end() ? boost::json::value(nullptr) : boost::json::value(found->second);
  }
  co_return boost::system::error_code();
}

awaitable<boost::system::error_code> put_external_id(services& with, std::string_view kind, boost::json::object& item) {
  boost::json::array one;
  one.push_back(std::move(item));
  const auto unnamed = co_await put_external_ids(with, kind, one);
  item = std::move(one.front().as_object());
  co_return unnamed;
}

void keep_external_id(boost::json::array& items, const std::optional<std::string>& name) {
  if (!name) return;
  const auto is_other = [&](const boost::json::value& each) {
    const auto* const value = each.as_object().if_contains("external_id");
    return value == nullptr || !value->is_string() || std::string_view(value->get_string()) != *name;
  };
  items.erase(std::remove_if(items.begin(), items.end(), is_other), items.end());
}

}  // namespace tollgate::gateway::api
