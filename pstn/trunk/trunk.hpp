// SPDX-License-Identifier: Apache-2.0
// A carrier and its trunks: the value types, and what is a valid one. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "pstn/sip/media_security.hpp"
#include "pstn/sip/target.hpp"
#include "pstn/trunk/error.hpp"

namespace tollgate::pstn::trunk {

using boost::uuids::uuid;

enum class transport : std::uint8_t { udp, tcp, tls };

/// How digits pass: as RFC 4733 events, as SIP INFO, or as tones in the voice.
enum class dtmf_mode : std::uint8_t { rfc4733, info, in_band };

/// Where the caller's number is put: RFC 3325 P-Asserted-Identity, Remote-Party-ID
/// (draft-ietf-sip-privacy-04), or From alone. From carries it in all three, unless it is withheld.
enum class caller_id_mode : std::uint8_t { p_asserted_identity, remote_party_id, from };

/// How the carrier wants numbers written, and writes them itself: "+442079460958", "442079460958",
/// "00442079460958", or national inside the trunk's region ("02079460958", others "00...").
enum class number_format : std::uint8_t { e164_plus, e164, international_00, national };

/// By what a forwarded call tells the carrier whom it was for before: Diversion (RFC 5806), which most carriers ask for,
/// History-Info (RFC 7044), or both: each knows the one that it reads, and who reads both counts once (RFC 7544).
enum class redirection_headers : std::uint8_t { diversion, history_info, both };

/// What an INVITE in has to show before it is the trunk's: its source address, a digest (RFC 3261 §22.2) from
/// wherever it comes, or both.
enum class inbound_proof : std::uint8_t { address, digest, both };

// The names in SQL, JSON and configuration ("udp", "rfc4733", ...), and back; nothing for another text.
std::string_view name(transport value);
std::string_view name(dtmf_mode value);
std::string_view name(caller_id_mode value);
std::string_view name(number_format value);
std::string_view name(inbound_proof value);
std::string_view name(redirection_headers value);
std::string_view name(sip::media_security value);
std::optional<transport> transport_named(std::string_view text);
std::optional<dtmf_mode> dtmf_mode_named(std::string_view text);
std::optional<caller_id_mode> caller_id_mode_named(std::string_view text);
std::optional<number_format> number_format_named(std::string_view text);
std::optional<inbound_proof> inbound_proof_named(std::string_view text);
std::optional<redirection_headers> redirection_headers_named(std::string_view text);
std::optional<sip::media_security> media_security_named(std::string_view text);

struct carrier {
  uuid id{};
  std::string name;
  bool enabled = true;                // off: none of its trunks takes part
  int capacity_calls = 0;             // at once over all of its trunks; 0: no limit
  int capacity_calls_per_second = 0;  // 0: no limit
};

/// RFC 3261 §22: how we answer the carrier's challenge.
struct digest_account {
  std::string username;
  std::string password;
  std::string realm;  // answered alone; empty: whichever is learnt first; "*": any (pstn/sip/realm_pins.hpp)
};

/// How the carrier answers ours, for its calls in.
struct inbound_account {
  std::string username;
  std::string password;
};

struct trunk {
  uuid id{};
  uuid carrier_id{};
  std::string name;
  std::string host;           // address or name, without brackets
  std::uint16_t port = 5060;  // 0: by SRV and NAPTR (RFC 3263)
  pstn::trunk::transport transport = pstn::trunk::transport::udp;
  std::optional<sip::target> target{};   // where a call is to go, of those behind `host`; none: `host` itself
  std::optional<digest_account> digest;  // none: the carrier knows us by address
  bool registers = false;                // it wants a REGISTER (needs `digest`)
  std::string from_domain;  // host part of From and of asserted identities; empty: the gateway's address
  std::vector<std::string> codecs{"PCMA", "PCMU"};  // in order of preference
  sip::media_security srtp = sip::media_security::off;
  dtmf_mode dtmf = dtmf_mode::rfc4733;
  caller_id_mode caller_id = caller_id_mode::p_asserted_identity;
  number_format numbers = number_format::e164_plus;
  bool user_phone = false;       // ";user=phone" in the URIs of numbers (RFC 3261 §19.1.1)
  bool sign_identity = false;    // calls over it bear a signature of the caller's number (RFC 8224), if there is a key
  bool trusted_identity = true;  // its P-Asserted-Identity and Remote-Party-ID are believed (RFC 3325 §9.1)
  redirection_headers redirections = redirection_headers::both;
  // Calls over it offer 100rel (RFC 3262): only to carriers that never fork, for the stack follows the first branch
  // that answers reliably, and ends what others answer.
  bool reliable_progress = false;
  std::string region;            // ISO code that national numbers on this trunk belong to; may be empty
  std::optional<phone_number> default_caller;  // shown when the subscriber has no number of their own
  std::vector<std::string>
      inbound_sources;  // addresses and CIDR blocks whose INVITEs are taken; empty: those of `host`
  std::vector<std::string> host_addresses{};  // what `host` leads to at present, where it is a name
  inbound_proof inbound_by = inbound_proof::address;
  std::optional<inbound_account> inbound_digest;  // needed unless the address is enough
  std::vector<std::string> served_prefixes;       // digits; empty: the whole world
  bool echo_canceller = false;  // of the echo that its far end's hybrids make of our voice (ITU-T G.168)
  int echo_tail_ms = 64;        // 32 to 256: the longest echo path, beyond the network's own delay
  int capacity_calls = 0;       // at once; 0: no limit
  int capacity_calls_per_second = 0;  // 0: no limit
  int priority = 0;                   // lower first
  int weight = 1;                     // 1 to 10,000: share among trunks of the same priority
  std::vector<int> failover_codes{};  // statuses after which the next trunk is tried beside 408, 480 and 5xx
  int carrier_capacity_calls = 0;     // its carrier's, when it comes from list_usable_trunks
  int carrier_capacity_calls_per_second = 0;
  bool probes = true;   // watched by OPTIONS
  bool enabled = true;  // with its carrier's state in it when it comes from list_usable_trunks
};

/// Everything that the API lets in passes here: a name is printable, a host cannot smuggle a header, codecs
/// are known, ...
boost::system::result<void> validate(const carrier& value);
boost::system::result<void> validate(const trunk& value);

/// What a codec is called in SDP: those that a trunk may list ("PCMA", "PCMU", "G722", "G726-32", "GSM",
/// "G729", "opus"), written so.
bool known_codec(std::string_view name);

}  // namespace tollgate::pstn::trunk
