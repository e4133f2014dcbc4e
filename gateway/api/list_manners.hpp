// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what every list understands alike: `limit` and `cursor` for its pages, `sort`, and `fields` for a part of
// each member. Free of IO.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {

class field_reader;

/// What a GET asks for beyond what its resource knows itself.
struct list_wish {
  std::vector<std::string> fields;   ///< empty: all
  std::string sort;                  ///< a member of the items; empty: as they come
  bool descending = false;
  std::size_t begin = 0;
  std::optional<std::size_t> limit;  ///< of a list that the resource gives whole
  bool is_empty() const { return fields.empty() && sort.empty() && begin == 0 && !limit; }
};

/// How a list that comes page by page is to be ordered.
struct list_order {
  std::string by;  ///< a member of its items
  bool descending = false;
};
/// Out of the query, where take_wish has left what the list can do; `otherwise`: where none is chosen ("-started_at").
list_order order_of(field_reader& fields, std::string_view otherwise);

/// Takes the wish out of the query; `cursor` becomes what the resource calls it. Answers the refusal of a wish that is malformed, or that
/// the list cannot fulfil: what comes page by page out of the database has the orders of the table in the source, and `sort` stays in
/// the query there.
std::optional<reply> take_wish(const route& of, request& from, list_wish& out);

/// Makes of a 200 what was wished for. It has no entity tag any more: it is no whole representation.
void fulfil(const list_wish& wish, reply& out);

}  // namespace tollgate::gateway::api
