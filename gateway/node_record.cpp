// SPDX-License-Identifier: Apache-2.0
#include "gateway/node_record.hpp"

#include <pqxx/transaction>

namespace tollgate::gateway {

boost::asio::awaitable<void> node_record::write() {
  again_ = true;
  if (writing_) co_return;
  struct turn {
    explicit turn(bool& under_way) : under_way_(under_way) { under_way_ = true; }
    ~turn() { under_way_ = false; }
    bool& under_way_;
  };
  const turn own(writing_);
  while (again_) {
    again_ = false;
    const auto now = node_.status();
    const auto why = node_.not_ready();
    const bool fresh = !obeyed_;
    const auto work = [&](pqxx::work& tx) { return api::keep_node(tx, instance_, now, why, fresh); };
    const auto order = co_await database_.run(work, {.idempotent = true, .patience = std::chrono::milliseconds(0)});
    if (!order) co_return;
    const bool is_new = !fresh && order->number > *obeyed_;
    obeyed_ = order->number;
    if (is_new) obey_(order->wish);
  }
}

}  // namespace tollgate::gateway
