// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/task_group.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {

task_group::task_group(boost::asio::any_io_executor executor)
    : executor_(executor), state_(std::make_shared<state>(executor)) {}

void task_group::spawn(std::string name, boost::asio::awaitable<void> task) {
  ++state_->running;
  boost::asio::co_spawn(executor_, std::move(task),
                        [state = state_, name = std::move(name)](std::exception_ptr failure) {
                          --state->running;
                          state->changed.cancel();
                          try {
                            if (failure) std::rethrow_exception(failure);
                          } catch (const std::exception& e) {
                            spdlog::critical("event=task_failed task={} error={}", logging::text(name), logging::text(e.what()));
                          }
                        });
}

boost::asio::awaitable<void> task_group::wait() {
  while (state_->running > 0) {
    state_->changed.expires_at(std::chrono::steady_clock::time_point::max());
    boost::system::error_code ignored;
    co_await state_->changed.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

}  // namespace tollgate::gateway::call
