// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: how a resource reaches the database: the pool; the pool behind a condition that is checked
// in the same transaction; or one transaction that is open already.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "gateway/api/database_share.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {

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
  /// Whatever is run is run at once, in this transaction and on the calling thread; what it throws is thrown.
  database_access within(pqxx::work& open) const {
    database_access out(*this);
    out.condition_ = nullptr;
    out.open_ = &open;
    return out;
  }

  /// The same, beyond the API's share of the pool: for one short statement that must not be lost, of a request that has had its place.
  database_access without_share() const {
    database_access out(*this);
    out.share_.any.reset();
    out.share_.lasting.reset();
    return out;
  }

  /// As db::database::run, within the API's share of the pool: db::errc::overloaded if no place in it became free in time.
  template <class F>
  auto run(F work, db::run_options options = {})
      -> decltype(std::declval<db::database&>().run(std::declval<F>(), options)) {
    using answer = typename decltype(pool_->run(std::declval<F>(), options))::value_type;
    options.subject = subject_;
    if (open_ != nullptr) co_return call<answer>(work, *open_);
    std::optional<places::held> lasting, place;
    if (share_.lasting != nullptr && options.work_timeout > lasting_least) {
      lasting = co_await share_.lasting->enter(database_share::patience);
      if (!lasting) co_return answer(boost::system::in_place_error, db::make_error_code(db::errc::overloaded));
    }
    if (share_.any != nullptr) {
      place = co_await share_.any->enter(database_share::patience);
      if (!place) co_return answer(boost::system::in_place_error, db::make_error_code(db::errc::overloaded));
    }
    if (!condition_) co_return co_await pool_->run(std::move(work), options);
    const auto guarded = [&](pqxx::work& tx) -> answer {
      if (const auto refused = condition_(tx)) return answer(boost::system::in_place_error, refused);
      return call<answer>(work, tx);
    };
    co_return co_await pool_->run(guarded, options);
  }

  db::database::statistics read_statistics() const { return pool_->read_statistics(); }

 private:
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

  static constexpr std::chrono::seconds lasting_least{60};

  db::database* pool_;
  database_share share_;
  pqxx::work* open_ = nullptr;
  condition condition_;
  db::work_subject subject_;
};

}  // namespace tollgate::gateway::api
