// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers before any device rings: block list, do-not-disturb, quiet periods in a
// time zone. In PostgreSQL (schema voicemail), within the caller's transaction.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "voicemail/error.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

// Past midnight where `to` is not later than `from`; the day is that of its beginning.
struct quiet_period {
  unsigned days;              // bit 0: Sunday … bit 6: Saturday; not 0
  std::chrono::minutes from;  // of the day, 0 to 1439
  std::chrono::minutes to;
};

inline constexpr std::size_t blocked_most = 1000;
inline constexpr std::size_t quiet_most = 50;

struct inbound_rules {
  bool do_not_disturb = false;  // straight to the mailbox
  bool refuse_anonymous = false;
  std::vector<std::string> blocked{};  // "+442079460958", or what numbers begin with: "+4420*"
  std::vector<quiet_period> quiet{};   // straight to the mailbox
  std::string time_zone = "UTC";       // an IANA name
};

// "+442079460958" or "+4420*".
bool is_caller_pattern(std::string_view text) noexcept;

inbound_rules find_rules(pqxx::transaction_base& tx, const pstn::number::phone_number& number);

// In place of those before. error::time_zone_unknown, number_unknown.
boost::system::result<void> set_rules(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                                      const inbound_rules& rules);

enum class inbound_verdict { ring, mailbox, refuse };

// `caller`: E.164 with its plus, empty if withheld or unknown. One round trip.
inbound_verdict judge_caller(pqxx::transaction_base& tx, const pstn::number::phone_number& number, std::string_view caller,
                             std::chrono::system_clock::time_point now);

}  // namespace tollgate::voicemail
