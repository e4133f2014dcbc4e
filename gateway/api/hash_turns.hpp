// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: new PINs and pass-phrases are hashed by the threads that log-ins wait for: one of a subscriber at a time. Free of
// IO; belongs to one thread.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"

namespace tollgate::gateway::api {

class hash_turns {
 public:
  /// One turn, given back at its end.
  class held {
   public:
    held(hash_turns& of, const uuid& account) : of_(&of), account_(account) {}
    held(held&& other) noexcept : of_(std::exchange(other.of_, nullptr)), account_(other.account_) {}
    held& operator=(held&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(account_, other.account_);
      return *this;
    }
    ~held() {
      if (of_ != nullptr) of_->taken_.erase(account_);
    }

   private:
    hash_turns* of_;
    uuid account_;
  };

  /// Whether the request may make something be hashed, for a subscriber.
  static bool takes(const route& of, const request& from) {
    const bool hashes = of.method == "POST" && (of.pattern == "/v1/mailboxes/{}/pin" || of.pattern == "/v1/accounts/{}/passphrase" ||
                                                of.pattern == "/v1/number_orders");
    return hashes && from.by && from.by->account_id;
  }
  /// Nothing: the account has its turn already.
  std::optional<held> begin(const uuid& account) {
    return taken_.insert(account).second ? std::optional<held>(std::in_place, *this, account) : std::nullopt;
  }

 private:
  std::set<uuid> taken_;
};

}  // namespace tollgate::gateway::api
