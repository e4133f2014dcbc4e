// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: how a resource reaches the database: the pool; the pool behind a condition that is checked
// in the same transaction; or one transaction that is open already.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <pqxx/except>

#include "gateway/api/abandonment.hpp"
#include "gateway/api/database_share.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::metrics {
class duration_histogram;
}

namespace tollgate::gateway::api {

/// In api_figures.cpp: whoever reaches the database need not know how it is counted.
void count_wait(metrics::duration_histogram& waits, std::chrono::steady_clock::duration waited);

class database_access {
 public:
  /// Looks at the database before the work does, in its transaction. An error refuses the work; the transaction is rolled back.
  using condition = std::function<boost::system::error_code(pqxx::work&)>;

  /// The pool must outlive it.
  database_access(db::database& pool, const database_share& share) : pool_(&pool), share_(share) {}

  /// The same, with every work behind the condition. It may be checked more than once.
  database_access behind(condition check) const {
    database_access out(*this);
    out.condition_ = std::move(check);
    return out;
  }
  /// The same, with every work's lines in the log saying for which request it is.
  database_access of_request(const boost::uuids::uuid& id) const {
    database_access out(*this);
    out.subject_ = db::of_request(id);
    return out;
  }
  /// The same, for this client, which has no more than its part of the API's share at once. Without one the work is the gateway's own.
  database_access of_client(std::string client) const {
    database_access out(*this);
    out.client_ = std::move(client);
    return out;
  }
  /// Whatever is run is run at once, in this transaction and on the calling thread; what it throws is thrown.
  database_access within(pqxx::work& open) const {
    database_access out(*this);
    out.condition_ = nullptr;
    out.open_ = &open;
    return out;
  }

  /// The same for one short statement that must not be lost, of a request that has had its place: the next place that becomes free is
  /// for it, and where none does in time it is run all the same.
  database_access in_any_case() const {
    database_access out(*this);
    out.client_.clear();
    out.abandoned_.reset();
    out.is_needed_ = true;
    return out;
  }

  /// The same for work that only reads: once it is abandoned, it does not begin (operation_canceled), and what is under way may be
  /// cancelled.
  database_access unless(std::shared_ptr<abandonment> abandoned) const {
    database_access out(*this);
    out.abandoned_ = std::move(abandoned);
    return out;
  }
  /// The same; how long each work waits for a place and a connection is counted there, once, also where it gets none.
  database_access timed(metrics::duration_histogram& waits) const {
    database_access out(*this);
    out.waits_ = &waits;
    return out;
  }

  /// A place of the client in the API's share of the pool, for work that reaches the database by another way. Nothing: none became free
  /// in time.
  boost::asio::awaitable<std::optional<places::held>> take_place() const {
    std::optional<places::held> place = co_await share_.any->enter(database_share::patience, flag(), client_);
    co_return place;
  }
  boost::system::error_code no_place() const {
    if (abandoned_ != nullptr && abandoned_->is_abandoned()) return make_error_code(boost::system::errc::operation_canceled);
    return db::make_error_code(db::errc::overloaded);
  }

  /// As db::database::run, within the API's share of the pool: db::errc::overloaded if no place in it became free in time.
  template <class F>
  auto run(F work, db::run_options options = {})
      -> decltype(std::declval<db::database&>().run(std::declval<F>(), options)) {
    using answer = typename decltype(pool_->run(std::declval<F>(), options))::value_type;
    options.subject = subject_;
    if (open_ != nullptr) co_return call<answer>(work, *open_);
    const auto asked = std::chrono::steady_clock::now();
    bool counted = false;
    const auto note_wait = [&] {
      if (waits_ != nullptr && !std::exchange(counted, true)) count_wait(*waits_, std::chrono::steady_clock::now() - asked);
    };
    std::optional<places::held> lasting, place;
    const bool is_lasting = options.work_timeout > lasting_least;
    if (is_lasting) {
      lasting = co_await share_.lasting->enter(database_share::patience, flag(), client_);
      if (!lasting) {
        note_wait();
        co_return answer(boost::system::in_place_error, no_place());
      }
    }
    // What takes minutes is bounded by itself, and leaves its client a part for all else. Not chosen in the call: g++ 12 miscompiles that.
    std::string whose;
    if (!is_lasting) whose = client_;
    place = co_await share_.any->enter(database_share::patience, flag(), whose);
    if (!place && !is_needed_) {
      note_wait();
      co_return answer(boost::system::in_place_error, no_place());
    }
    const auto guarded = [&](pqxx::work& tx) -> answer {
      note_wait();
      if (abandoned_ == nullptr) return checked<answer>(work, tx);
      if (abandoned_->is_abandoned()) return answer(boost::system::in_place_error, no_place());
      try {
        const abandonment::reading reading(*abandoned_, tx.conn());
        return checked<answer>(work, tx);
      } catch (const pqxx::sql_error& failure) {
        // Cancelled because nobody waits for it: no failure of the database's.
        if (failure.sqlstate() != query_canceled || !abandoned_->is_abandoned()) throw;
        return answer(boost::system::in_place_error, no_place());
      }
    };
    answer done = co_await pool_->run(guarded, options);
    note_wait();
    co_return done;
  }

  db::database::statistics read_statistics() const { return pool_->read_statistics(); }

 private:
  template <class Answer, class F>
  Answer checked(F& work, pqxx::work& tx) const {
    if (condition_)
      if (const auto refused = condition_(tx)) return Answer(boost::system::in_place_error, refused);
    return call<Answer>(work, tx);
  }
  template <class Answer, class F>
  static Answer call(F& work, pqxx::work& tx) {
    using returned = std::invoke_result_t<F&, pqxx::work&>;
    if constexpr (std::is_void_v<returned>) {
      work(tx);
      return Answer(boost::system::in_place_value);
    } else if constexpr (std::is_same_v<returned, Answer>) {
      return work(tx);
    } else {
      return Answer(boost::system::in_place_value, work(tx));
    }
  }

  const std::atomic<bool>* flag() const { return abandoned_ == nullptr ? nullptr : &abandoned_->flag(); }

  static constexpr std::chrono::seconds lasting_least{60};
  static constexpr const char* query_canceled = "57014";  // PostgreSQL, Appendix A

  db::database* pool_;
  database_share share_;
  pqxx::work* open_ = nullptr;
  std::string client_;
  bool is_needed_ = false;
  condition condition_;
  db::work_subject subject_;
  std::shared_ptr<abandonment> abandoned_;
  metrics::duration_histogram* waits_ = nullptr;
};

}  // namespace tollgate::gateway::api
