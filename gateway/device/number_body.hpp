// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/device: a number as an owner's device is told of it. Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <boost/system/error_code.hpp>

#include "gateway/overlay/error.hpp"
#include "voicemail/inbound_rules.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::device {

boost::json::object number_body(const voicemail::number_record& number,
                                const voicemail::inbound_rules& rules);

// Of numbers, mailboxes and what may be dialled; all else is unavailable.
overlay::refusal number_refusal(const boost::system::error_code& why);

}  // namespace tollgate::gateway::device
