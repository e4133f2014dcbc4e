// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: who may do what. A token has one role; some roles are bound to a part of the data.
// Free of IO.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include <boost/uuid/uuid.hpp>

namespace tollgate::gateway::api {

enum class role : std::uint8_t {
  admin,       ///< everything
  auditor,     ///< reads all but people's voice, changes nothing
  rates,       ///< rate decks, prices, taxes
  numbers,     ///< the inventory of numbers, and who has them
  support,     ///< subscribers, their calls and mailboxes; moves no money
  carrier,     ///< reads the calls over its own trunks
  subscriber,  ///< one account
};
std::span<const role> all_roles();
std::string_view to_string(role value);
std::optional<role> parse_role(std::string_view text);

/// Whose token came with a request.
struct principal {
  boost::uuids::uuid token_id{};
  role as = role::admin;
  std::optional<boost::uuids::uuid> carrier_id;  ///< of a carrier
  std::optional<boost::uuids::uuid> account_id;  ///< of a subscriber
  boost::uuids::uuid family_id{};  ///< the same for a token and those that took its place by rotation
};

class role_set {
 public:
  constexpr role_set() = default;
  constexpr role_set(std::initializer_list<role> roles) {
    for (const role each : roles)
      bits_ |= bit(each);
  }
  constexpr bool contains(role value) const { return (bits_ & bit(value)) != 0; }

 private:
  static constexpr unsigned bit(role value) { return 1U << static_cast<unsigned>(value); }
  unsigned bits_ = 0;
};

/// What of a request names the account that a subscriber must be to send it.
enum class owner : std::uint8_t {
  nobody,  ///< nothing: the resource is the same for all
  path,    ///< the first parameter of the path
  number,  ///< the account that rents the number which is the first parameter of the path
  body,    ///< the field account_id
  query,   ///< the query's account_id, if it is there; without it the answer is about the subscriber's own
};

struct access {
  role_set roles{};  ///< beside admins, who may do everything
  owner of = owner::nobody;
  bool open = false;  ///< needs no token
};

/// Whether the role may use the resource at all; whose it is, is another question.
bool is_allowed(const access& who, role as);

}  // namespace tollgate::gateway::api
