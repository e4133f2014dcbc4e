// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: a page of what has an entry in an account's ledger, out of the query. Free of IO.
#pragma once

#include "billing/credit_list.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"

namespace tollgate::gateway::api {

/// `limit`, the cursor as `before`, and `sort` by the entry's sequence, newest first unless chosen.
inline billing::sequence_page read_sequence_page(field_reader& fields) {
  billing::sequence_page page;
  page.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  page.cursor = fields.integer("before", 1, INT64_MAX);
  page.oldest_first = !order_of(fields, "-sequence").descending;
  return page;
}

}  // namespace tollgate::gateway::api
