// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/failure.hpp"

#include <algorithm>
#include <array>

namespace tollgate::pstn::trunk {
namespace {

using enum failure_reason;

struct status_row {
  int sip_status;
  failure_reason reason;
  int q850;            // RFC 3398 §8.2.6.1, for a carrier that sends no Reason
  bool open_to_cause;  // the status says little: a Q.850 cause says more
};

constexpr std::array status_rows{
    status_row{400, network_failure, 41, true},
    status_row{401, forbidden, 21, false},  // our credentials were not taken
    status_row{402, forbidden, 21, false},
    status_row{403, forbidden, 21, false},
    status_row{404, number_unknown, 1, true},
    status_row{405, network_failure, 63, false},
    status_row{406, media_refused, 79, false},
    status_row{407, forbidden, 21, false},
    status_row{408, network_failure, 102, true},
    status_row{410, number_unknown, 22, false},
    status_row{413, network_failure, 127, false},
    status_row{414, network_failure, 127, false},
    status_row{415, media_refused, 79, false},
    status_row{416, network_failure, 127, false},
    status_row{420, network_failure, 127, false},
    status_row{421, network_failure, 127, false},
    status_row{422, network_failure, 127, false},
    status_row{423, network_failure, 127, false},
    status_row{480, unavailable, 18, true},
    status_row{481, network_failure, 41, false},
    status_row{482, network_failure, 25, false},
    status_row{483, network_failure, 25, false},
    status_row{484, number_incomplete, 28, false},
    status_row{485, number_unknown, 1, false},
    status_row{486, busy, 17, false},
    status_row{487, cancelled, 127, true},
    status_row{488, media_refused, 79, false},
    status_row{500, network_failure, 41, true},
    status_row{501, network_failure, 79, true},
    status_row{502, network_failure, 38, true},
    status_row{503, network_failure, 41, true},
    status_row{504, network_failure, 102, true},
    status_row{505, network_failure, 127, false},
    status_row{513, network_failure, 127, false},
    status_row{580, network_failure, 47, false},
    status_row{600, busy, 17, false},
    status_row{603, declined, 21, false},
    status_row{604, number_unknown, 1, false},
    status_row{606, media_refused, 58, false},
    status_row{607, declined, 21, false},   // RFC 8197: unwanted
    status_row{608, forbidden, 21, false},  // RFC 8688: an intermediary's analytics
};

// For statuses that are not listed, by class (RFC 3261 §8.1.3.2). A redirect is not followed: it would be
// paid by us.
constexpr status_row any_3xx{300, unavailable, 23, false};
constexpr status_row any_4xx{400, network_failure, 41, true};
constexpr status_row any_5xx{500, network_failure, 41, true};
constexpr status_row any_6xx{600, declined, 21, false};
constexpr status_row no_response{0, network_failure, 102, true};

struct cause_row {
  int q850;
  failure_reason reason;
  bool of_the_network;  // and not of the called party
};

// ITU-T Q.850 §2.2.7. Causes that say no more than the status (16, 31, 111, 127, ...) are not here.
constexpr std::array cause_rows{
    cause_row{1, number_unknown, false},  // unallocated number
    cause_row{2, network_failure, true},  // no route to transit network
    cause_row{3, network_failure, true},  // no route to destination
    cause_row{17, busy, false},
    cause_row{18, no_answer, false},    // no user responding
    cause_row{19, no_answer, false},    // user alerted
    cause_row{20, unavailable, false},  // subscriber absent
    cause_row{21, declined, false},
    cause_row{22, number_unknown, false},     // number changed
    cause_row{25, network_failure, true},     // exchange routing error
    cause_row{27, unavailable, false},        // destination out of order
    cause_row{28, number_incomplete, false},  // invalid number format
    cause_row{34, congestion, true},          // no circuit
    cause_row{38, network_failure, true},     // network out of order
    cause_row{41, network_failure, true},     // temporary failure
    cause_row{42, congestion, true},          // switching equipment congestion
    cause_row{44, congestion, true},          // requested circuit not available
    cause_row{47, congestion, true},          // resource unavailable
    cause_row{50, forbidden, true},           // facility not subscribed
    cause_row{55, forbidden, true},           // incoming calls barred within closed user group
    cause_row{57, forbidden, true},           // bearer capability not authorised
    cause_row{58, congestion, true},          // bearer capability not available now
    cause_row{65, media_refused, true},
    cause_row{79, media_refused, true},
    cause_row{88, media_refused, true},     // incompatible destination
    cause_row{102, network_failure, true},  // timer
};

const status_row& row_of(int sip_status) {
  const auto* found = std::ranges::find(status_rows, sip_status, &status_row::sip_status);
  if (found != status_rows.end()) return *found;
  switch (sip_status / 100) {
    case 3:
      return any_3xx;
    case 4:
      return any_4xx;
    case 5:
      return any_5xx;
    case 6:
      return any_6xx;
    default:
      return no_response;
  }
}

// What says that this carrier cannot do it, so that another one may: silence, its time-out, 480 (which
// carriers send for their own lack of a route as well) and its own failures.
bool is_carriers_trouble(int sip_status) {
  const bool is_answer = sip_status >= 300 && sip_status <= 699;
  return !is_answer || sip_status == 408 || sip_status == 480 || (sip_status >= 500 && sip_status <= 599);
}

}  // namespace

bool is_failover_code(int sip_status) {
  return sip_status >= 300 && sip_status < 600 && sip_status != 486 && sip_status != 487;
}

classified classify(int sip_status, std::optional<int> q850, std::span<const int> failover_codes) {
  const status_row& status = row_of(sip_status);
  const bool usable = q850 && *q850 >= 1 && *q850 <= 127;
  classified found{status.reason, is_carriers_trouble(sip_status), usable ? *q850 : status.q850};
  if (usable && status.open_to_cause) {
    const auto* refined = std::ranges::find(cause_rows, *q850, &cause_row::q850);
    if (refined != cause_rows.end()) {
      found.reason = refined->reason;
      found.retry_next_trunk = found.retry_next_trunk && refined->of_the_network;
    }
  }
  if (is_failover_code(sip_status) && std::ranges::find(failover_codes, sip_status) != failover_codes.end())
    found.retry_next_trunk = true;
  return found;
}

std::string_view code(failure_reason reason) {
  switch (reason) {
    case busy:
      return "busy";
    case no_answer:
      return "no_answer";
    case declined:
      return "declined";
    case number_unknown:
      return "number_unknown";
    case number_incomplete:
      return "number_incomplete";
    case unavailable:
      return "unavailable";
    case forbidden:
      return "forbidden";
    case congestion:
      return "congestion";
    case network_failure:
      return "network_failure";
    case media_refused:
      return "media_refused";
    case cancelled:
      return "cancelled";
  }
  return "network_failure";
}

std::optional<failure_reason> failure_reason_named(std::string_view text) {
  for (const auto reason : {busy, no_answer, declined, number_unknown, number_incomplete, unavailable,
                            forbidden, congestion, network_failure, media_refused, cancelled})
    if (code(reason) == text) return reason;
  return std::nullopt;
}

heard_as heard(failure_reason reason, int q850) {
  switch (reason) {
    case busy:
    case no_answer:
    case declined:
      return heard_as::busy;
    case number_unknown:
      return q850 == 22 ? heard_as::intercept : heard_as::vacant;
    case number_incomplete:
      return heard_as::vacant;
    case unavailable:
    case forbidden:
      return heard_as::intercept;
    case congestion:
      return q850 == 34 ? heard_as::no_circuit : heard_as::congestion;
    case network_failure:
    case media_refused:
      return heard_as::congestion;
    case cancelled:
      return heard_as::nothing;
  }
  return heard_as::nothing;
}

std::string_view sentence(failure_reason reason) {
  switch (reason) {
    case busy:
      return "The line is busy.";
    case no_answer:
      return "Nobody answered.";
    case declined:
      return "The call was declined.";
    case number_unknown:
      return "This number is not in service.";
    case number_incomplete:
      return "The number is incomplete.";
    case unavailable:
      return "The telephone cannot be reached at the moment.";
    case forbidden:
      return "The telephone network does not permit this call.";
    case congestion:
      return "The telephone network is congested: please try again later.";
    case network_failure:
      return "The telephone network could not connect the call.";
    case media_refused:
      return "The telephone at the other end cannot take a voice call of this kind.";
    case cancelled:
      return "The call was cancelled.";
  }
  return "The call failed.";
}

int sip_status_of(failure_reason reason) {
  switch (reason) {
    case busy:
      return 486;
    case no_answer:
      return 480;
    case declined:
      return 603;
    case number_unknown:
      return 404;
    case number_incomplete:
      return 484;
    case unavailable:
      return 480;
    case forbidden:
      return 403;
    case congestion:
      return 503;
    case network_failure:
      return 502;
    case media_refused:
      return 488;
    case cancelled:
      return 487;
  }
  return 500;
}

}  // namespace tollgate::pstn::trunk
