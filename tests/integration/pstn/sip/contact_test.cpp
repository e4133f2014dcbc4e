// SPDX-License-Identifier: Apache-2.0
// Where we tell far ends to reach us: by the transport that they are reached by.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

/// Takes one connection and reads what comes first.
class tcp_listener {
 public:
  tcp_listener() : port(free_port()), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const timeval longest{std::chrono::seconds(patience).count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(socket_, 1) != 0)
      ADD_FAILURE() << "cannot listen";
  }
  ~tcp_listener() { close(socket_); }

  std::string first_message() const {
    const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return {};
    const timeval longest{std::chrono::seconds(patience).count(), 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    std::string text;
    std::array<char, 4096> buffer{};
    while (text.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = recv(connection, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    close(connection);
    return text;
  }

  const std::uint16_t port;

 private:
  int socket_;
};

std::string contact_of(const std::string& message) {
  for (const std::string name : {"\r\nContact: ", "\r\nm: "}) {
    const std::size_t at = message.find(name);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + name.size();
    return message.substr(begin, message.find("\r\n", begin) - begin);
  }
  return {};
}

TEST(Contact, OfACallOverTcpSaysSo) {
  agent ours;
  tcp_listener carrier;
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), invite_to(carrier.port, "tcp"));
  EXPECT_EQ(contact_of(carrier.first_message()),
            "<sip:127.0.0.1:" + std::to_string(ours.port) + ";transport=tcp>");
}

TEST(Contact, OfARegistrationOverTcpSaysSo) {
  agent ours;
  tcp_listener registrar;
  ua::registration_request request;
  request.registrar_uri = "sip:carrier.example";
  request.address_of_record = "sip:trunk7@carrier.example";
  request.route = "sip:127.0.0.1:" + std::to_string(registrar.port) + ";transport=tcp";
  request.credentials = {"carrier.example", "trunk7", "se:cret"};
  ours.user_agent.start_registration(ours.user_agent.next_call_key(), request);
  const std::string message = registrar.first_message();
  EXPECT_TRUE(contact_of(message).starts_with("<sip:trunk7@127.0.0.1:" + std::to_string(ours.port) +
                                              ";transport=tcp>"))
      << message;
}

TEST(Contact, OfAnAnswerOverTcpSaysSo) {
  std::string seen;
  std::mutex guard;
  agent ours([&](ua::user_agent_options& options) {
    options.trace = [&](const ua::seen_message& one) {
      const std::scoped_lock lock(guard);
      if (one.sent && one.text.starts_with("SIP/2.0 200") && one.text.find("INVITE") != std::string::npos)
        seen = one.text;
    };
  });
  sipp caller("caller_is_answered", ours.port, "t1");
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  ours.user_agent.send_progress(incoming->key, 183, pcma_sdp(40000));
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  ours.user_agent.hang_up(incoming->key, 16, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
  const std::scoped_lock lock(guard);
  EXPECT_EQ(contact_of(seen), "<sip:127.0.0.1:" + std::to_string(ours.port) + ";transport=tcp>") << seen;
}

}  // namespace
}  // namespace tollgate::tests::sip
