// SPDX-License-Identifier: Apache-2.0
// From the one configuration to the options of each room, so that no room knows the configuration file.
#pragma once

#include <boost/uuid/uuid.hpp>

#include "billing/credit_life.hpp"
#include "billing/rating.hpp"
#include "gateway/api/server.hpp"
#include "gateway/call/call_service.hpp"
#include "gateway/configuration.hpp"
#include "gateway/identity/identity_desk.hpp"
#include "gateway/notify/event_desk.hpp"
#include "gateway/notify/notifier.hpp"
#include "gateway/overlay/server.hpp"
#include "gateway/overlay/turn_credentials.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway {

db::database_options database_options_of(const configuration& settings, const std::string& url);
call::media_options media_options_of(const configuration& settings);
pstn::sip::user_agent_options sip_options_of(const configuration& settings, const call::clocks& time);
trace::book_options trace_options_of(const configuration& settings);
call::routing_options routing_options_of(const configuration& settings);
call::call_settings call_settings_of(const configuration& settings, const boost::uuids::uuid& instance);
call::service_options service_options_of(const configuration& settings);
subscriber::login_limits login_limits_of(const configuration& settings);
overlay::server_options overlay_options_of(const configuration& settings, const call::clocks& time);
overlay::turn_options turn_options_of(const configuration& settings);
pstn::number::dial_policy dial_policy_of(const configuration& settings);
api::server_options api_options_of(const configuration& settings);
billing::standard_decks standard_decks_of(const configuration& settings);
billing::lapse_policy lapse_policy_of(const configuration& settings);
voicemail::mailbox_quota mailbox_quota_of(const configuration& settings);
// Throws std::runtime_error for a file that is absent or damaged.
voicemail::audio_keys audio_keys_of(const configuration& settings);
// Throws std::runtime_error for values that make no sense together.
notify::courier courier_of(const configuration& settings);
notify::notifier_options notifier_options_of(const configuration& settings);
notify::event_options event_options_of(const configuration& settings);
// The same, also for a file that cannot be read.
identity::desk_options identity_options_of(const configuration& settings);

}  // namespace tollgate::gateway
