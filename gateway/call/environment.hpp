// SPDX-License-Identifier: Apache-2.0
// The collaborators of every call, built by the composition root and outliving all calls.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "billing/rating.hpp"
#include "gateway/call/call_machine.hpp"
#include "gateway/call/call_registry.hpp"
#include "gateway/call/clocks.hpp"
#include "gateway/call/media_engine.hpp"
#include "gateway/call/message_desk.hpp"
#include "gateway/call/settlement.hpp"
#include "gateway/call/trunk_directory.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/login.hpp"
#include "gateway/trace/trace_book.hpp"
#include "pstn/number/dial_policy.hpp"
#include "pstn/sip/address_family.hpp"
#include "pstn/sip/user_agent.hpp"
#include "voicemail/deposit.hpp"
#include "voicemail/mailbox_store.hpp"
#include "voicemail/prompts.hpp"

namespace tollgate::gateway::call {

class identity_service;

struct call_settings {
  std::string node;            // name of this gateway: in holds and CDRs
  uuid instance{};             // of this run of it
  std::string media_address;   // in SDP, towards peers and trunks
  std::string media_address6;  // IPv6 beside it, towards trunks; empty: there is no other
  std::string sip_domain;      // host part of our own SIP URIs
  std::string sip_domain6;     // the same towards trunks that are reached over IPv6; empty: as any other
  credit_clock::settings credit;
  call_machine::settings machine;
  std::chrono::seconds hold_lease{60};
  std::chrono::seconds ring_timeout{20};  // of a subscriber without a wish of their own
  std::size_t calls = 500;                // at once on this node
  std::size_t calls_per_subscriber = 2;
  std::size_t forward_hops = 5;  // a call that was redirected so often is forwarded no further
  bool fraud_limits = true;
  std::chrono::seconds usual_call{180};  // by whose cost carriers are compared
  pstn::number::dial_policy dial_policy;
  std::vector<std::string>
      emergency_trunks;        // names of those that take emergency calls; empty: they are refused
  std::string default_region;  // ISO 3166: of callers while the database cannot tell theirs
  voicemail::deposit_limits deposit;
  voicemail::mailbox_quota mailbox;
  voicemail::audio_keys audio_keys;  // of recordings at rest

  // Our address in SDP, and in our own SIP URIs, towards a far end of that family.
  const std::string& media_address_toward(pstn::sip::address_family far) const {
    return far == pstn::sip::address_family::ipv6 && !media_address6.empty() ? media_address6 : media_address;
  }
  const std::string& sip_domain_toward(pstn::sip::address_family far) const {
    return far == pstn::sip::address_family::ipv6 && !sip_domain6.empty() ? sip_domain6 : sip_domain;
  }
};

// What a call is told of to others than its own ends.
enum class call_moment : std::uint8_t { started, answered, ended };

struct environment {
  boost::asio::any_io_executor executor;  // signalling
  clocks time;
  const call_settings& settings;
  db::database& database;
  media_engine& media;
  pstn::sip::user_agent& sip;
  trunk_directory& trunks;
  call_registry& registry;
  settlement_desk& settlements;
  message_desk& messages;
  const voicemail::prompt_library& prompts;
  subscriber::passphrase_hasher& hasher;  // of PINs
  std::function<std::shared_ptr<const billing::rate_chain>(const billing::deck_choice& of)>
      rates;  // in force now; never null
  std::function<void(boost::asio::awaitable<void>)>
      spawn;  // into the group that is awaited before all this dies
  std::function<std::vector<overlay::session_ptr>(const uuid& account_id)> devices_of;  // attached now
  std::function<std::optional<billing::cost_rate>(const uuid& carrier_id, std::string_view digits)>
      cost{};                            // what the carrier asks now; may be empty
  trace::trace_book* traces = nullptr;   // of the calls' SIP messages; nullptr: none are kept
  identity_service* identity = nullptr;  // signs and verifies callers' numbers; nullptr: nobody does
  // A call has begun (it has been offered to a trunk, or its owner is known), was answered, or has left its record. Returns at once,
  // and nothing comes of it for the call; may be empty.
  std::function<void(call_moment, const call_facts&, const billing::stop_record&)> moment{};
};

}  // namespace tollgate::gateway::call
