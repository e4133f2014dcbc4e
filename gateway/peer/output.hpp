// SPDX-License-Identifier: Apache-2.0
// What the peer prints: for a person, sentences and a live line; for a script (--json), one JSON object per
// line.
#pragma once

#include <boost/json/object.hpp>

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace tollgate::gateway::peer {

class output {
 public:
  virtual ~output() = default;

  /// An event: `name` and `fields` make the script's line {"event":name, ...fields}, `sentence` is for the
  /// person (empty: nothing is shown).
  virtual void report(std::string_view name, const boost::json::object& fields,
                      std::string_view sentence) = 0;

  /// The person's live line, redrawn in place; ignored for a script.
  virtual void live(std::string_view line) = 0;
};

/// `terminal`: the live line may be redrawn; otherwise it is not shown.
std::unique_ptr<output> make_human_output(std::ostream& stream, bool terminal);
std::unique_ptr<output> make_json_output(std::ostream& stream);

}  // namespace tollgate::gateway::peer
