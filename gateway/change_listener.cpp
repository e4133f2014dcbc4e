// SPDX-License-Identifier: Apache-2.0
// libpq itself, because only its asynchronous calls never block on a server that has gone silent.
#include "gateway/change_listener.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <system_error>

#include "gateway/db/connection_string.hpp"

namespace tollgate::gateway {
namespace {

constexpr int retry_ms = 500;   // between attempts to connect
constexpr int ping_ms = 3'000;  // a quiet connection is asked whether it lives, and has as long to answer

using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

connection connect(const std::string& url) {
  db::connection_settings settings;
  settings.application_name = "tollgate listener";
  const auto text = db::connection_string(url, settings);
  connection made(text ? PQconnectdb(text->c_str()) : nullptr, &PQfinish);
  if (!made || PQstatus(made.get()) != CONNECTION_OK) return {nullptr, &PQfinish};
  return made;
}

}  // namespace

change_listener::change_listener(std::string url, std::function<void(change, std::string about)> heard)
    : url_(std::move(url)), heard_(std::move(heard)), stop_(eventfd(0, EFD_CLOEXEC)) {
  if (stop_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::thread([this] { run(); });
}

change_listener::~change_listener() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(stop_, &one, sizeof one);
  thread_.join();
  close(stop_);
}

// Waits for the end, for the other socket or for the time; true: the end.
bool change_listener::stopped_within(int milliseconds, int other_socket) const {
  std::array<pollfd, 2> waiting{{{stop_, POLLIN, 0}, {other_socket, POLLIN, 0}}};
  poll(waiting.data(), waiting.size(), milliseconds);
  return waiting[0].revents != 0;
}

void change_listener::run() {
  bool told = false;
  while (!listen()) {
    if (!told) spdlog::warn("event=listener_lost hint=\"rates are read anew when the database answers\"");
    told = true;
    if (stopped_within(retry_ms)) return;
  }
}

// Begins to listen. A server that has gone silent since it took the connection is given up after ping_ms.
bool change_listener::subscribe(PGconn* server) const {
  static constexpr auto channels =
      "LISTEN tollgate_rates; LISTEN tollgate_trunks; LISTEN tollgate_credit; LISTEN tollgate_mailbox; "
      "LISTEN tollgate_nodes; LISTEN tollgate_dial_policy; LISTEN tollgate_credentials";
  if (PQsetnonblocking(server, 1) != 0 || PQsendQuery(server, channels) == 0) return false;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ping_ms);
  while (true) {
    if (PQflush(server) < 0 || PQconsumeInput(server) == 0) return false;
    while (PQisBusy(server) == 0) {
      const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQgetResult(server), &PQclear);
      if (!answer) return true;
      if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return false;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || stopped_within(static_cast<int>(left.count()), PQsocket(server))) return false;
  }
}

// One connection from its beginning to its end; true: the listener is to stop.
bool change_listener::listen() {
  const auto server = connect(url_);
  if (!server || !subscribe(server.get())) return stopped_within(0);
  heard_(change::everything, "");
  bool asked = false;  // whether it lives
  while (true) {
    if (stopped_within(ping_ms, PQsocket(server.get()))) return true;
    pollfd readable{PQsocket(server.get()), POLLIN, 0};
    if (poll(&readable, 1, 0) == 0) {
      if (asked || PQsendQuery(server.get(), "SELECT 1") == 0) return false;
      asked = true;
      continue;
    }
    if (PQconsumeInput(server.get()) == 0) return false;
    while (asked && PQisBusy(server.get()) == 0) {
      PGresult* const answer = PQgetResult(server.get());
      if (answer == nullptr) asked = false;
      PQclear(answer);
    }
    bool rates = false, trunks = false;
    while (PGnotify* const note = PQnotifies(server.get())) {
      const std::string_view channel = note->relname;
      if (channel == "tollgate_credit")
        heard_(change::credit, note->extra);
      else if (channel == "tollgate_mailbox")
        heard_(change::mailbox, note->extra);
      else if (channel == "tollgate_credentials")
        heard_(change::credentials, note->extra);
      else if (channel == "tollgate_nodes")
        heard_(change::node, note->extra);
      else if (channel == "tollgate_dial_policy")
        heard_(change::dial_policy, "");
      else
        (channel == "tollgate_trunks" ? trunks : rates) = true;
      PQfreemem(note);
    }
    if (rates) heard_(change::rates, "");
    if (trunks) heard_(change::trunks, "");
  }
}

}  // namespace tollgate::gateway
