// SPDX-License-Identifier: Apache-2.0
// When a prepaid call must ask for more credit, warn its caller, and be cut off. Pure: rate, grants and times
// come as arguments.
#pragma once

#include <chrono>
#include <vector>

#include "billing/money.hpp"
#include "billing/rate.hpp"

namespace tollgate::gateway::call {

// Follows the units of RFC 8506 (Diameter credit control): a grant is asked for ahead of its use, and the
// last one is final.
class credit_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    std::chrono::seconds unit{60};   // talk time asked for at a time
    std::chrono::seconds lead{75};   // ask again when no more than this is left: above the first warning
    std::chrono::seconds retry{15};    // after a final or failed answer: a top-up may have come
    std::chrono::seconds last_try{2};  // before the end, whatever became of the tries before
    std::chrono::seconds check{0};     // the ledger is asked as often at least, although the credit suffices:
                                       // limits may have been reached; 0: it is not
    std::vector<std::chrono::seconds> warnings{std::chrono::seconds(60),
                                               std::chrono::seconds(10)};  // before the end, descending
    std::chrono::seconds longest{12 * 3600};  // no call lives for ever, counted from the answer
  };

  enum class step { extend, warn, cut };
  struct due {
    step what;
    time_point at;
  };

  credit_clock(billing::rate rate, settings s);

  // The least amount without which the call cannot start (its first increment), and the amount to ask for at
  // first.
  billing::money minimum() const;
  billing::money wanted() const;

  // The total granted so far; `final`: the account has no more at present. True: a warning that was given
  // holds no longer.
  bool granted(billing::money total, bool final, time_point now);
  // An extension that got no answer: ask again after `retry`, the call goes on within its hold.
  void extension_failed(time_point now);
  // The account has more credit than it had: a call that has the last of it asks again at once.
  void credit_grew(time_point now);
  void answered(time_point at);

  // What is due next once answered. Steps come one at a time: perform it, call the matching function, ask
  // again.
  due next() const;
  // The amount to ask for beyond the total granted so far, so that the talk time grows by one unit; nothing
  // where the ledger is asked for its limits alone.
  billing::money extension_amount(time_point now) const;
  void extension_asked(time_point now);
  void warned(time_point now);

  std::chrono::seconds granted_duration() const { return granted_duration_; }
  std::chrono::seconds left(time_point now) const;  // rounded to the nearest second, not below 0
  std::chrono::seconds used(time_point now) const;  // whole seconds since the answer, rounded down
  bool limited_by_credit() const { return granted_duration_ < settings_.longest; }
  bool has_all_credit() const { return final_; }  // the last grant was all that the account had

 private:
  time_point end() const;

  billing::rate rate_;
  settings settings_;
  billing::money granted_{};
  std::chrono::seconds granted_duration_{0};
  bool extending_ = false;
  bool grew_while_asking_ = false;
  bool final_ = false;
  time_point asked_at_ = time_point::min();
  time_point answered_at_{};
  time_point extend_not_before_{};
  std::size_t warnings_given_ = 0;
};

}  // namespace tollgate::gateway::call
