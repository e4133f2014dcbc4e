// SPDX-License-Identifier: Apache-2.0
// Many subscribers in one process, told in JSON lines on standard input what to do, telling in JSON lines on
// standard output what came of it:
//   {"url", "authority", "events", "accounts": [{"name", "passphrase"}]}  ->  {"attached"}
//   {"calls_per_s", "calls", "hold_ms", "prefix", "first"}                ->  the tally, when all of them
//   have ended
//   {"ask": true}                                                         ->  the tally now
// Calls out go round robin over the first `callers` accounts; any account takes calls.
#include <srtp2/srtp.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "subscriber.hpp"

namespace tollgate::bench {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};  // for the last calls' end
constexpr std::size_t log_ins_at_once = 8;    // each costs the gateway an Argon2id

void tell(const json::object& what) {
  std::cout << json::serialize(what) << std::endl;
}

class generator {
 public:
  explicit generator(asio::io_context& context) : context_(context), input_(context, dup(STDIN_FILENO)) {}

  asio::awaitable<void> run() {
    const json::object set_up = co_await hear();
    co_await attach(set_up);
    for (;;) {
      const json::object order = co_await hear();
      if (order.empty()) break;
      if (order.contains("ask"))
        tell(state());
      else
        asio::co_spawn(context_, load(order), asio::detached);
    }
    context_.stop();
  }

 private:
  asio::awaitable<json::object> hear() {
    boost::system::error_code error;
    co_await asio::async_read_until(input_, buffer_, '\n', asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return json::object();
    std::istream lines(&buffer_);
    std::string line;
    std::getline(lines, line);
    co_return json::parse(line).as_object();
  }

  asio::awaitable<void> attach(const json::object& set_up) {
    std::ifstream file(std::string(set_up.at("authority").as_string()));
    const std::string authority{std::istreambuf_iterator<char>(file), {}};
    events_ = std::make_unique<event_log>(std::string(set_up.at("events").as_string()));
    environment_.emplace(load_environment{
        context_.get_executor(),
        gateway::overlay::dtls_context(gateway::overlay::certificate::make(std::chrono::system_clock::now())),
        *events_, count_});
    accounts_ = set_up.at("accounts").as_array();
    url_ = set_up.at("url").as_string();
    for (std::size_t i = 0; i < accounts_.size(); ++i)
      subscribers_.push_back(std::make_unique<subscriber>(*environment_, authority));
    for (std::size_t i = 0; i < log_ins_at_once; ++i)
      asio::co_spawn(context_, attach_next(), asio::detached);
    asio::steady_timer timer(context_);
    while (attached_ < accounts_.size()) {
      timer.expires_after(milliseconds(50));
      co_await timer.async_wait(asio::use_awaitable);
    }
    tell({{"attached", attached_}});
  }

  asio::awaitable<void> attach_next() {
    while (next_ < accounts_.size()) {
      const std::size_t place = next_++;
      const json::object& account = accounts_[place].as_object();
      try {
        co_await subscribers_[place]->attach(url_, std::string(account.at("name").as_string()),
                                             std::string(account.at("passphrase").as_string()));
      } catch (const std::exception& error) {
        std::cerr << "account " << place << ": " << error.what() << "\n";
        std::exit(1);
      }
      ++attached_;
    }
  }

  asio::awaitable<void> load(json::object order) {
    const double rate = order.at("calls_per_s").to_number<double>();
    const auto calls = order.at("calls").to_number<std::uint64_t>();
    const auto callers = order.at("callers").to_number<std::uint64_t>();
    const std::string prefix(order.at("prefix").as_string());
    auto number = order.at("first").to_number<std::uint64_t>();
    environment_->hold = milliseconds(order.at("hold_ms").to_number<int>());
    const auto begun = steady_clock::now();
    asio::steady_timer timer(context_);
    for (std::uint64_t i = 0; i < calls; ++i) {
      timer.expires_at(begun + std::chrono::duration_cast<steady_clock::duration>(
                                   std::chrono::duration<double>(static_cast<double>(i) / rate)));
      co_await timer.async_wait(asio::use_awaitable);
      std::string digits = std::to_string(number++);
      digits.insert(0, 6 - std::min<std::size_t>(6, digits.size()), '0');
      subscribers_[i % callers]->call(prefix + digits);
    }
    const std::chrono::duration<double> took = steady_clock::now() - begun;
    const auto end = steady_clock::now() + patience + environment_->hold;
    while (count_.open > 0 && steady_clock::now() < end) {
      timer.expires_after(milliseconds(50));
      co_await timer.async_wait(asio::use_awaitable);
    }
    json::object out = state();
    out["seconds"] = took.count();
    tell(out);
  }

  json::object state() const {
    json::object failures;
    for (const auto& [code, number] : count_.failures)
      failures[code] = number;
    return {{"calls_out", count_.calls_out},  {"calls_in", count_.calls_in}, {"done_out", count_.done_out},
            {"done_in", count_.done_in},      {"open", count_.open},         {"connected", count_.connected},
            {"failures", std::move(failures)}};
  }

  asio::io_context& context_;
  asio::posix::stream_descriptor input_;
  asio::streambuf buffer_;
  std::unique_ptr<event_log> events_;
  tally count_;
  std::optional<load_environment> environment_;
  json::array accounts_;
  std::string url_;
  std::vector<std::unique_ptr<subscriber>> subscribers_;
  std::size_t next_ = 0, attached_ = 0;
};

}  // namespace
}  // namespace tollgate::bench

int main() {
  if (srtp_init() != srtp_err_status_ok) return 1;
  boost::asio::io_context context(1);
  tollgate::bench::generator generator(context);
  boost::asio::co_spawn(context, generator.run(), [](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      std::cerr << "bench_sip_peers: " << failure.what() << "\n";
    }
    std::exit(1);
  });
  context.run();
}
