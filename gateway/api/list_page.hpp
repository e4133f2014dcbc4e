// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: lists are read and written in one work on a thread of the database's pool: a thousand items would hold up the
// thread of calls.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/system/result.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/services.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {

/// The answer that `write` makes of what `read` returns, T or boost::system::result<T>, of the transaction; or the problem that kept it
/// from being read. Both run on a thread of the pool, and may do so more than once.
template <class Read, class Write>
boost::asio::awaitable<reply> read_list(services& with, Read read, Write write) {
  using found = std::invoke_result_t<Read&, pqxx::work&>;
  const auto work = [&](pqxx::work& tx) -> boost::system::result<reply> {
    const found list = read(tx);
    if constexpr (db::detail::outcome<found>::is_result) {
      if (list.has_error()) return list.error();
      return write(*list);
    } else {
      return write(list);
    }
  };
  boost::system::result<reply> done = co_await with.database.run(work, db::run_options{.idempotent = true});
  co_return done ? std::move(*done) : problem(done.error());
}

/// A page of at most `limit` items, each as `item_of` writes it; a full one has the `cursor_of` its last as `next`.
template <class List, class Item, class Cursor>
reply page_reply(const List& found, std::size_t limit, Item item_of, Cursor cursor_of) {
  boost::json::array items;
  items.reserve(found.size());
  for (const auto& each : found)
    items.push_back(item_of(each));
  std::optional<std::string> next;
  if (found.size() == limit) next = cursor_of(found.back());
  return list_reply(std::move(items), std::move(next));
}

}  // namespace tollgate::gateway::api
