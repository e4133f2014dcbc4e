// SPDX-License-Identifier: Apache-2.0
// An attached device at the server: frames of its calls and requests in, verified events up, signed frames
// out. For the sources of this room only.
#pragma once

#include <memory>
#include <string>

#include "gateway/overlay/call_exchange.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/link.hpp"
#include "gateway/overlay/server_core.hpp"
#include "gateway/overlay/session.hpp"

namespace tollgate::gateway::overlay {

class device_session final : public session, public std::enable_shared_from_this<device_session> {
 public:
  device_session(std::shared_ptr<server_core> core, std::shared_ptr<link> connection,
                 std::string remote_address, subscriber_identity subscriber, const public_key& device);

  const std::string& id() const override { return id_; }
  const std::string& name() const override { return subscriber_.name; }
  const boost::uuids::uuid& account_id() const override { return subscriber_.account_id; }
  const std::string& device() const override { return device_; }
  const std::string& remote_address() const override { return remote_address_; }
  bool open() const override { return attached_ && connection_->open(); }
  std::int64_t credential_generation() const override { return subscriber_.credential_generation; }
  std::chrono::system_clock::time_point since() const override { return since_; }
  bool from_browser() const override { return connection_->from_browser(); }

  void send_offer(const std::string& call, const std::string& from, const std::string& from_name,
                  const std::string& from_verdict, const std::string& sdp) override;
  void send_ring(const std::string& call, const std::string& sdp, boost::json::object extra) override;
  void send_answer(const std::string& call, const std::string& sdp, boost::json::object extra) override;
  void resume_begun(const std::string& call, const std::string& to, const std::string& offer) override;
  std::string unanswered_offer(const std::string& call) const override {
    return calls_.unanswered_offer(call);
  }
  void resume_taken(const std::string& call, const std::string& from) override;
  void send_restart(const std::string& call, const std::string& sdp) override;
  void send_taken(const std::string& call) override;
  void send_hangup(const std::string& call, const std::string& code, const std::string& text,
                   boost::json::object summary) override;
  void send_error(const std::string& call, const std::string& code, const std::string& text) override;
  void send_event(const std::string& kind, boost::json::object body, const std::string& call) override;
  void close(const std::string& code, const std::string& text) override;

  // Takes one frame of the device; false when the connection must end.
  bool take(frame incoming);
  void attach();
  void detach();  // once; tells the handler
  std::size_t outgoing_calls() const noexcept { return calls_.offers_taken(); }

 private:
  void send(const frame& outgoing);
  void send_progress(const std::string& type, const std::string& call, const std::string& sdp,
                     boost::json::object extra);
  void refuse_call(const std::string& call, const refusal& why);
  bool take_call_frame(const frame& incoming);
  void take_offer(const frame& incoming);
  void take_answer(const frame& incoming);
  void take_restart(const frame& incoming);
  void take_trickle(const frame& incoming);
  void take_digit(const frame& incoming);
  void take_hangup(const frame& incoming);
  void take_request(frame incoming);
  static boost::asio::awaitable<void> serve_request(std::shared_ptr<device_session> self, frame incoming);

  std::shared_ptr<server_core> core_;
  std::shared_ptr<link> connection_;
  std::string remote_address_;
  subscriber_identity subscriber_;
  std::string device_;
  std::string id_;
  std::string uri_;  // "tollgate:<name>", as tokens name the subscriber
  std::string account_key_;
  wall_time since_;
  call_exchange calls_;
  std::size_t requests_in_flight_ = 0;
  bool attached_ = false;
};

// Queues a frame; one that is too large is dropped.
void send_frame(link& connection, const frame& outgoing);
// Queues the frame that says why something was refused: a reply when `id` is there.
void send_refusal(link& connection, const refusal& why, std::optional<std::uint64_t> id = {},
                  const std::string& call = {});

}  // namespace tollgate::gateway::overlay
