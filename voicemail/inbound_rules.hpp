// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers: block list, do-not-disturb, quiet periods in a time zone, telephones
// that calls go on to when no device takes them. In PostgreSQL (schema voicemail), within the caller's transaction.
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

// Why no device has taken a call, or is asked to.
enum class forward_situation : unsigned {
  busy = 1U << 0U,       // the owner talks, or has declined
  no_answer = 1U << 1U,  // nobody has answered in the time for ringing
  offline = 1U << 2U,    // no device is attached
  always = 1U << 3U,     // no device is to ring at all
};

struct forward_target {
  pstn::number::phone_number number;
  unsigned situations;  // those of forward_situation, or-ed; not 0
  std::chrono::seconds ring_for{20};

  bool serves(forward_situation when) const noexcept { return (situations & static_cast<unsigned>(when)) != 0; }
  bool operator==(const forward_target&) const = default;
};

inline constexpr std::size_t forward_most = 3;
inline constexpr std::chrono::seconds forward_ring_least{5};
inline constexpr std::chrono::seconds forward_ring_most{120};

struct inbound_rules {
  bool do_not_disturb = false;  // straight to the mailbox
  bool refuse_anonymous = false;
  std::vector<std::string> blocked{};  // "+442079460958", or what numbers begin with: "+4420*"
  std::vector<quiet_period> quiet{};   // straight to the mailbox
  std::string time_zone{};             // of the quiet periods, an IANA name; set to "": that of the owner's mailbox
  std::vector<forward_target> forward{};  // one after the other, at most forward_most
};

// "+442079460958" or "+4420*".
bool is_caller_pattern(std::string_view text) noexcept;

inbound_rules find_rules(pqxx::transaction_base& tx, const pstn::number::phone_number& number);

// In place of those before. error::time_zone_unknown, number_unknown, forward_loop: a target is a number of ours.
boost::system::result<void> set_rules(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                                      const inbound_rules& rules);

// The targets of a call now: not those that have become numbers of ours meanwhile, which would come back to us.
std::vector<forward_target> find_forwarding(pqxx::transaction_base& tx, const pstn::number::phone_number& number);

enum class inbound_verdict { ring, mailbox, refuse };

// `caller`: E.164 with its plus, empty if withheld or unknown. One round trip.
inbound_verdict judge_caller(pqxx::transaction_base& tx, const pstn::number::phone_number& number, std::string_view caller,
                             std::chrono::system_clock::time_point now);

}  // namespace tollgate::voicemail
