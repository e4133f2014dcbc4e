// SPDX-License-Identifier: Apache-2.0
// Who a device is: the pass-phrase at log-in, and at every attach whether the subscriber may still.
#include "gateway/device/device_desk.hpp"

namespace tollgate::gateway::device {

namespace {

const std::vector<std::string> capabilities{"call", "voicemail"};

overlay::refusal refusal_of(const boost::system::error_code& error) {
  if (error == subscriber::errc::wrong_passphrase || error == subscriber::errc::no_subscriber)
    return {"wrong_passphrase", "The name or the pass-phrase is wrong."};
  if (error == subscriber::errc::locked_out)
    return {"locked", "Too many wrong pass-phrases: wait a quarter of an hour and try again."};
  if (error == subscriber::errc::blocked)
    return {"suspended", "This subscriber has been suspended: ask the operator."};
  return {"unavailable", "Log-in is not possible at the moment: try again in a minute."};
}

}  // namespace

boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> device_desk::log_in(
    std::string name, std::string passphrase, std::string remote_address) {
  const auto who =
      co_await with_.logins.check(std::move(name), std::move(passphrase), std::move(remote_address));
  if (!who) co_return refusal_of(who.error());
  co_return overlay::subscriber_identity{who->account_id, who->name, capabilities, who->credential_generation};
}

boost::asio::awaitable<overlay::answer<overlay::subscriber_identity>> device_desk::find(std::string name) {
  const auto work = [&name](pqxx::work& tx) { return subscriber::find_subscriber(tx, name); };
  const auto who = co_await with_.database.run(work, {.idempotent = true});
  if (!who) co_return refusal_of(who.error());
  if (who->status != subscriber::subscriber_status::active) co_return refusal_of(subscriber::errc::blocked);
  co_return overlay::subscriber_identity{who->account_id, who->name, capabilities, who->credential_generation};
}

}  // namespace tollgate::gateway::device
