// SPDX-License-Identifier: Apache-2.0
// What a failed outbound call means: one table from SIP status and Q.850 cause (RFC 3326, RFC 3398 §7.2 and
// §8.2.6.1) to what the subscriber is told and whether another trunk is tried. Free of IO.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tollgate::pstn::trunk {

enum class failure_reason : std::uint8_t {
  busy,
  no_answer,
  declined,
  number_unknown,  // no such number, or it has changed
  number_incomplete,
  unavailable,      // switched off, out of reach, does not take calls
  forbidden,        // the carrier does not carry this call
  congestion,       // the carrier or a network beyond it has no room
  network_failure,  // the carrier or a network beyond it is broken, or does not answer
  media_refused,    // no common codec or media
  cancelled,        // by us
};

/// "busy", "no_answer", ...: the code that goes to the subscriber and into the CDR.
std::string_view code(failure_reason reason);

/// An English sentence for the subscriber.
std::string_view sentence(failure_reason reason);

/// The reverse of code(); nothing for any other text.
std::optional<failure_reason> failure_reason_named(std::string_view text);

/// What a telephone network lets a caller hear of a failure (ITU-T E.182 §4): a tone, if any.
enum class heard_as : std::uint8_t {
  nothing,
  busy,
  congestion,
  intercept,   // special information: the number has changed, or is out of service
  vacant,      // special information: no such number
  no_circuit,  // special information: no way to it
};

/// `q850` tells a changed number (22) from one that never was, and no circuit (34) from congestion.
heard_as heard(failure_reason reason, int q850);

struct classified {
  failure_reason reason;
  bool retry_next_trunk;  // before answer only: true when it is this trunk's trouble and not the called
                          // party's
  int q850;               // the carrier's cause, or the one that RFC 3398 maps the status to
};

/// `sip_status` 300 to 699, anything else counts as no answer at all. `q850` from the Reason header refines
/// those statuses that leave it open (480, 500, 503, ...). Another trunk is tried after no answer, 408, 480
/// and 5xx, unless the cause tells of the called party, and after `failover_codes`, which the carrier is
/// known to mean so; 486, 603 and 6xx are final whatever is configured. A call that rang until our own
/// patience ended (408) is to be classified with cause 19.
classified classify(int sip_status, std::optional<int> q850, std::span<const int> failover_codes = {});

/// May a trunk's failover codes name this status? 300 to 599 but for 486 (busy) and 487 (cancelled by us).
bool is_failover_code(int sip_status);

/// The reverse, for inbound calls that we refuse: the SIP status for a reason (RFC 3398 §8.2.6.1).
int sip_status_of(failure_reason reason);

}  // namespace tollgate::pstn::trunk
