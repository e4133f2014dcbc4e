// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/request_connection.hpp"

namespace tollgate::gateway::peer {

boost::asio::awaitable<overlay::answer<void>> request_connection::open(const account_state& account) {
  const auto connected = co_await client_.connect(account.gateway);
  if (!connected) co_return connected.error();
  co_return co_await client_.attach(account.identity);
}

}  // namespace tollgate::gateway::peer
