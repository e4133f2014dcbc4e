// SPDX-License-Identifier: Apache-2.0
// What a call costs, as the gateway tells it: the price with ring and answer, the charge at the end. The live
// line estimates by the same rounding in between; what counts is the charge. Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tollgate::gateway::peer {

class call_charge {
 public:
  /// Takes the members of a ring, answer or rate body that belong to the price; the rest stays as it was.
  void learn(const boost::json::object& body);
  /// Takes the credit before the call from the body of a balance reply.
  void learn_credit(const boost::json::object& body);

  /// The price so far; nothing as long as no price is known.
  std::optional<std::int64_t> estimate_micros(std::chrono::seconds talk) const;

  /// "cost EUR 0.017  credit EUR 9.983" for the live line; empty as long as no price is known.
  std::string running_text(std::chrono::seconds talk) const;

  /// "EUR 0.017 a minute (Global zone)", empty as long as no price is known.
  std::string price_text() const;

  /// "Duration 0:12, billed 60 s, charged EUR 0.017, credit EUR 9.983." from the summary of a hangup; what is
  /// not in it is left out.
  static std::string summary_text(const boost::json::object& summary);

 private:
  std::optional<std::int64_t> price_per_minute_micros_;
  std::optional<std::int64_t> available_micros_;
  std::int64_t connection_fee_micros_ = 0;
  std::int64_t initial_increment_s_ = 60;
  std::int64_t next_increment_s_ = 60;
  std::int64_t free_start_s_ = 0;
  std::int64_t included_s_ = 0;
  std::string currency_;
  std::string destination_;
};

}  // namespace tollgate::gateway::peer
