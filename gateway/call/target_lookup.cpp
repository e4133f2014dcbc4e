// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/target_lookup.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "gateway/logging/line.hpp"
#include "pstn/sip/target_resolver.hpp"

namespace tollgate::gateway::call {

/// What the thread shares with the others; it may outlive them by one question.
struct target_lookup::desk {
  struct question {
    boost::uuids::uuid trunk_id;
    pstn::sip::target_query query;
  };

  std::string configuration;
  pstn::sip::address_families reached;
  bool has_tls = true;
  std::mutex mutex;  // guards the rest
  std::condition_variable arrived;
  std::deque<question> questions;
  std::optional<boost::asio::any_io_executor> executor;  // nothing once it is over
  std::shared_ptr<answer_handler> handler;

  std::optional<question> next() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return !executor || !questions.empty(); });
    if (!executor) return std::nullopt;
    question first = std::move(questions.front());
    questions.pop_front();
    return first;
  }

  void tell(const boost::uuids::uuid& trunk_id, pstn::sip::target_answer answer) {
    const std::scoped_lock lock(mutex);
    if (!executor) return;
    boost::asio::post(*executor, [to = std::weak_ptr(handler), trunk_id, answer = std::move(answer)] {
      if (const auto open = to.lock()) (*open)(trunk_id, answer);
    });
  }
};

target_lookup::target_lookup(boost::asio::any_io_executor executor, const std::string& configuration,
                             pstn::sip::address_families reached, bool has_tls, answer_handler handler)
    : desk_(std::make_shared<desk>()) {
  desk_->configuration = configuration;
  desk_->reached = reached;
  desk_->has_tls = has_tls;
  desk_->executor = std::move(executor);
  desk_->handler = std::make_shared<answer_handler>(std::move(handler));
  std::thread([with = desk_] { work(with); }).detach();
}

target_lookup::~target_lookup() {
  const std::scoped_lock lock(desk_->mutex);
  desk_->executor.reset();
  desk_->handler.reset();
  desk_->arrived.notify_all();
}

void target_lookup::ask(const boost::uuids::uuid& trunk_id, const pstn::sip::target_query& query) {
  const std::scoped_lock lock(desk_->mutex);
  desk_->questions.push_back({trunk_id, query});
  desk_->arrived.notify_all();
}

void target_lookup::work(const std::shared_ptr<desk>& with) {
  std::unique_ptr<pstn::sip::target_resolver> resolver;  // made when there is something to ask
  while (const auto question = with->next()) {
    try {
      if (!resolver)
        resolver =
            std::make_unique<pstn::sip::target_resolver>(with->configuration, with->reached, with->has_tls);
      with->tell(question->trunk_id, resolver->resolve(question->query));
    } catch (const std::exception& error) {
      spdlog::error("event=dns_failed error={}", logging::text(error.what()));
      with->tell(question->trunk_id, {});
    }
  }
}

}  // namespace tollgate::gateway::call
