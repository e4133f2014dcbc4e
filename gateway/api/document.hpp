// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the API's document as what decides which parameters a query may have. Free of IO.
#pragma once

#include <optional>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {

/// The refusal of a query with a parameter that the document does not name for this route; all of them are told.
std::optional<reply> refuse_unknown_parameters(const route& of, const request& from);

}  // namespace tollgate::gateway::api
