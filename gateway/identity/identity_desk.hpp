// SPDX-License-Identifier: Apache-2.0
// The node's signing key, the authorities that it believes, and the certificates of others. Verifies on
// threads of its own: neither a slow server nor a signature holds up anybody's signalling.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/call/clocks.hpp"
#include "gateway/call/identity_service.hpp"
#include "gateway/identity/certificate_cache.hpp"
#include "gateway/identity/certificate_fetcher.hpp"

namespace tollgate::gateway::identity {

struct desk_options {
  std::optional<pstn::identity::signer> signer{};
  std::optional<pstn::identity::authorities> trusted{};  // none: nothing is verified
  call::identity_policy policy = call::identity_policy::tell;
  fetch_options fetch{};
  cache_limits cache{};
  std::chrono::milliseconds patience{3'000};  // of a call, for its certificate
  std::size_t fetches = 4;                    // at once
  std::size_t fetches_waiting = 32;           // beyond those a certificate cannot be had
};

// All members on the executor's one thread.
class identity_desk final : public call::identity_service {
 public:
  identity_desk(boost::asio::any_io_executor executor, call::clocks time, desk_options options);
  ~identity_desk() override;
  identity_desk(const identity_desk&) = delete;
  identity_desk& operator=(const identity_desk&) = delete;

  const pstn::identity::signer* signs() const override;
  bool verifies() const override { return options_.trusted.has_value(); }
  call::identity_policy policy() const override { return options_.policy; }
  boost::asio::awaitable<pstn::identity::verdict> verify(pstn::identity::claimed_call call) override;

  // Ends what is being fetched. Nobody may wait here any more when the executor's context is destroyed.
  void stop();

 private:
  struct waiting;  // for one URL's certificate
  boost::asio::awaitable<certificate_cache::found> certificate_at(const std::string& url);
  void begin_fetch(const std::string& url);
  void fetched(const std::string& url, certificate_cache::found what);

  boost::asio::any_io_executor executor_;
  call::clocks time_;
  desk_options options_;
  certificate_fetcher fetcher_;
  certificate_cache cache_;
  std::unordered_map<std::string, std::shared_ptr<waiting>> fetching_;
  std::unique_ptr<boost::asio::thread_pool> fetchers_, checkers_;
};

}  // namespace tollgate::gateway::identity
