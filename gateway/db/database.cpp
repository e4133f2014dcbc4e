// SPDX-License-Identifier: Apache-2.0
// From the pool's threads back to the coroutines that wait.
#include "gateway/db/database.hpp"

#include <future>
#include <tuple>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/db/pool.hpp"

namespace tollgate::gateway::db {
namespace {

// Wrapped, because a bare error code as the first argument would make use_awaitable throw it.
struct finished {
  boost::system::error_code error;
};

template <class Handler>
class resumption final : public completion {
 public:
  explicit resumption(Handler handler)
      : handler_(std::move(handler)), work_(boost::asio::get_associated_executor(handler_)) {}
  void finish(boost::system::error_code error) override {
    auto executor = work_.get_executor();
    boost::asio::post(
        executor, [handler = std::move(handler_), error]() mutable { std::move(handler)(finished{error}); });
    work_.reset();
  }

 private:
  Handler handler_;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
};

class promised final : public completion {
 public:
  explicit promised(std::promise<boost::system::error_code> promise) : promise_(std::move(promise)) {}
  void finish(boost::system::error_code error) override { promise_.set_value(error); }

 private:
  std::promise<boost::system::error_code> promise_;
};

}  // namespace

database::database(database_options options) : pool_(std::make_unique<pool>(std::move(options))) {}
database::~database() = default;

boost::asio::awaitable<boost::system::error_code> database::perform(work_function work, run_options options) {
  pool* const target = pool_.get();
  const auto begin = [target, options](auto handler, work_function wanted) {
    using handler_type = std::decay_t<decltype(handler)>;
    target->submit(std::move(wanted), options, std::make_unique<resumption<handler_type>>(std::move(handler)));
  };
  const finished outcome =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(finished)>(
          begin, boost::asio::use_awaitable, std::move(work));
  co_return outcome.error;
}

boost::system::error_code database::perform_blocking(work_function work, run_options options) {
  std::promise<boost::system::error_code> promise;
  std::future<boost::system::error_code> outcome = promise.get_future();
  pool_->submit(std::move(work), options, std::make_unique<promised>(std::move(promise)));
  return outcome.get();
}

void database::stop() {
  pool_->stop();
}

database::statistics database::read_statistics() const {
  return pool_->read_statistics();
}

}  // namespace tollgate::gateway::db
