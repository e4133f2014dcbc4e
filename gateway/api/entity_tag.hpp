// SPDX-License-Identifier: Apache-2.0
// Entity tags of resources and the conditions that name them (RFC 9110 §8.8.3, §13.1). A tag is "SETTABLE.WHOLE": hashes of
// what a change can alter, and of the whole representation. They differ where a resource shows live values (an
// account its credit): a call that is charged must not refuse the change of a name. If-Match looks at the first
// part, If-None-Match at the whole. Free of IO.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {

/// Larger representations have no tag: parsing and hashing them would hold up the thread of calls.
inline constexpr std::size_t tagged_most_bytes = 256 << 10;

struct entity_tag {
  std::string settable, whole;          ///< hexadecimal
  bool operator==(const entity_tag&) const = default;
};

/// `"SETTABLE.WHOLE"`, with the quotes; of a compressed representation `"SETTABLE.WHOLE.gzip"`, which is another one by
/// the RFC and compares equal here.
std::string to_string(const entity_tag& tag, bool compressed = false);

/// Whether answers of this GET have tags at all: live calls and the state of the node have none.
bool is_tagged(const route& of);
/// Of the 200 that a GET of the route was answered with. Nothing: it has none.
std::optional<entity_tag> tag_of(const route& of, const reply& seen);

/// If-Match and If-None-Match as they came; empty: absent.
struct precondition {
  std::string if_match, if_none_match;
  bool empty() const { return if_match.empty() && if_none_match.empty(); }
};

/// Whether a change may go on; nothing: there is no such resource now, or it has no tag. Weak and malformed tags match nothing.
bool may_change(const precondition& given, bool exists, const std::optional<entity_tag>& now);

/// Whether a reader has this representation already: 304.
bool is_unchanged(std::string_view if_none_match, const entity_tag& now);

/// The request without what a GET of its resource does not have; a large body is not copied for it.
request question_of(const request& from);

/// The GET by whose answer a request's resource is tagged: that of its own path or, where there is none, of the nearest one
/// above ("/v1/tax_rates" of "/v1/tax_rates/DE/topup"). Puts that path into `question`. Null: none.
const route* tagging_route(request& question);

}  // namespace tollgate::gateway::api
