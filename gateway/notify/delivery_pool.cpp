// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/delivery_pool.hpp"

#include <boost/asio/post.hpp>
#include <memory>

#include "gateway/call/inbox.hpp"

namespace tollgate::gateway::notify {

namespace asio = boost::asio;

asio::awaitable<delivery> delivery_pool::run(std::function<delivery()> work) {
  const auto box = std::make_shared<call::inbox<delivery>>(executor_);
  asio::post(threads_, [work = std::move(work), box, executor = executor_] {
    delivery came;
    try {
      came = work();
    } catch (const std::exception& e) {
      came.why = e.what();
    }
    asio::post(executor, [box, came] { box->post(came); });
  });
  const auto came = co_await box->next(time_.steady() + longest_delivery);
  delivery late;
  late.why = "took too long";
  co_return came ? *came : late;
}

}  // namespace tollgate::gateway::notify
