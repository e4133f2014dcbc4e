// SPDX-License-Identifier: Apache-2.0
// What a stranger's certificate URL may do to us: nothing. Fetching what is good is tested end to end, where
// there is a server with TLS (tests/e2e/identity_test.py).
#include "gateway/identity/identity_desk.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "authority.hpp"

namespace tollgate::gateway::identity {
namespace {

using pstn::identity::identity_error;
using pstn::identity::verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;
namespace testing = pstn::identity::testing;

// On 127.0.0.1 alone; takes connections into its backlog and says nothing.
class silent_listener {
 public:
  silent_listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(socket_, 64) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      std::abort();
    port_ = std::to_string(ntohs(at.sin_port));
  }
  ~silent_listener() { close(socket_); }
  silent_listener(const silent_listener&) = delete;
  silent_listener& operator=(const silent_listener&) = delete;
  const std::string& port() const { return port_; }
  bool is_untouched() const {
    pollfd one{socket_, POLLIN, 0};
    return poll(&one, 1, 0) == 0;
  }

 private:
  int socket_;
  std::string port_;
};

TEST(CertificateFetcher, NothingButThePublicInternetIsReached) {
  const silent_listener inside;
  const certificate_fetcher fetcher({.timeout = milliseconds(1'500)});
  for (const char* host :
       {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]",
        "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]", "[fe80::1]"})
    EXPECT_FALSE(fetcher.fetch(std::string("https://") + host + ":" + inside.port() + "/a.pem")) << host;
  EXPECT_TRUE(inside.is_untouched());
}

TEST(CertificateFetcher, OtherUrlsAreNotAskedFor) {
  const silent_listener inside;
  const certificate_fetcher fetcher(
      {.guard = notify::address_guard({"127.0.0.0/8"}), .timeout = milliseconds(300)});
  for (const std::string& url :
       {"http://127.0.0.1:" + inside.port() + "/a", std::string("file:///etc/hostname"),
        "https://a@127.0.0.1:" + inside.port() + "/a", std::string()})
    EXPECT_FALSE(fetcher.fetch(url)) << url;
  EXPECT_TRUE(inside.is_untouched());
}

class IdentityDesk : public ::testing::Test {
 protected:
  boost::asio::io_context context_{1};
  const call::clocks clocks_{[] { return std::chrono::steady_clock::now(); },
                             [] { return std::chrono::system_clock::now(); }};
  const pstn::identity::wall_time now_ = std::chrono::system_clock::now();
  const testing::authority root_{"root", now_ - std::chrono::hours(1), now_ + std::chrono::hours(1)};
  const testing::key_pointer key_ = testing::make_key();

  desk_options options(const notify::address_guard& guard) const {
    desk_options made;
    made.trusted.emplace(root_.pem());
    made.fetch = {.guard = guard, .timeout = milliseconds(800)};
    return made;
  }
  pstn::identity::claimed_call call_signed_at(const std::string& url,
                                              pstn::identity::wall_time issued) const {
    const pstn::identity::signer by(testing::pem_of(key_.get()), url);
    return {{by.identity_of({pstn::identity::attestation::full, "12155551212", "12155551213", "x"}, issued)},
            "12155551212",
            {"12155551213"}};
  }
  // What comes of these calls, all of them at once.
  std::vector<std::string> verdicts_of(identity_desk& desk, std::vector<pstn::identity::claimed_call> calls) {
    std::vector<std::string> texts;
    for (auto& one : calls)
      boost::asio::co_spawn(context_, desk.verify(std::move(one)),
                            [&texts](std::exception_ptr failure, verdict reached) {
                              texts.push_back(failure ? "exception" : reached.text());
                            });
    context_.restart();
    context_.run();
    return texts;
  }
};

TEST_F(IdentityDesk, WithoutIdentityThereIsNoVerdict) {
  identity_desk desk(context_.get_executor(), clocks_, options({}));
  EXPECT_EQ(verdicts_of(desk, {{{}, "12155551212", {"12155551213"}}}), std::vector<std::string>{"none"});
}

TEST_F(IdentityDesk, APrivateAddressIsNotReached) {
  const silent_listener inside;
  identity_desk desk(context_.get_executor(), clocks_, options({}));
  const auto url = "https://127.0.0.1:" + inside.port() + "/a.pem";
  EXPECT_EQ(verdicts_of(desk, {call_signed_at(url, now_)}),
            std::vector<std::string>{"failed_credential_unavailable"});
  EXPECT_TRUE(inside.is_untouched());
}

TEST_F(IdentityDesk, WhatIsStaleIsNotAskedFor) {
  const silent_listener inside;
  identity_desk desk(context_.get_executor(), clocks_, options(notify::address_guard({"127.0.0.0/8"})));
  const auto url = "https://127.0.0.1:" + inside.port() + "/a.pem";
  EXPECT_EQ(verdicts_of(desk, {call_signed_at(url, now_ - seconds(90))}),
            std::vector<std::string>{"failed_stale"});
  EXPECT_TRUE(inside.is_untouched());
}

TEST_F(IdentityDesk, ASilentServerHoldsUpNobodyForLong) {
  const silent_listener silent;
  auto with = options(notify::address_guard({"127.0.0.0/8"}));
  with.fetches = 1;
  with.fetches_waiting = 1;
  identity_desk desk(context_.get_executor(), clocks_, std::move(with));
  const auto url = [&](const char* name) { return "https://127.0.0.1:" + silent.port() + "/" + name; };
  // Of three places to fetch from the third finds no room; calls for the same place share its fetch.
  const auto verdicts = verdicts_of(desk, {call_signed_at(url("a"), now_), call_signed_at(url("a"), now_),
                                           call_signed_at(url("b"), now_), call_signed_at(url("c"), now_)});
  EXPECT_EQ(verdicts, std::vector<std::string>(4, "failed_credential_unavailable"));
}

}  // namespace
}  // namespace tollgate::gateway::identity
