// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: how many bytes of large bodies are held at once. Free of IO, for one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tollgate::gateway::api {

/// So many bytes in all, and of one client.
class body_budget {
 public:
  body_budget(std::uint64_t in_all, std::uint64_t of_one) : in_all_(in_all), of_one_(of_one) {}
  body_budget(const body_budget&) = delete;
  body_budget& operator=(const body_budget&) = delete;

  /// Bytes that are given back when it ends. The budget must outlive it.
  class share {
   public:
    share(body_budget& from, std::string who, std::uint64_t bytes) : from_(&from), who_(std::move(who)), bytes_(bytes) {}
    share(share&& other) noexcept : from_(std::exchange(other.from_, nullptr)), who_(std::move(other.who_)), bytes_(other.bytes_) {}
    share& operator=(share&&) = delete;
    ~share() {
      if (from_ != nullptr) from_->give_back(who_, bytes_);
    }

   private:
    body_budget* from_;
    std::string who_;
    std::uint64_t bytes_;
  };

  /// Nothing: there is no room for so many now.
  std::optional<share> take(const std::string& who, std::uint64_t bytes) {
    const auto held = by_client_.find(who);
    const std::uint64_t own = held == by_client_.end() ? 0 : held->second;
    if (taken_ + bytes > in_all_ || own + bytes > of_one_) return std::nullopt;
    taken_ += bytes;
    by_client_[who] = own + bytes;
    return share(*this, who, bytes);
  }

 private:
  void give_back(const std::string& who, std::uint64_t bytes) {
    taken_ -= bytes;
    const auto held = by_client_.find(who);
    if ((held->second -= bytes) == 0) by_client_.erase(held);
  }

  std::uint64_t in_all_, of_one_, taken_ = 0;
  std::map<std::string, std::uint64_t> by_client_;
};

}  // namespace tollgate::gateway::api
