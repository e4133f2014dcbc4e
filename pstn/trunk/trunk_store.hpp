// SPDX-License-Identifier: Apache-2.0
// Carriers and trunks in PostgreSQL (schema pstn). Every function is one statement in the caller's
// transaction.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <vector>

#include "pstn/trunk/trunk.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::pstn::trunk {

// Errors: those of validate(), name_taken, no_such_carrier, no_such_trunk, carrier_in_use. Creating again
// with the same id and the same name is no error and changes nothing.
boost::system::result<void> create_carrier(pqxx::transaction_base& tx, const carrier& value);
boost::system::result<void> update_carrier(pqxx::transaction_base& tx, const carrier& value);
boost::system::result<void> remove_carrier(pqxx::transaction_base& tx, const uuid& id);
std::optional<carrier> find_carrier(pqxx::transaction_base& tx, const uuid& id);
std::vector<carrier> list_carriers(pqxx::transaction_base& tx);  // by name

boost::system::result<void> create_trunk(pqxx::transaction_base& tx, const trunk& value);
boost::system::result<void> update_trunk(pqxx::transaction_base& tx, const trunk& value);  // all of it, by id
boost::system::result<void> remove_trunk(pqxx::transaction_base& tx, const uuid& id);
std::optional<trunk> find_trunk(pqxx::transaction_base& tx, const uuid& id);
std::vector<trunk> list_trunks(pqxx::transaction_base& tx);  // by name

/// What routing and inbound matching work on: enabled trunks of enabled carriers.
std::vector<trunk> list_usable_trunks(pqxx::transaction_base& tx);

}  // namespace tollgate::pstn::trunk
