// SPDX-License-Identifier: Apache-2.0
// What the SIP tests need of a far end: free ports, child processes (sipp, baresip), a bare UDP socket that
// speaks SIP by hand, and a record of the user agent's events. Everything on 127.0.0.1, every wait has a
// deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pstn/sip/events.hpp"
#include "pstn/sip/user_agent.hpp"

namespace tollgate::tests::sip {

namespace ua = tollgate::pstn::sip;

inline constexpr std::chrono::seconds patience{20};

/// A port of 127.0.0.1 that nobody listens on, for UDP and for TCP.
std::uint16_t free_port();

/// Waits until somebody listens on the port of 127.0.0.1, or of ::1; false after `patience`.
bool wait_until_bound(std::uint16_t port, bool tcp = false, bool ipv6 = false);

/// The events of a user agent in their order, taken one by one.
class event_log {
 public:
  void push(ua::event what);

  /// The next event; nothing after `patience`.
  std::optional<ua::event> next();

  /// The next event, which must be a T; other events are named in a test failure.
  template <class T>
  std::optional<T> expect() {
    const auto any = next();
    if (!any) {
      complain("no event came", ua::event{});
      return std::nullopt;
    }
    if (const T* one = std::get_if<T>(&*any)) return *one;
    complain("another event came", *any);
    return std::nullopt;
  }

  bool is_empty();

 private:
  static void complain(const char* what, const ua::event& which);

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<ua::event> events_;
};

/// A user agent on a free port that trusts 127.0.0.1, and its events.
class agent {
 public:
  explicit agent(const std::function<void(ua::user_agent_options&)>& adjust = {});

  event_log events;
  std::uint16_t port;
  ua::user_agent user_agent;

  /// "sip:NUMBER@127.0.0.1:port"
  std::string uri(std::string_view number) const;
};

/// A child process, ended (SIGTERM, then SIGKILL) with the object. Output goes to `output.log` in its folder.
class child {
 public:
  child(std::vector<std::string> arguments, std::filesystem::path folder);
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Its exit status; nothing while it still runs after `patience`, 128 + n when signal n ended it.
  std::optional<int> wait();
  void terminate();
  std::string output() const;

 private:
  std::filesystem::path folder_;
  pid_t process_ = -1;
  std::optional<int> status_;
};

/// A folder below the temporary one, removed with the object.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  std::filesystem::path path;
};

/// sipp with one scenario of ./scenarios for one call. As a caller it starts at once; as the called end it
/// waits for the INVITE.
class sipp {
 public:
  /// `remote_port` 0: the called end. `transport` is sipp's: "u1" or "t1". `address` is that of both ends.
  sipp(const std::string& scenario, std::uint16_t remote_port, const std::string& transport = "u1",
       const std::string& address = "127.0.0.1");

  /// True when the scenario went through; its log otherwise ends up in a test failure.
  bool succeeds();

  const std::uint16_t port;

 private:
  scratch_folder folder_;
  std::unique_ptr<child> process_;
};

/// A UDP socket of a far end that speaks SIP by hand.
class wire {
 public:
  explicit wire(std::uint16_t remote_port);
  ~wire();

  void send(std::string_view message);
  /// The next datagram; nothing after `patience`.
  std::optional<std::string> receive();
  /// The next datagram whose first line contains `text`, dropping those before it.
  std::optional<std::string> receive(std::string_view text);

  /// A request with fresh Via branch; %BRANCH%-free. `extra` are further header lines, each with CRLF.
  std::string request(std::string_view method, std::string_view to_tag, int sequence,
                      std::string_view extra = {}, std::string_view body = {});
  /// Sends an OPTIONS and waits for its answer: everything sent before it has been worked on then. Other
  /// datagrams that come are returned.
  std::vector<std::string> settle();

  std::uint16_t port = 0;

 private:
  int socket_ = -1;
  std::uint16_t remote_port_;
  int branches_ = 0;
  std::string call_id_;
};

/// The tag of the To header of a message.
std::string to_tag_of(std::string_view message);

/// A minimal description of one PCMA stream.
std::string pcma_sdp(std::uint16_t port, int version = 1);

/// An INVITE for user_agent::send_invite towards 127.0.0.1:port.
ua::invite invite_to(std::uint16_t port, const std::string& transport = "udp");

/// A call by hand up to its ACK.
struct call_by_hand {
  explicit call_by_hand(agent& ours) : far(ours.port) {
    far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
    const auto incoming = ours.events.expect<ua::incoming_invite>();
    if (!incoming) return;
    key = incoming->key;
    ours.user_agent.answer(key, pcma_sdp(40000));
    const auto ok = far.receive("SIP/2.0 200");
    if (!ok) return;
    tag = to_tag_of(*ok);
    far.send(far.request("ACK", tag, 1));
    is_up = ours.events.expect<ua::acknowledged>().has_value();
  }

  wire far;
  ua::call_key key;
  std::string tag;
  bool is_up = false;
};

/// The value of a header, empty without it.
inline std::string header_of(const std::string& message, const std::string& name) {
  const std::size_t at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

/// Our INVITE as it arrived, and how it is answered.
struct received_invite {
  explicit received_invite(std::string text) : text_(std::move(text)) {}

  std::string answer(const std::string& status, const std::string& tag, const wire& by,
                     const std::string& extra = {}, const std::string& sdp = {}) const {
    std::string out = "SIP/2.0 " + status + "\r\n";
    for (const char* name : {"Via", "From", "Call-ID", "CSeq"})
      out += std::string(name) + ": " + header_of(text_, name) + "\r\n";
    out += "To: " + header_of(text_, "To") + ";tag=" + tag + "\r\n";
    out += "Contact: <sip:" + tag + "@127.0.0.1:" + std::to_string(by.port) + ">\r\n" + extra;
    if (!sdp.empty()) out += "Content-Type: application/sdp\r\n";
    return out + "Content-Length: " + std::to_string(sdp.size()) + "\r\n\r\n" + sdp;
  }
  /// To one within a dialog, whose tags are there.
  std::string reply(const std::string& status) const { return headers(status) + "Content-Length: 0\r\n\r\n"; }
  std::string reply(const std::string& status, const wire& by, const std::string& sdp) const {
    return headers(status) + "Contact: <sip:far@127.0.0.1:" + std::to_string(by.port) +
           ">\r\nContent-Type: application/sdp\r\nContent-Length: " + std::to_string(sdp.size()) +
           "\r\n\r\n" + sdp;
  }

 private:
  std::string headers(const std::string& status) const {
    std::string out = "SIP/2.0 " + status + "\r\n";
    for (const char* name : {"Via", "From", "To", "Call-ID", "CSeq"})
      out += std::string(name) + ": " + header_of(text_, name) + "\r\n";
    return out;
  }

  std::string text_;
};

/// Our INVITE to a far end by hand.
struct call_to_a_wire {
  explicit call_to_a_wire(const std::function<void(ua::user_agent_options&)>& adjust = {})
      : ours(adjust), far(ours.port), key(ours.user_agent.next_call_key()) {
    ours.user_agent.send_invite(key, invite_to(far.port));
  }
  agent ours;
  wire far;
  ua::call_key key;
};

}  // namespace tollgate::tests::sip
