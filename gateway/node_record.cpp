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
    const auto work = [&](pqxx::work& tx) { return api::keep_node(tx, instance_, now, why, obeyed_, fresh_); };
    const boost::system::result<std::optional<api::node_order>> order =
        co_await database_.run(work, {.idempotent = true, .patience = std::chrono::milliseconds(0)});
    if (!order) co_return;
    fresh_ = false;
    if (!*order || (*order)->number <= obeyed_) continue;
    obeyed_ = (*order)->number;
    again_ = true;  // the row tells that it was obeyed
    obey_((*order)->wish);
  }
}

}  // namespace tollgate::gateway
