// SPDX-License-Identifier: Apache-2.0
// Subscribers in PostgreSQL (schema gateway): functions over the caller's transaction. A subscriber's id is
// the id of its account in billing, which is opened beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/subscriber/error.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::subscriber {

using boost::uuids::uuid;

enum class subscriber_status { active, blocked, closed };
const char* to_string(subscriber_status value) noexcept;
std::optional<subscriber_status> parse_status(std::string_view text) noexcept;

struct subscriber_record {
  uuid account_id{};
  std::string name;    ///< folded
  std::string region;  ///< ISO 3166 alpha-2: how national forms of numbers are read
  std::string display_name;
  subscriber_status status = subscriber_status::active;
  std::chrono::seconds ring_timeout{20};  ///< 5 to 120
  std::chrono::system_clock::time_point created_at;
  std::int64_t credential_generation = 0;  ///< which of its devices' credentials are good: those of this one
};

struct new_subscriber {
  uuid account_id{};
  std::string name;  ///< any case
  std::string passphrase_hash;
  std::string region;
  std::string display_name;
  std::chrono::seconds ring_timeout{20};
};

/// The name as it is kept and compared: lower case. name_malformed.
boost::system::result<std::string> fold_name(std::string_view name);

/// name_taken, name_malformed, region_malformed, setting_out_of_range.
boost::system::result<subscriber_record> create_subscriber(pqxx::transaction_base& tx,
                                                           const new_subscriber& wanted);

/// no_subscriber
boost::system::result<subscriber_record> find_subscriber(pqxx::transaction_base& tx, const uuid& account_id);
boost::system::result<subscriber_record> find_subscriber(pqxx::transaction_base& tx, std::string_view name);

/// In the order of names, at most `limit` (1 to 1000), after the name `after`.
std::vector<subscriber_record> list_subscribers(pqxx::transaction_base& tx, int limit,
                                                const std::string& after = {});

/// By the time of their coming, and by id those of one moment.
struct subscriber_age {
  std::chrono::system_clock::time_point created_at;
  uuid account_id{};
};
/// Which subscribers: at most `limit` (1 to 1000), beginning after (descending: before) the one that is given.
struct subscriber_page {
  int limit = 100;
  bool descending = false;
};
std::vector<subscriber_record> list_subscribers_by_name(pqxx::transaction_base& tx, const subscriber_page& page,
                                                        const std::optional<std::string>& from);
std::vector<subscriber_record> list_subscribers_by_age(pqxx::transaction_base& tx, const subscriber_page& page,
                                                       const std::optional<subscriber_age>& from);

/// What of a subscriber may be changed; nothing: stays as it is.
struct subscriber_change {
  std::optional<std::string> region, display_name, passphrase_hash;
  std::optional<subscriber_status> status;
  std::optional<std::chrono::seconds> ring_timeout;
};

/// All credentials that its devices have are good no more, and every node hears of it (channel tollgate_credentials), as after a
/// new pass-phrase or the end of being active. no_subscriber.
boost::system::result<subscriber_record> revoke_credentials(pqxx::transaction_base& tx, const uuid& account_id);

/// Those of these accounts that are subscribers.
std::vector<subscriber_record> find_subscribers(pqxx::transaction_base& tx, const std::vector<uuid>& account_ids);

/// A new pass-phrase, and a status other than active, revoke all credentials.
/// no_subscriber, region_malformed, setting_out_of_range.
boost::system::result<subscriber_record> change_subscriber(pqxx::transaction_base& tx, const uuid& account_id,
                                                           const subscriber_change& change);

// ---- lock-out (on the database's clock)

struct login_limits {
  int failures = 5;  ///< of one name from one address; ten times that for one name, or one address, in all
  std::chrono::seconds window{900};
};

/// A log-in that is about to be checked. It counts as failed from now on, so that guesses made at once count
/// as well.
struct login_attempt {
  bool locked_out = false;
  std::string passphrase_hash;  ///< empty: no such name
  std::optional<subscriber_record> found;
};
login_attempt begin_login(pqxx::transaction_base& tx, const std::string& name, const std::string& address,
                          const login_limits& limits);

/// The pass-phrase was right: what was counted against this name from this address is forgotten.
void forgive_login(pqxx::transaction_base& tx, const std::string& name, const std::string& address);

}  // namespace tollgate::gateway::subscriber
