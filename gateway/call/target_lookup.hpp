// SPDX-License-Identifier: Apache-2.0
// Asks DNS for the targets of trunks, on a thread of its own that nobody waits for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/uuid/uuid.hpp>
#include <functional>
#include <memory>
#include <string>

#include "pstn/sip/address_family.hpp"
#include "pstn/sip/target.hpp"

namespace tollgate::gateway::call {

class target_lookup {
 public:
  using answer_handler =
      std::function<void(const boost::uuids::uuid& trunk_id, const pstn::sip::target_answer& answer)>;

  /// `configuration` is a file in the form of resolv.conf(5); `reached`: whose addresses
  /// count; `has_tls`: whether our SIP has TLS. The handler is called on the executor, and not any more once
  /// this is gone.
  target_lookup(boost::asio::any_io_executor executor, const std::string& configuration,
                pstn::sip::address_families reached, bool has_tls, answer_handler handler);
  /// Does not wait for a server that is silent.
  ~target_lookup();
  target_lookup(const target_lookup&) = delete;
  target_lookup& operator=(const target_lookup&) = delete;

  void ask(const boost::uuids::uuid& trunk_id, const pstn::sip::target_query& query);

 private:
  struct desk;
  static void work(const std::shared_ptr<desk>& with);

  std::shared_ptr<desk> desk_;
};

}  // namespace tollgate::gateway::call
