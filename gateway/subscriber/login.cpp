// SPDX-License-Identifier: Apache-2.0
// The steps of a log-in: count, hash, forgive.
#include "gateway/subscriber/login.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/db/database.hpp"
#include "gateway/subscriber/passphrase.hpp"

namespace tollgate::gateway::subscriber {

namespace asio = boost::asio;
using boost::system::result;

struct passphrase_hasher::threads {
  threads(std::size_t count, std::size_t limit) : pool(count), queue_limit(limit) {}
  asio::thread_pool pool;
  const std::size_t queue_limit;
  std::atomic<std::size_t> queued{0};
};

namespace {

// Runs `work` on the pool and comes back to the executor of the coroutine.
template <class Work>
asio::awaitable<std::invoke_result_t<Work&>> elsewhere(asio::thread_pool& pool, Work work) {
  const auto home = co_await asio::this_coro::executor;
  co_await asio::post(asio::bind_executor(pool.get_executor(), asio::use_awaitable));
  std::optional<std::invoke_result_t<Work&>> value;
  std::exception_ptr failure;
  try {
    value.emplace(work());
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::post(asio::bind_executor(home, asio::use_awaitable));
  if (failure) std::rethrow_exception(failure);
  co_return std::move(*value);
}

class place {
 public:
  place(std::atomic<std::size_t>& queued, std::size_t limit)
      : queued_(queued), granted_(queued.fetch_add(1) < limit) {}
  ~place() { --queued_; }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  bool granted() const { return granted_; }

 private:
  std::atomic<std::size_t>& queued_;
  const bool granted_;
};

}  // namespace

passphrase_hasher::passphrase_hasher(std::size_t count, std::size_t queue_limit)
    : threads_(std::make_unique<threads>(count, queue_limit)) {}

passphrase_hasher::~passphrase_hasher() {
  stop();
}

asio::awaitable<result<std::string>> passphrase_hasher::hash(std::string passphrase) {
  const place mine(threads_->queued, threads_->queue_limit);
  if (!mine.granted()) co_return make_error_code(errc::overloaded);
  co_return co_await elsewhere(threads_->pool, [&passphrase] { return hash_passphrase(passphrase); });
}

asio::awaitable<result<bool>> passphrase_hasher::verify(std::string encoded, std::string passphrase) {
  const place mine(threads_->queued, threads_->queue_limit);
  if (!mine.granted()) co_return result<bool>(boost::system::in_place_error, errc::overloaded);
  co_return co_await elsewhere(threads_->pool, [&] { return verify_passphrase(encoded, passphrase); });
}

void passphrase_hasher::stop() {
  threads_->pool.join();
}

login_desk::login_desk(db::database& database, passphrase_hasher& hasher, login_limits limits)
    : database_(database), hasher_(hasher), limits_(limits) {}

asio::awaitable<result<login_attempt>> login_desk::begin(const std::string& name, const std::string& address, const gate& entered) {
  std::shared_ptr<void> place;
  if (entered) {
    place = co_await entered();
    if (!place) co_return db::make_error_code(db::errc::overloaded);
  }
  const auto count = [&](pqxx::work& tx) { return begin_login(tx, name, address, limits_); };
  const result<login_attempt> begun = co_await database_.run(count);
  co_return begun;
}

asio::awaitable<result<void>> login_desk::forgive(const std::string& name, const std::string& address, const gate& entered) {
  std::shared_ptr<void> place;
  if (entered) {
    place = co_await entered();
    if (!place) co_return db::make_error_code(db::errc::overloaded);
  }
  const auto forget = [&](pqxx::work& tx) { forgive_login(tx, name, address); };
  const db::run_options repeatable{.idempotent = true};
  const result<void> forgiven = co_await database_.run(forget, repeatable);
  co_return forgiven;
}

asio::awaitable<result<subscriber_record>> login_desk::check(std::string name, std::string passphrase,
                                                             std::string address, gate entered) {
  const result<std::string> folded = fold_name(name);
  if (!folded) {
    // Everybody knows that nobody has such a name, so the answer may be quick; the address has had one try more.
    const std::string nobody;
    const result<login_attempt> counted = co_await begin(nobody, address, entered);
    if (counted.has_error()) co_return counted.error();
    co_return make_error_code(counted->locked_out ? errc::locked_out : errc::wrong_passphrase);
  }
  const result<login_attempt> attempt = co_await begin(*folded, address, entered);
  if (attempt.has_error()) co_return attempt.error();
  if (attempt->locked_out) co_return make_error_code(errc::locked_out);
  const result<bool> right = co_await hasher_.verify(attempt->passphrase_hash, std::move(passphrase));
  if (right.has_error()) co_return right.error();
  if (!*right) co_return make_error_code(errc::wrong_passphrase);
  const result<void> forgiven = co_await forgive(*folded, address, entered);
  if (forgiven.has_error()) co_return forgiven.error();
  if (attempt->found->status != subscriber_status::active) co_return make_error_code(errc::blocked);
  co_return *attempt->found;
}

}  // namespace tollgate::gateway::subscriber
