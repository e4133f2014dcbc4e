// SPDX-License-Identifier: Apache-2.0
// An event as it is sent: the body and the signature of a webhook's request, or a letter. Free of IO.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/events/event.hpp"
#include "gateway/events/webhook_store.hpp"
#include "gateway/notify/courier.hpp"
#include "gateway/notify/letters.hpp"

namespace tollgate::gateway::notify {

using signer = std::function<std::string(std::string_view body, std::string_view secret, wall_time now)>;

// "ops@carrier.example" of "mailto:ops@carrier.example" (RFC 6068 §2, one address and no fields); empty: it is no such URL.
std::string mail_address_of(std::string_view url);

// The request for `one`: its body is the event as events::to_json writes it, the same for each attempt. While a secret is being
// changed the signature has a v1 by each.
web_post post_of(const events::webhook& to, const events::webhook_delivery& one, const signer& sign, wall_time now);

// The same as a letter from `sender`. The Message-ID is the same for each attempt.
letter letter_of(const events::webhook& to, const events::webhook_delivery& one, const std::string& sender, wall_time now);

}  // namespace tollgate::gateway::notify
