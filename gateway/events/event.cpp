// SPDX-License-Identifier: Apache-2.0
#include "gateway/events/event.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <iterator>

namespace tollgate::gateway::events {
namespace {

boost::json::value text_or_null(const std::optional<uuid>& id) {
  return id ? boost::json::value(boost::uuids::to_string(*id)) : boost::json::value(nullptr);
}

}  // namespace

bool is_event_type(std::string_view text) {
  return std::find(event_types.begin(), event_types.end(), text) != event_types.end();
}

boost::json::object to_json(const event& what) {
  return {{"id", boost::uuids::to_string(what.event_id)},
          {"position", what.position},
          {"type", what.type},
          {"at", what.at},
          {"account_id", text_or_null(what.account_id)},
          {"carrier_id", text_or_null(what.carrier_id)},
          {"resource", what.resource},
          {"data", boost::json::parse(what.data)}};
}

event for_others(event what) {
  auto data = boost::json::parse(what.data);
  if (auto* const fields = data.if_object()) {
    fields->erase("node");
    if (what.type.starts_with("call.")) fields->erase("trunk");
    what.data = boost::json::serialize(data);
  }
  return what;
}

void event_queue::put(new_event what) {
  if (waiting_.size() >= most_) {
    ++dropped_;
    return;
  }
  if (what.event_id.is_nil()) what.event_id = boost::uuids::random_generator_pure()();
  waiting_.push_back(std::move(what));
}

std::vector<new_event> event_queue::take(std::size_t most) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
  std::vector<new_event> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

void event_queue::put_back(std::vector<new_event> from) {
  const std::size_t room = most_ - std::min(most_, waiting_.size());
  const std::size_t lost = from.size() - std::min(from.size(), room);
  dropped_ += lost;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(from.begin() + static_cast<std::ptrdiff_t>(lost)),
                  std::make_move_iterator(from.end()));
}

}  // namespace tollgate::gateway::events
