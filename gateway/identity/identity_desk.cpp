// SPDX-License-Identifier: Apache-2.0
#include "gateway/identity/identity_desk.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::identity {

namespace asio = boost::asio;
using pstn::identity::identity_error;
using pstn::identity::verdict;

// The calls that wait for one URL's certificate: their timers are cancelled when it is there, or not to be
// had.
struct identity_desk::waiting {
  std::vector<std::shared_ptr<asio::steady_timer>> calls;
};

identity_desk::identity_desk(asio::any_io_executor executor, call::clocks time, desk_options options)
    : executor_(std::move(executor)),
      time_(std::move(time)),
      options_(std::move(options)),
      fetcher_(options_.fetch),
      cache_(options_.cache) {
  if (!verifies()) return;
  fetchers_ = std::make_unique<asio::thread_pool>(options_.fetches);
  checkers_ = std::make_unique<asio::thread_pool>(1);
}

identity_desk::~identity_desk() {
  stop();
}

void identity_desk::stop() {
  fetcher_.abort();
  if (fetchers_) fetchers_->join();
  if (checkers_) checkers_->join();
}

const pstn::identity::signer* identity_desk::signs() const {
  return options_.signer ? &*options_.signer : nullptr;
}

asio::awaitable<verdict> identity_desk::verify(pstn::identity::claimed_call call) {
  if (call.identities.empty()) co_return verdict();
  // Whatever needs no certificate comes first: a stranger's URL is not asked for nothing.
  const auto claim = pstn::identity::examine(call, time_.wall());
  if (!claim) co_return verdict(static_cast<identity_error>(claim.error().value()));
  const auto chain = co_await certificate_at(claim->says.certificate_url);
  if (!chain) co_return verdict(static_cast<identity_error>(chain.error().value()));
  const auto now = time_.wall();
  co_await asio::post(asio::bind_executor(checkers_->get_executor(), asio::use_awaitable));
  std::optional<verdict> reached;
  try {
    const auto known = pstn::identity::verify(*claim, *chain, *options_.trusted, now);
    reached = known ? verdict(*known) : verdict(static_cast<identity_error>(known.error().value()));
  } catch (const std::exception&) {
    reached = verdict(identity_error::credential_untrusted);
  }
  co_await asio::post(asio::bind_executor(executor_, asio::use_awaitable));
  co_return *reached;
}

asio::awaitable<certificate_cache::found> identity_desk::certificate_at(const std::string& url) {
  if (auto known = cache_.find(url, time_.steady())) co_return std::move(*known);
  auto& place = fetching_[url];
  if (!place) {
    if (fetching_.size() > options_.fetches + options_.fetches_waiting) {
      fetching_.erase(url);
      co_return identity_error::credential_unavailable;
    }
    place = std::make_shared<waiting>();
    begin_fetch(url);
  }
  // Each waits by its own deadline; when that passes, the fetch goes on for the calls that follow.
  const auto timer = std::make_shared<asio::steady_timer>(executor_, options_.patience);
  place->calls.push_back(timer);
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (auto known = cache_.find(url, time_.steady())) co_return std::move(*known);
  co_return identity_error::credential_unavailable;
}

void identity_desk::begin_fetch(const std::string& url) {
  asio::post(*fetchers_, [this, url] {
    certificate_cache::found what = identity_error::credential_unavailable;
    try {
      if (const auto content = fetcher_.fetch(url)) what = pstn::identity::certificate_chain::read(*content);
    } catch (const std::exception& e) {
      spdlog::error("event=certificate_failed error={}", logging::text(e.what()));
    }
    asio::post(executor_, [this, url, what = std::move(what)]() mutable { fetched(url, std::move(what)); });
  });
}

void identity_desk::fetched(const std::string& url, certificate_cache::found what) {
  if (!what) spdlog::warn("event=certificate_unavailable reason={}", logging::text(what.error().message()));
  cache_.put(url, std::move(what), time_.steady());
  const auto done = fetching_.extract(url);
  for (const auto& timer : done.mapped()->calls)
    timer->cancel();
}

}  // namespace tollgate::gateway::identity
