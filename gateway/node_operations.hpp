// SPDX-License-Identifier: Apache-2.0
// What the REST API may see and do of the running node: api::operations over the rooms. Signalling thread
// only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/api/operations.hpp"
#include "gateway/call/call_service.hpp"
#include "gateway/call_traces.hpp"
#include "gateway/notify/event_desk.hpp"
#include "gateway/overlay/server.hpp"
#include "gateway/readiness.hpp"
#include "gateway/tariff.hpp"

namespace tollgate::gateway {

class node_operations final : public api::operations {
 public:
  struct collaborators {
    const call::environment& environment;
    call::call_service& calls;
    tariff& prices;
    overlay::server& overlay;
    std::function<bool()> database_reachable;
    std::function<void(const boost::uuids::uuid& account_id)> end_credentials;
    std::function<void(bool stop)> drain;
    std::function<bool()> undrain;      // false: the node is about to stop
    std::function<bool()> is_stopping;  // after its last call
    std::function<boost::asio::awaitable<void>()> read_dial_policy;
    call_traces& traces;
    const notify::event_desk& events;
    std::string overlay_host, sip_address;         // for status
    std::string standard_deck, standard_currency;  // of a caller without an account, for simulate
  };
  explicit node_operations(collaborators c);

  api::node_status status() override;
  api::media_status media() override;
  std::vector<api::live_call> live_calls() override;
  std::vector<api::trunk_status> trunk_statuses() override;
  bool hang_up(const boost::uuids::uuid& call_id) override;
  std::vector<api::attached_device> devices(const boost::uuids::uuid& account_id) override;
  bool disconnect(const boost::uuids::uuid& account_id, const std::string& id) override;
  boost::asio::awaitable<boost::system::result<std::optional<trace::call_trace>>> find_trace(
      const boost::uuids::uuid& call_id) override;
  api::sip_status sip() override;
  api::event_status events() override;
  boost::asio::awaitable<boost::system::result<api::simulated_call>> simulate(
      api::call_question question) override;  // call_simulation.cpp
  void drain(bool stop) override;
  bool undrain() override;
  std::vector<std::string> not_ready() override;
  boost::asio::awaitable<void> rates_changed() override;
  boost::asio::awaitable<void> trunks_changed() override;
  boost::asio::awaitable<void> dial_policy_changed() override;
  void account_changed(const boost::uuids::uuid& account_id) override;
  void account_revoked(const boost::uuids::uuid& account_id) override;

 private:
  collaborators with_;
  std::chrono::system_clock::time_point started_;
  readiness readiness_;
};

}  // namespace tollgate::gateway
