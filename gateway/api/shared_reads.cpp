// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/shared_reads.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "billing/fraud.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// One at a time, so that all who ask meanwhile share the next: a statement costs as much by itself as three accounts in it. One that
// takes long does not hold the others up. The rest of the pool's connections is for others.
constexpr std::size_t most_under_way = 2;
constexpr auto long_wait = std::chrono::milliseconds(20);
constexpr std::size_t most_accounts = 250;
constexpr auto ignoring_errors = asio::as_tuple(asio::use_awaitable);
constexpr auto never = asio::steady_timer::time_point::max();

}  // namespace

struct shared_reads::batch {
  explicit batch(const asio::any_io_executor& executor) : over(executor, never) {}
  std::vector<boost::uuids::uuid> accounts;
  boost::system::result<std::vector<billing::credit_view>> answer = db::make_error_code(db::errc::unavailable);
  asio::steady_timer over;  // cancelled when the answer is there
};

// A batch that is joined until it is closed, and its statement's place. However it ends, nobody joins it any more and those who wait
// go on.
struct shared_reads::turn {
  turn(shared_reads& of, std::shared_ptr<batch> carried_out) : owner(of), carries(std::move(carried_out)) { owner.gathering_ = carries; }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() {
    close();
    if (is_under_way) --owner.under_way_;
    carries->over.cancel();
    owner.place_.cancel();
  }
  void begin() {
    ++owner.under_way_;
    is_under_way = true;
  }
  void close() {
    if (owner.gathering_ == carries) owner.gathering_.reset();
  }
  shared_reads& owner;
  std::shared_ptr<batch> carries;
  bool is_under_way = false;
};

struct shared_reads::counting {
  explicit counting(const asio::any_io_executor& executor) : over(executor, never) {}
  std::optional<fraud_counts> counts;
  std::optional<std::chrono::steady_clock::time_point> ended;  // nothing: under way
  asio::steady_timer over;                                     // cancelled when it ends
};

shared_reads::shared_reads(asio::any_io_executor executor, db::database& database, const database_share& share,
                           const billing::lapse_policy& policy)
    : executor_(std::move(executor)), database_(database), share_(share), policy_(policy), place_(executor_, never) {}

awaitable<boost::system::result<std::optional<billing::credit_view>>> shared_reads::find_credit(boost::uuids::uuid account_id) {
  using found = boost::system::result<std::optional<billing::credit_view>>;
  const bool begins = !gathering_ || gathering_->accounts.size() >= most_accounts;
  const std::shared_ptr<batch> joined = begins ? std::make_shared<batch>(executor_) : gathering_;
  auto& accounts = joined->accounts;
  if (std::find(accounts.begin(), accounts.end(), account_id) == accounts.end()) accounts.push_back(account_id);
  if (begins)
    co_await carry_out(joined);
  else
    co_await joined->over.async_wait(ignoring_errors);
  if (!joined->answer) co_return found(joined->answer.error());
  const auto own = std::find_if(joined->answer->begin(), joined->answer->end(), [&](const auto& each) { return each.account_id == account_id; });
  co_return own == joined->answer->end() ? found(std::nullopt) : found(*own);
}

// By the one who began the batch, for all of it.
awaitable<void> shared_reads::carry_out(std::shared_ptr<batch> wanted) {
  turn held(*this, wanted);
  co_await asio::post(executor_, asio::use_awaitable);  // requests that have been read already join
  asio::steady_timer hurry(executor_, long_wait);
  const auto late = hurry.expiry();
  const auto is_to_wait = [&] { return under_way_ >= (std::chrono::steady_clock::now() < late ? 1 : most_under_way); };
  if (is_to_wait()) hurry.async_wait([this](boost::system::error_code ended) {
    if (!ended) place_.cancel();
  });
  while (is_to_wait())
    co_await place_.async_wait(ignoring_errors);
  hurry.cancel();
  held.begin();
  const std::string nobody;
  const std::optional<places::held> place = co_await share_.any->enter(database_share::patience, nullptr, nobody);
  held.close();
  if (!place) {
    wanted->answer = db::make_error_code(db::errc::overloaded);
    co_return;
  }
  ++statements_;
  const auto read = [&](pqxx::transaction_base& tx) { return billing::view_credit(tx, wanted->accounts, policy_); };
  wanted->answer = co_await database_.step(read);
}

awaitable<std::optional<shared_reads::fraud_counts>> shared_reads::count_fraud() {
  // However it ends, those who wait go on.
  struct end {
    explicit end(std::shared_ptr<counting> one) : of(std::move(one)) {}
    end(const end&) = delete;
    end& operator=(const end&) = delete;
    ~end() {
      of->ended = std::chrono::steady_clock::now();
      of->over.cancel();
    }
    std::shared_ptr<counting> of;
  };
  const bool is_old = !counted_ || (counted_->ended && std::chrono::steady_clock::now() - *counted_->ended >= oldest_counts);
  if (is_old) counted_ = std::make_shared<counting>(executor_);
  const std::shared_ptr<counting> joined = counted_;
  if (is_old) {
    const end told(joined);
    const std::string nobody;
    const std::optional<places::held> place = co_await share_.any->enter(database_share::patience, nullptr, nobody);
    if (!place) co_return std::nullopt;
    ++statements_;
    const auto count = [](pqxx::work& tx) { return billing::count_fraud_events(tx); };
    const db::run_options at_once{.idempotent = true, .patience = std::chrono::milliseconds(0)};
    boost::system::result<fraud_counts> counts = co_await database_.run(count, at_once);
    if (counts) joined->counts = std::move(*counts);
  } else if (!joined->ended) {
    co_await joined->over.async_wait(ignoring_errors);
  }
  co_return joined->counts;
}

}  // namespace tollgate::gateway::api
