// SPDX-License-Identifier: Apache-2.0
#include "gateway/credential_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>
#include <utility>

#include "gateway/logging/line.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway {

namespace asio = boost::asio;

void credential_watch::check(const boost::uuids::uuid& account_id) {
  overlay_.credentials_revoked();
  tasks_.spawn("end_credentials", end({account_id}));
}

void credential_watch::check_all() {
  overlay_.credentials_revoked();
  auto accounts = overlay_.attached_accounts();
  for (const auto& call : registry_.all())
    accounts.push_back(call->facts().account_id);
  std::sort(accounts.begin(), accounts.end());
  accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
  tasks_.spawn("end_credentials", end(std::move(accounts)));
}

void credential_watch::catch_up() {
  if (std::exchange(doubtful_, false)) check_all();
}

asio::awaitable<void> credential_watch::end(std::vector<boost::uuids::uuid> accounts) {
  if (accounts.empty()) co_return;
  const auto work = [&](pqxx::work& tx) { return subscriber::find_subscribers(tx, accounts); };
  const auto found = co_await database_.run(work, {.idempotent = true});
  if (!found) {
    doubtful_ = true;
    spdlog::error("event=credentials_not_read accounts={} error={}", accounts.size(), logging::text(found.error().message()));
    co_return;
  }
  for (const auto& known : *found) {
    const bool is_active = known.status == subscriber::subscriber_status::active;
    const std::string code = is_active ? "revoked" : "suspended";
    const std::string text = is_active ? "Your pass-phrase was changed, or your devices were logged out: log in again."
                                       : "Your account was suspended: ask the operator.";
    const auto is_good = [&](std::int64_t generation) { return is_active && generation >= known.credential_generation; };  // it only grows
    int closed = 0, ended = 0;
    for (const auto& device : overlay_.sessions_of(known.account_id)) {
      if (is_good(device->credential_generation())) continue;
      ++closed;
      device->close(code, text);
    }
    for (const auto& call : registry_.all()) {
      const auto& facts = call->facts();
      if (facts.account_id != known.account_id || facts.emergency) continue;
      if (is_active && (!facts.credential_generation || is_good(*facts.credential_generation))) continue;
      ended += calls_.hang_up(facts.call_id, code, text, true) ? 1 : 0;
    }
    if (closed + ended > 0)
      spdlog::info("event=credentials_ended account={} reason={} devices={} calls={}", boost::uuids::to_string(known.account_id), code,
                   closed, ended);
  }
}

}  // namespace tollgate::gateway
