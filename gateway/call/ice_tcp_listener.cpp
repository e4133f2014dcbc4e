// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/ice_tcp_listener.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/socket_base.hpp>
#include <utility>
#include <vector>

#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/stream_framing.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds sweep_interval{500};
constexpr int packets_in_turn = 64;  // of one connection, then the others have theirs
// What the kernel holds for a peer that does not read: about a second of media, so that nobody hears older.
constexpr int send_buffer_bytes = 16 * 1024;

bool is_media(std::span<const std::byte> packet) {
  const auto kind = overlay::classify(packet);
  return kind == overlay::datagram_kind::rtp || kind == overlay::datagram_kind::rtcp;
}

}  // namespace

class ice_tcp_listener::connection : public std::enable_shared_from_this<connection> {
 public:
  connection(tcp::socket socket, const address& who, std::weak_ptr<ice_tcp_listener> owner,
             steady::time_point now)
      : socket_(std::move(socket)), who_(who), owner_(std::move(owner)), since_(now), heard_(now) {}

  bool start() {
    boost::system::error_code error;
    socket_.non_blocking(true, error);
    if (error) return false;
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::send_buffer_size(send_buffer_bytes), ignored);
    read();
    return true;
  }

  void send(std::span<const std::byte> packet, std::size_t unsent_max) {
    const auto length = overlay::frame_length_of(packet.size());
    std::size_t sent = 0;
    const bool waiting = !unsent_.empty();
    if (!waiting) {
      const std::array<asio::const_buffer, 2> whole{asio::buffer(length),
                                                    asio::buffer(packet.data(), packet.size())};
      boost::system::error_code error;
      sent = socket_.write_some(whole, error);
      if (error && error != asio::error::would_block) return;  // reading tells of it, too
    }
    const auto size = length.size() + packet.size();
    if (sent == size) return;
    // A packet that has begun must be ended before anything else. One that has not is lost if it is media:
    // late, it is worth nothing; what keeps the path waits in line.
    if (sent == 0 && (is_media(packet) || unsent_.size() + size > unsent_max)) return;
    const auto of_length = std::min(sent, length.size());
    unsent_.insert(unsent_.end(), length.begin() + static_cast<std::ptrdiff_t>(of_length), length.end());
    unsent_.insert(unsent_.end(), packet.begin() + static_cast<std::ptrdiff_t>(sent - of_length),
                   packet.end());
    if (!waiting) flush();
  }

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  bool proven = false;
  steady::time_point since() const { return since_; }
  steady::time_point heard() const { return heard_; }

 private:
  void read() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->take();
    });
  }

  void take() {
    const auto owner = owner_.lock();
    if (!owner || !socket_.is_open()) return;
    for (int turn = 0; turn < packets_in_turn; ++turn) {
      boost::system::error_code error;
      const auto space = reader_.space();
      const auto size = socket_.read_some(asio::buffer(space.data(), space.size()), error);
      if (error == asio::error::would_block) break;
      if (error) return owner->remove(who_);
      reader_.fill(size);
      if (!take_packets(*owner)) return owner->remove(who_);
      if (!socket_.is_open()) return;  // the call ended by this packet
    }
    read();
  }

  bool take_packets(ice_tcp_listener& owner) {
    while (const auto packet = reader_.next()) {
      heard_ = steady::now();
      if (!proven && overlay::classify(*packet) != overlay::datagram_kind::stun) return false;
      if (!owner.on_packet_ || (!owner.on_packet_(*packet, who_) && !proven)) return false;
      if (!socket_.is_open()) return true;
    }
    return !reader_.broken();
  }

  void flush() {
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](boost::system::error_code error) {
      if (error) return;
      const auto sent = self->socket_.write_some(asio::buffer(self->unsent_), error);
      if (error && error != asio::error::would_block) return;
      self->unsent_.erase(self->unsent_.begin(), self->unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
      if (!self->unsent_.empty()) self->flush();
    });
  }

  tcp::socket socket_;
  address who_;
  std::weak_ptr<ice_tcp_listener> owner_;
  steady::time_point since_;
  steady::time_point heard_;
  overlay::frame_reader reader_;
  std::vector<std::byte> unsent_;
};

ice_tcp_listener::ice_tcp_listener(asio::io_context& context, const tcp::endpoint& local,
                                   ice_tcp_limits limits, handler on_packet)
    : acceptor_(context), timer_(context), limits_(limits), on_packet_(std::move(on_packet)) {
  acceptor_.open(local.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(local);
  acceptor_.listen();
}

ice_tcp_listener::~ice_tcp_listener() = default;

void ice_tcp_listener::start() {
  sweep();
}

void ice_tcp_listener::stop() {
  on_packet_ = nullptr;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  for (const auto& [who, one] : connections_)
    one->close();
  connections_.clear();
  unproven_ = 0;
}

void ice_tcp_listener::accept() {
  acceptor_.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (!error) self->admit(std::move(socket));
    // Out of descriptors: the sweep tries again, when some may have been given back.
    self->accepting_ = !error || error == asio::error::connection_aborted;
    if (self->accepting_) self->accept();
  });
}

bool ice_tcp_listener::has_room(const address& newcomer) const {
  if (connections_.size() >= limits_.connections) return false;
  const auto same = std::count_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
    return entry.first.address() == newcomer.address();
  });
  return static_cast<std::size_t>(same) < limits_.connections_of_address;
}

void ice_tcp_listener::admit(tcp::socket socket) {
  boost::system::error_code error;
  const auto far = socket.remote_endpoint(error);
  if (error) return;
  const address who({far.address(), far.port()}, overlay::transport_protocol::tcp);
  if (!has_room(who)) return;  // closes it
  if (unproven_ >= limits_.unproven) drop_oldest_unproven();
  const auto made = std::make_shared<connection>(std::move(socket), who, weak_from_this(), steady::now());
  remove(who);  // its predecessor from the same port has not been seen to end
  if (!made->start()) return;
  connections_.emplace(who, made);
  ++unproven_;
}

// Peers prove themselves within a round trip: who has waited longest is the least likely to be one.
void ice_tcp_listener::drop_oldest_unproven() {
  auto oldest = connections_.end();
  for (auto at = connections_.begin(); at != connections_.end(); ++at)
    if (!at->second->proven &&
        (oldest == connections_.end() || at->second->since() < oldest->second->since()))
      oldest = at;
  if (oldest != connections_.end()) remove(address(oldest->first));
}

void ice_tcp_listener::sweep() {
  const auto now = steady::now();
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto [who, one] = *at++;
    if (one->proven ? now - one->heard() > limits_.idle : now - one->since() > limits_.proof) remove(who);
  }
  if (!std::exchange(accepting_, true)) accept();
  timer_.expires_after(sweep_interval);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || !self->acceptor_.is_open()) return;
    self->sweep();
  });
}

void ice_tcp_listener::send(std::span<const std::byte> packet, const address& to) {
  const auto found = connections_.find(to);
  if (found != connections_.end()) found->second->send(packet, limits_.unsent_bytes);
}

void ice_tcp_listener::prove(const address& who) {
  const auto found = connections_.find(who);
  if (found == connections_.end() || found->second->proven) return;
  found->second->proven = true;
  --unproven_;
}

void ice_tcp_listener::close(const address& who) {
  remove(who);
}

void ice_tcp_listener::remove(const address& who) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return;
  if (!found->second->proven) --unproven_;
  found->second->close();
  connections_.erase(found);
}

}  // namespace tollgate::gateway::call
