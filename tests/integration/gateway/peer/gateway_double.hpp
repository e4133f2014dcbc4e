// SPDX-License-Identifier: Apache-2.0
// A gateway for the peer's tests, on a thread of its own: the real signalling server and media, with calls
// that behave as a test wants. It knows alice, whose pass-phrase is "secret".
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/overlay/server.hpp"
#include "media_double.hpp"

namespace tollgate::gateway::peer::test {

/// What the gateway does with calls. Set before the peer runs.
struct behaviour {
  std::optional<overlay::refusal> refuse = {};   ///< instead of ringing
  bool lie_about_fingerprint = false;            ///< in the answer's description
  std::optional<overlay::refusal> cut_off = {};  ///< soon after the answer, with a warning before
  std::function<void()> once_answered = {};      ///< on the gateway's thread, a little after the answer
  bool call_when_attached = false;               ///< offer a call to the device
  bool take_elsewhere = false;                   ///< that call is taken by another device as soon as it rings
  bool voicemail_when_attached = false;          ///< announce a message
  std::chrono::milliseconds incoming_talk{1500};  ///< then the gateway hangs up a call that was answered
};

class gateway_double final : public overlay::session_handler {
 public:
  explicit gateway_double(behaviour wanted);
  ~gateway_double();

  std::string url() const;
  const std::string& authority_pem() const { return authority_pem_; }

  /// What happened; to be asked after the peer has ended.
  std::string digits();
  double heard_level_dbfs();
  std::vector<std::string> hang_ups();  ///< codes that the peer sent
  std::vector<std::string> marked();    ///< voicemail messages

  static const std::vector<std::byte>& message_audio();

 private:
  using session_ptr = overlay::session_ptr;

  boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> log_in(
      std::string name, std::string passphrase, std::string remote_address) override;
  boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> find(std::string name) override;
  void attached(const session_ptr& device) override;
  void detached(const session_ptr&) override {}
  void offered(const session_ptr& device, const overlay::call_offer& offer) override;
  void rang(const session_ptr& device, const std::string& call) override;
  void answered(const session_ptr& device, const overlay::call_answer& answer) override;
  void trickled(const session_ptr&, const std::string&, const std::vector<overlay::ice_candidate>&) override {
  }
  void restarted(const session_ptr&, const overlay::call_offer&) override {}
  void digit(const session_ptr&, const std::string&, char, std::chrono::milliseconds) override {}
  void hung_up(const session_ptr& device, const std::string& call, const std::string& code) override;
  boost::asio::awaitable<overlay::answer<boost::json::object>> request(session_ptr device, std::string type,
                                                                       boost::json::object body) override;

  overlay::answer<boost::json::object> voicemail(const boost::json::object& body);
  void later(std::chrono::milliseconds delay, std::function<void()> work);
  void end_media();
  void run();

  behaviour wanted_;
  boost::asio::io_context context_{1};
  overlay::dtls_context dtls_;
  std::string authority_pem_;
  std::unique_ptr<overlay::server> server_;
  std::shared_ptr<media_double> media_;
  std::mutex mutex_;
  std::string digits_;
  double heard_level_dbfs_ = -96;
  std::vector<std::string> hang_ups_;
  std::vector<std::string> marked_;
  std::thread thread_;
};

}  // namespace tollgate::gateway::peer::test
