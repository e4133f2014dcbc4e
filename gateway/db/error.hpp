// SPDX-License-Identifier: Apache-2.0
// What can go wrong between the gateway and its database, as values.
#pragma once

#include <type_traits>

#include <boost/system/error_code.hpp>

namespace tollgate::gateway::db {

/// Outcome of a unit of database work that did not succeed. Except for `in_doubt`, nothing of it was
/// committed.
enum class errc {
  unavailable = 1,  ///< no connection could be had, or it broke before the commit was sent
  in_doubt,         ///< the connection broke while committing: repeat the step under the same idempotency key
  timeout,          ///< waited too long for a connection, a lock or an answer
  conflict,         ///< serialization failure or deadlock, repeated without success
  constraint,       ///< a constraint of the schema refused the row (SQLSTATE class 23)
  refused,          ///< any other SQL error, or an exception out of the work: a mistake of ours, logged
  overloaded,       ///< the queue for connections is full
  stopped,          ///< the pool has been stopped
};

/// The category of db::errc.
const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), error_category()};
}

}  // namespace tollgate::gateway::db

template <>
struct boost::system::is_error_code_enum<tollgate::gateway::db::errc> : std::true_type {};
