// SPDX-License-Identifier: Apache-2.0
// Private to the module: an event as a row with the columns of sql::event_columns.
#pragma once

#include <pqxx/row>

#include "gateway/events/event.hpp"

namespace tollgate::gateway::events {

event row_event(const pqxx::row& row);

}  // namespace tollgate::gateway::events
