// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/event_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {

namespace {

constexpr std::chrono::milliseconds look_interval{250};
constexpr std::chrono::milliseconds pause_after_failure{5000};
constexpr int events_at_once = 200;
constexpr std::size_t most_bytes = 256 << 10;  // of a piece, beyond its last event

uuid owner_of(const principal& who) {
  return who.account_id.value_or(who.carrier_id.value_or(who.family_id));
}

bool is_of_staff(const principal& who) {
  return who.as != role::subscriber && who.as != role::carrier;
}

}  // namespace

std::unique_ptr<stream_place> stream_place::take(services& with, const principal& who) {
  const auto& places = *with.streams;
  const std::size_t most = with.options.streams, of_others_most = most - most / 4;
  if (places.taken >= most || (!is_of_staff(who) && places.of_others >= of_others_most)) return nullptr;
  if (const auto own = places.by_owner.find(owner_of(who)); own != places.by_owner.end() && own->second >= of_owner_most) return nullptr;
  return std::unique_ptr<stream_place>(new stream_place(with.streams, owner_of(who), is_of_staff(who)));
}

stream_place::stream_place(std::shared_ptr<stream_places> among, const uuid& owner, bool is_staff)
    : among_(std::move(among)), owner_(owner), is_staff_(is_staff) {
  ++among_->taken;
  among_->of_others += is_staff_ ? 0 : 1;
  ++among_->by_owner[owner_];
}

stream_place::~stream_place() {
  --among_->taken;
  among_->of_others -= is_staff_ ? 0 : 1;
  if (--among_->by_owner[owner_] == 0) among_->by_owner.erase(owner_);
}

std::shared_ptr<event_stream> event_stream::open(services& with, const principal& who, events::event_filter which,
                                                 const boost::asio::any_io_executor& executor) {
  auto place = stream_place::take(with, who);
  if (!place) return nullptr;
  return std::shared_ptr<event_stream>(new event_stream(with, std::move(place), std::move(which), executor));
}

event_stream::event_stream(services& with, std::unique_ptr<stream_place> place, events::event_filter which,
                           const boost::asio::any_io_executor& executor)
    : with_(with), place_(std::move(place)), which_(std::move(which)), timer_(executor) {
  which_.limit = events_at_once;
}

void event_stream::stop() {
  stopped_ = true;
  timer_.cancel();
}

boost::asio::awaitable<std::string> event_stream::next() {
  const auto until = std::chrono::steady_clock::now() + with_.options.stream_check;
  if (!std::exchange(begun_, true)) co_return "retry: 2000\n\n";
  while (!stopped_ && std::chrono::steady_clock::now() < until) {
    std::chrono::milliseconds pause = look_interval;
    if (const auto newest = with_.gateway.events().newest; newest > which_.after) {
      const auto read = [this](pqxx::work& tx) { return events::list_events(tx, which_); };
      const db::run_options at_once{.idempotent = true, .patience = std::chrono::milliseconds(0)};
      const boost::system::result<std::vector<events::event>> found = co_await with_.database.run(read, at_once);
      if (found && !found->empty()) {
        std::string out;
        for (const auto& one : *found) {
          if (out.size() >= most_bytes) break;  // the others with the next piece
          out += "id: " + std::to_string(one.position) + "\nevent: " + one.type +
                 "\ndata: " + boost::json::serialize(events::to_json(one)) + "\n\n";
          which_.after = one.position;
        }
        co_return out;
      }
      // Up to there is none for this reader; INT64_MAX: nobody knows how far the log is.
      if (found && newest != INT64_MAX) which_.after = newest;
      if (!found) pause = pause_after_failure;  // the connections are the calls' first
    }
    if (stopped_) break;
    timer_.expires_after(pause);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  co_return stopped_ ? "" : ": \n\n";
}

}  // namespace tollgate::gateway::api
