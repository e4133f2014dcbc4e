// SPDX-License-Identifier: Apache-2.0
// A server that listens on the loopback is what a webhook must not reach, however it is written.
#include "gateway/notify/courier.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

namespace tollgate::gateway::notify {
namespace {

// On 127.0.0.1 alone: whatever comes is counted, and answered with the text given.
class listener {
 public:
  listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(socket_, 8) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      std::abort();
    port_ = std::to_string(ntohs(at.sin_port));
  }
  ~listener() { close(socket_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  const std::string& port() const { return port_; }

  // Nobody has knocked: a connection would wait in the backlog already, since the attempt is over.
  bool is_untouched() const {
    pollfd one{socket_, POLLIN, 0};
    return poll(&one, 1, 0) == 0;
  }

  // The next caller gets this; returns when it has hung up.
  void answer(const std::string& text) const {
    const int caller = accept(socket_, nullptr, nullptr);
    char byte = 0;
    std::string asked;
    while (asked.find("\r\n\r\n{}") == std::string::npos && read(caller, &byte, 1) == 1)
      asked += byte;
    EXPECT_EQ(write(caller, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    shutdown(caller, SHUT_WR);
    while (read(caller, &byte, 1) == 1) {
    }
    close(caller);
  }

 private:
  int socket_;
  std::string port_;
};

web_post to(const std::string& url) {
  return {.url = url, .headers = {}, .body = "{}"};
}

constexpr auto operators = courier::sender_kind::carrier;

TEST(Courier, WhatTheOperatorMayReachASubscriberMayNot) {
  const listener inside;
  const courier by({}, address_guard({"127.0.0.1"}), address_guard());
  const auto came = by.post(to("http://127.0.0.1:" + inside.port() + "/"), courier::sender_kind::subscriber);
  EXPECT_EQ(came.why, "leads to an address that is not public");
  EXPECT_TRUE(inside.is_untouched());
}

TEST(Courier, NoWayOfWritingItLeadsInside) {
  const listener inside;
  const courier by({}, address_guard(), address_guard());
  for (const char* host :
       {"127.0.0.1", "localhost", "LOCALHOST.", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0.0.0.0",
        "[::1]", "[::ffff:127.0.0.1]", "example.net@127.0.0.1", "127.0.0.1#example.net"}) {
    const auto came = by.post(to(std::string("http://") + host + ":" + inside.port() + "/"), operators);
    EXPECT_FALSE(came.done) << host;
    EXPECT_TRUE(inside.is_untouched()) << host;
  }
  EXPECT_EQ(by.post(to("http://localhost:" + inside.port()), operators).why,
            "leads to an address that is not public")
      << "a name is judged by the address that it has when it is connected to";
  const courier to_it({}, address_guard({"127.0.0.1"}), address_guard());
  for (const char* scheme : {"ftp", "gopher", "telnet", "dict", "smtp", "ldap"})
    EXPECT_FALSE(to_it.post(to(scheme + ("://127.0.0.1:" + inside.port()) + "/x"), operators).done) << scheme;
  EXPECT_FALSE(to_it.post(to("file:///etc/passwd"), operators).done);
  EXPECT_TRUE(inside.is_untouched());
}

TEST(Courier, NoProxyOfTheEnvironmentIsAsked) {
  const listener proxy;
  setenv("http_proxy", ("http://127.0.0.1:" + proxy.port()).c_str(), 1);
  const courier by({}, address_guard({"127.0.0.1"}), address_guard());
  EXPECT_FALSE(by.post(to("http://127.0.0.1:1/"), operators).done);
  unsetenv("http_proxy");
  EXPECT_TRUE(proxy.is_untouched());
}

TEST(Courier, ARedirectionIsAFailureAndGoneIsForGood) {
  const listener server, elsewhere;
  const courier by({}, address_guard({"127.0.0.1"}), address_guard());
  struct one {
    std::string answer;
    bool done, final;
  };
  for (const one& each : {one{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + elsewhere.port() +
                                  "/\r\nContent-Length: 0\r\n\r\n",
                              false, false},
                          one{"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:" +
                                  elsewhere.port() + "/\r\nContent-Length: 0\r\n\r\n",
                              false, false},
                          one{"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", false, true},
                          one{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false, false},
                          one{"HTTP/1.1 204 No Content\r\n\r\n", true, false}}) {
    std::thread answering([&] { server.answer(each.answer); });
    const auto came = by.post(to("http://127.0.0.1:" + server.port() + "/"), operators);
    answering.join();
    EXPECT_EQ(came.done, each.done) << each.answer;
    EXPECT_EQ(came.final, each.final) << each.answer;
  }
  EXPECT_TRUE(elsewhere.is_untouched());
}

}  // namespace
}  // namespace tollgate::gateway::notify
