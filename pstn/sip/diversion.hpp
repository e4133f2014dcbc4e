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

 private:
  struct history_entry {
    std::string uri;
    std::string cause;  // of the URI (RFC 4458)
    bool retargeted;    // not merely passed on (`np`, RFC 7044 §5)
  };

  std::vector<diversion> diversions_;
  std::vector<history_entry> history_;
};

/// The value of a Diversion header; empty for one whose URI cannot stand in it.
std::string diversion_header(const diversion& one);

}  // namespace tollgate::pstn::sip
