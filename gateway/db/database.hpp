// SPDX-License-Identifier: Apache-2.0
// The bounded pool of PostgreSQL connections: each has a thread of its own, because libpqxx blocks.
// Coroutines hand in a function over a transaction and are resumed on their own executor with its value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <pqxx/transaction>

#include "gateway/db/error.hpp"

namespace tollgate::gateway::db {

struct database_options {
  std::string url;  ///< libpq connection string or URI; connect_timeout and keep-alives are added to it
  std::size_t pool_size = 8;       ///< connections and threads, at least 1
  std::size_t queue_limit = 1024;  ///< work waiting for a connection beyond this is `overloaded`
  std::chrono::milliseconds queue_timeout{5'000};  ///< longest wait for a free connection
  std::chrono::milliseconds connect_timeout{
      3'000};  ///< one connection attempt (libpq counts whole seconds, at least 2)
  std::chrono::milliseconds statement_timeout{10'000};  ///< PostgreSQL's statement_timeout and lock_timeout
  std::chrono::milliseconds work_timeout{
      20'000};  ///< one run() from first statement to commit; then the socket is cut
  std::chrono::milliseconds slow{0};  ///< work that took longer, from its order on, is logged; 0: none is
};

/// For whom work is done, in the lines of the log about it.
struct work_subject {
  enum class kind : std::uint8_t { none, call, request } is = kind::none;
  boost::uuids::uuid id{};
};

/// The lines have call_id.
inline work_subject of_call(const boost::uuids::uuid& id) {
  return {work_subject::kind::call, id};
}

/// The lines have request_id.
inline work_subject of_request(const boost::uuids::uuid& id) {
  return {work_subject::kind::request, id};
}

/// How one unit of work may be repeated.
struct run_options {
  /// The work may be repeated although an earlier attempt may have been committed (every step of the ledger
  /// is such).
  bool idempotent = false;
  /// How long to go on trying to connect while PostgreSQL is away, e.g. during its restart. Zero: one
  /// attempt.
  std::chrono::milliseconds patience{2'000};
  /// For work that may take longer than database_options::work_timeout; zero: that one.
  std::chrono::milliseconds work_timeout{0};
  /// Each statement commits by itself (database::step).
  bool autocommit = false;
  work_subject subject{};
};

namespace detail {
template <class R>
struct outcome {
  using value_type = R;
  static constexpr bool is_result = false;
};
template <class U>
struct outcome<boost::system::result<U>> {
  using value_type = U;
  static constexpr bool is_result = true;
};
}  // namespace detail

class database {
 public:
  /// Starts the threads; connections are made at first use, so a missing server is no error here.
  explicit database(database_options options);
  /// Stops if that has not been done.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Runs `work(tx)` in a transaction on one of the pool's threads and commits it; resumes on the caller's
  /// executor with what it returned. `work` is `R(pqxx::work&)`; where R is itself `boost::system::result<U>`
  /// the answer is that result and an error in it rolls the transaction back. The function may run more than
  /// once (40001, 40P01, a connection that broke before the commit; after it only if `idempotent`): it must
  /// assign, not append, to what it captured. Cancelling the awaiting coroutine has no effect until the work
  /// is over; its time is bounded by the options.
  template <class F>
  auto run(F work, run_options options = {}) -> boost::asio::awaitable<
      boost::system::result<typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type>>;

  /// One step of the ledger: `work(tx)` sends one statement, which is a transaction of its own: one round trip
  /// instead of three (BEGIN, statement, COMMIT). It may read something before. `work` is
  /// `R(pqxx::transaction_base&)`; it may run more than once, so the step must be idempotent by its id. An error
  /// that it returns undoes nothing. Otherwise as `run`.
  template <class F>
  auto step(F work, work_subject subject = {}) -> boost::asio::awaitable<boost::system::result<
      typename detail::outcome<std::invoke_result_t<F&, pqxx::transaction_base&>>::value_type>>;

  /// The same for a plain thread, which it blocks. Never call it on an io_context's thread.
  template <class F>
  auto run_blocking(F work, run_options options = {})
      -> boost::system::result<typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type>;

  /// Refuses new work, fails what waits with `stopped`, and joins the threads after what they are doing
  /// (bounded by work_timeout). Call it before the io_context whose coroutines wait here is destroyed.
  /// Idempotent; not on a pool thread.
  void stop();

  /// For metrics: connections that are open, work that waits, work done, and how often a connection was lost.
  struct statistics {
    std::size_t connected = 0, waiting = 0, busy = 0;
    std::uint64_t completed = 0, failed = 0, retried = 0, reconnected = 0;
  };
  statistics read_statistics() const;

 private:
  /// Runs the work; an error that it returns rolls back and is handed on.
  using work_function = std::function<boost::system::error_code(pqxx::transaction_base&)>;
  boost::asio::awaitable<boost::system::error_code> perform(work_function work, run_options options);
  boost::system::error_code perform_blocking(work_function work, run_options options);

  template <class Transaction, class F, class R>
  static work_function wrap(F& work, std::optional<R>& out);

  class pool;
  std::unique_ptr<pool> pool_;
};

namespace detail {
struct nothing {};
template <class R>
using storable = std::conditional_t<std::is_void_v<R>, nothing, R>;
}  // namespace detail

template <class Transaction, class F, class R>
database::work_function database::wrap(F& work, std::optional<R>& out) {
  return [&work, &out](pqxx::transaction_base& any) -> boost::system::error_code {
    auto& tx = static_cast<Transaction&>(any);
    using returned = std::invoke_result_t<F&, Transaction&>;
    if constexpr (std::is_void_v<returned>) {
      work(tx);
      out.emplace();
    } else if constexpr (detail::outcome<returned>::is_result) {
      returned answer = work(tx);
      if (answer.has_error()) return answer.error();
      if constexpr (std::is_void_v<typename detail::outcome<returned>::value_type>)
        out.emplace();
      else
        out.emplace(std::move(*answer));
    } else {
      out.emplace(work(tx));
    }
    return {};
  };
}

template <class F>
auto database::run(F work, run_options options) -> boost::asio::awaitable<
    boost::system::result<typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type>> {
  using value = typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type;
  std::optional<detail::storable<value>> out;
  work_function wrapped = wrap<pqxx::work>(work, out);
  const boost::system::error_code error = co_await perform(std::move(wrapped), options);
  if (error)
    co_return boost::system::result<value>(boost::system::in_place_error,
                                           error);  // a bare one is a value, too, where that is bool
  if constexpr (std::is_void_v<value>)
    co_return boost::system::result<void>();
  else
    co_return std::move(*out);
}

template <class F>
auto database::step(F work, work_subject subject) -> boost::asio::awaitable<boost::system::result<
    typename detail::outcome<std::invoke_result_t<F&, pqxx::transaction_base&>>::value_type>> {
  using value = typename detail::outcome<std::invoke_result_t<F&, pqxx::transaction_base&>>::value_type;
  std::optional<detail::storable<value>> out;
  work_function wrapped = wrap<pqxx::transaction_base>(work, out);
  const run_options options{.idempotent = true, .autocommit = true, .subject = subject};
  const boost::system::error_code error = co_await perform(std::move(wrapped), options);
  if (error) co_return boost::system::result<value>(boost::system::in_place_error, error);
  if constexpr (std::is_void_v<value>)
    co_return boost::system::result<void>();
  else
    co_return std::move(*out);
}

template <class F>
auto database::run_blocking(F work, run_options options)
    -> boost::system::result<typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type> {
  using value = typename detail::outcome<std::invoke_result_t<F&, pqxx::work&>>::value_type;
  std::optional<detail::storable<value>> out;
  const boost::system::error_code error = perform_blocking(wrap<pqxx::work>(work, out), options);
  if (error) return boost::system::result<value>(boost::system::in_place_error, error);
  if constexpr (std::is_void_v<value>)
    return {};
  else
    return std::move(*out);
}

}  // namespace tollgate::gateway::db
