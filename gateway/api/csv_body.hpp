// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: whether a list in CSV is text that the database can keep. Free of IO.
#pragma once

#include <string_view>

#include "gateway/api/http.hpp"

namespace tollgate::gateway::api {

/// UTF-8 (RFC 3629) without NUL. Of a large body it takes a while: not on the signalling thread.
bool is_plain_text(std::string_view body);

/// 400: the body is not that.
reply not_plain_text();

}  // namespace tollgate::gateway::api
