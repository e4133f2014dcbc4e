// SPDX-License-Identifier: Apache-2.0
// Redirections that a call has been through before it came to us, and those that we are to tell of: Diversion
// (RFC 5806) and History-Info (RFC 7044), which Sofia-SIP does not know. Free of IO.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/sip/events.hpp"

namespace tollgate::pstn::sip {

/// What the headers of an INVITE tell, gathered header by header in their order.
class diversion_reader {
 public:
  /// The value of one Diversion header, which may hold several entries. One that cannot be read still counts.
  void take_diversion(std::string_view value);
  /// The value of one History-Info header.
  void take_history(std::string_view value);

  /// The latest first (RFC 5806 §4). Those of Diversion where there are any, else those of History-Info.
  std::vector<diversion> diversions() const;
  /// How often the call was redirected: by the counters of Diversion, or the entries of History-Info beyond
  /// the first, whichever is more. A carrier that writes both tells of the same redirections (RFC 7544).
  std::size_t count() const;
  /// As incoming_invite::history.
  std::vector<history_entry> history() const;

 private:
  struct told_entry {
    std::string uri;    // without parameters that are no part of the name
    std::string cause;  // of the URI (RFC 4458)
    bool retargeted;    // not merely passed on (`np`, RFC 7044 §5)
    bool withheld;      // RFC 7044 §10.1
    history_entry whole;
  };

  std::vector<diversion> diversions_;
  std::vector<told_entry> history_;
};

/// Redirections (the latest first) as History-Info, for a request that now goes to `target` (RFC 7544): one entry
/// for who was called first, one for each who was called next, `target` last. What a counter tells of without naming it
/// has entries that say so.
std::vector<history_entry> history_of(const std::vector<diversion>& through, const std::string& target);

/// `received`, going on to `target` for what `by` tells (RFC 7044 §9, §10.3): an entry for whom the request was for,
/// unless that is the last one (`has_called`), and one for `target`. `received` must not be empty.
std::vector<history_entry> history_beyond(std::vector<history_entry> received, bool has_called, const diversion& by,
                                          const std::string& target);

/// All of it must not be shown to the called party (RFC 7044 §10.1.2: Privacy of the whole request).
void withhold(std::vector<history_entry>& history);

/// The value of a History-Info header; empty for an entry that cannot stand in one.
std::string history_header(const history_entry& one);

/// The value of a Diversion header; empty for one whose URI cannot stand in it.
std::string diversion_header(const diversion& one);

}  // namespace tollgate::pstn::sip
