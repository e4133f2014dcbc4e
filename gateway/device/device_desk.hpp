// SPDX-License-Identifier: Apache-2.0
// What an attached device may do: prove who it is, call and be called, and ask for balance, prices, its call
// list and its voicemail. Implements the overlay's session_handler over the rooms below. Signalling thread
// only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "billing/credit_life.hpp"
#include "billing/rating.hpp"
#include "billing/voucher.hpp"
#include "gateway/call/call_service.hpp"
#include "gateway/db/database.hpp"
#include "gateway/overlay/session.hpp"
#include "gateway/overlay/turn_credentials.hpp"
#include "gateway/subscriber/login.hpp"
#include "pstn/number/dial_policy.hpp"
#include "voicemail/audio_keys.hpp"
#include "voicemail/mailbox_settings.hpp"

namespace tollgate::gateway::device {

class device_desk final : public overlay::session_handler {
 public:
  struct collaborators {
    db::database& database;
    call::call_service& calls;
    call::task_group& tasks;
    subscriber::login_desk& logins;
    subscriber::passphrase_hasher& hasher;  // of mailboxes' PINs
    call::clocks time;
    std::function<std::shared_ptr<const billing::rate_chain>(const billing::deck_choice& of)> rates;  // in force now; never null
    std::function<std::vector<overlay::session_ptr>(const boost::uuids::uuid& account_id)> devices_of;
    std::function<pstn::number::dial_policy()> dial_policy;  // in force now
    overlay::turn_options relay;
    billing::lapse_policy lapse;
    billing::voucher_key voucher_key{};
    voicemail::audio_keys audio_keys{};
  };
  explicit device_desk(collaborators c) : with_(std::move(c)) {}

  // Tells every attached device of these accounts how many messages they have, one account after the other.
  void notify_mailboxes(std::vector<boost::uuids::uuid> accounts);

  // Sends these accounts' stored events that no device has had yet to the devices attached here. An event is
  // marked after it was sent: a node that dies in between leaves it to be sent again, with the same key.
  boost::asio::awaitable<void> deliver_events(std::vector<boost::uuids::uuid> accounts);

  boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> log_in(
      std::string name, std::string passphrase, std::string remote_address) override;
  boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> find(std::string name) override;
  void attached(const overlay::session_ptr& device) override;
  void detached(const overlay::session_ptr& device) override;
  void offered(const overlay::session_ptr& device, const overlay::call_offer& offer) override;
  void rang(const overlay::session_ptr& device, const std::string& call) override;
  void answered(const overlay::session_ptr& device, const overlay::call_answer& answer) override;
  void trickled(const overlay::session_ptr& device, const std::string& call,
                const std::vector<overlay::ice_candidate>& candidates) override;
  void restarted(const overlay::session_ptr& device, const overlay::call_offer& offer) override;
  void digit(const overlay::session_ptr& device, const std::string& call, char digit,
             std::chrono::milliseconds duration) override;
  void hung_up(const overlay::session_ptr& device, const std::string& call, const std::string& code) override;
  boost::asio::awaitable<overlay::answer<boost::json::object>> request(overlay::session_ptr device,
                                                                       std::string type,
                                                                       boost::json::object body) override;

 private:
  using reply = overlay::answer<boost::json::object>;

  boost::asio::awaitable<reply> balance(boost::uuids::uuid account);
  boost::asio::awaitable<reply> rate(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> calls(boost::uuids::uuid account, boost::json::object body);
  reply turn(const boost::uuids::uuid& account) const;
  boost::asio::awaitable<reply> voucher(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> reactivate(boost::uuids::uuid account);
  boost::asio::awaitable<reply> voicemail(overlay::session_ptr device, boost::json::object body);
  boost::asio::awaitable<reply> list_voicemail(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> fetch_voicemail(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> change_voicemail(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> set_voicemail_pin(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> numbers(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> change_number(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> rent_number(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> mailbox_settings(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> list_greetings(boost::uuids::uuid account);
  boost::asio::awaitable<reply> fetch_greeting(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<reply> put_greeting(overlay::session_ptr device, boost::json::object body);
  boost::asio::awaitable<reply> keep_greeting(boost::uuids::uuid account, voicemail::greeting_kind kind,
                                              const std::vector<std::byte>& file);
  boost::asio::awaitable<reply> delete_greeting(boost::uuids::uuid account, boost::json::object body);
  boost::asio::awaitable<void> send_counts(std::vector<boost::uuids::uuid> accounts);
  boost::asio::awaitable<void> send_counts(boost::uuids::uuid account);

  // A greeting that comes in pieces.
  struct upload {
    std::weak_ptr<overlay::session> from;
    voicemail::greeting_kind kind;
    std::int64_t size_bytes;
    std::vector<std::byte> audio;  // as far as it has come
    std::chrono::steady_clock::time_point begun, last_piece;
  };

  collaborators with_;
  std::map<std::string, upload> uploads_;              // by the session's id
  std::map<boost::uuids::uuid, bool> being_counted_;  // true: it has changed since
  bool delivering_ = false;  // one at a time: an event must not be read twice before it is marked
};

}  // namespace tollgate::gateway::device
