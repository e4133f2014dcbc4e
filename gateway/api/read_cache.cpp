// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/read_cache.hpp"

#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {

std::string read_cache::key_of(const request& from, const std::string& target) {
  std::string key = from.by ? std::string(to_string(from.by->as)) : std::string();
  if (from.by && from.by->account_id) key += uuid_text(*from.by->account_id);
  return key + " " + target;
}

const reply* read_cache::find(const std::string& key, time_point now) const {
  const auto found = answers_.find(key);
  return found == answers_.end() || found->second.until <= now ? nullptr : &found->second.answer;
}

void read_cache::keep(std::string key, const reply& answer, std::uint64_t begun, time_point now) {
  if (begun != generation_ || answer.status != 200) return;
  if (answers_.size() >= most_) answers_.clear();  // they live for a moment only
  answers_.insert_or_assign(std::move(key), kept{answer, now + lifetime});
}

void read_cache::clear() {
  answers_.clear();
  ++generation_;
}

}  // namespace tollgate::gateway::api
