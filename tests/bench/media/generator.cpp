// SPDX-License-Identifier: Apache-2.0
// Plays both far ends of N calls: speaks SRTP Opus and plain G.711 with a gateway at 50 packets a second each
// way, and tells what came back: loss, lateness, delay, and what the gateway's process cost meanwhile. One
// JSON object a line:
//   in
//   {"calls":N,"prompts":DIR,"conversation":false,"warm_up_s":3,"seconds":8,"pid":PID,"keying":"dtls"|"sdes"}
//   out  {"fingerprint":…,"calls":[{"peer_port":…,"trunk_port":…,"ufrag":…,"pwd":…,"key":BASE64}]}
//   in   {"fingerprint":…,"calls":[{"peer_port":…,"trunk_port":…,"ufrag":…,"pwd":…,"key":BASE64}]}: the
//   gateway's ends out  the result
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>

#include "far_end.hpp"
#include "gateway/overlay/encoding.hpp"
#include "material.hpp"
#include "process_cost.hpp"
#include "stream.hpp"

namespace tollgate::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
namespace json = boost::json;
namespace overlay = gateway::overlay;

constexpr std::uint8_t opus_payload_type = 111;
constexpr std::uint8_t alaw_payload_type = 8;
constexpr auto frame_time = 20ms;
constexpr auto set_up_limit = 30s;
constexpr int material_s = 60;
constexpr std::size_t rtp_header_bytes = 12;
constexpr std::size_t probes_wanted = 8;
constexpr unsigned seed = 7;

std::string text(const json::value& from, std::string_view name) {
  return std::string(from.at(name).as_string());
}

master_key random_key() {
  std::random_device device;
  master_key key{};
  for (unsigned char& octet : key)
    octet = static_cast<unsigned char>(device());
  return key;
}

std::int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct sending {
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  std::size_t frame = 0;  // of the material
};

struct simulated_call {
  explicit simulated_call(bool probe, std::size_t peer_offset, std::size_t trunk_offset, std::mt19937& random)
      : toward_trunk(coding::alaw, probe, peer_offset), toward_peer(coding::opus, probe, trunk_offset) {
    for (sending* each : {&from_peer, &from_trunk}) {
      each->sequence_number = static_cast<std::uint16_t>(random());
      each->timestamp = static_cast<std::uint32_t>(random());
      each->ssrc = static_cast<std::uint32_t>(random());
    }
    from_peer.frame = peer_offset;
    from_trunk.frame = trunk_offset;
  }
  far_end end;
  master_key key = random_key();
  sending from_peer, from_trunk;
  stream toward_trunk, toward_peer;
};

struct slot {
  nanoseconds phase;  // within a frame's time
  std::size_t call;
  bool peer;
};

class load_generator {
 public:
  explicit load_generator(const json::value& asked);
  json::object own_ends() const;
  void connect(const json::value& gateway);
  void run();
  json::object result() const;

 private:
  void set_up(const json::value& gateway);
  void send(const slot& due);
  void receive(std::size_t call, bool peer);
  void take(simulated_call& call, bool peer, std::span<unsigned char> packet, std::int64_t at_ns);
  void wait(steady_clock::time_point until);
  void watch(int descriptor, std::uint64_t number);

  material said_;
  nanoseconds warm_up_, measured_;
  pid_t gateway_process_;
  bool dtls_;
  overlay::dtls_context certificate_{overlay::certificate::make(std::chrono::system_clock::now())};
  std::deque<simulated_call> calls_;
  std::vector<slot> slots_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  bool measuring_ = false;
  process_cost cost_, own_cost_;  // of the gateway, of ourselves
  double measured_s_ = 0;
  std::vector<std::int64_t> behind_ns_;  // how late our own packets were sent
  std::uint64_t refused_ = 0;            // what libsrtp2 did not open
};

load_generator::load_generator(const json::value& asked)
    : said_(make_material(text(asked, "prompts"), material_s, asked.at("conversation").as_bool())),
      warm_up_(std::chrono::seconds(asked.at("warm_up_s").to_number<int>())),
      measured_(std::chrono::seconds(asked.at("seconds").to_number<int>())),
      gateway_process_(asked.at("pid").to_number<pid_t>()),
      dtls_(text(asked, "keying") == "dtls") {
  std::mt19937 random(seed);
  const auto count = asked.at("calls").to_number<std::size_t>();
  const std::size_t probe_each = std::max<std::size_t>(count / probes_wanted, 1);
  std::uniform_int_distribution<std::int64_t> phase(0, nanoseconds(frame_time).count() - 1);
  for (std::size_t i = 0; i < count; ++i) {
    calls_.emplace_back(i % probe_each == 0, random() % said_.frames(), random() % said_.frames(), random);
    slots_.push_back({nanoseconds(phase(random)), i, true});
    slots_.push_back({nanoseconds(phase(random)), i, false});
  }
  std::sort(slots_.begin(), slots_.end(), [](const slot& a, const slot& b) { return a.phase < b.phase; });
  const auto rounds = static_cast<std::size_t>(measured_ / frame_time);
  behind_ns_.reserve(slots_.size() * rounds);
  for (std::size_t i = 0; i < count; ++i) {
    watch(calls_[i].end.peer.descriptor(), 2 * i);
    watch(calls_[i].end.trunk.descriptor(), 2 * i + 1);
  }
}

void load_generator::watch(int descriptor, std::uint64_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) throw std::runtime_error("epoll_ctl");
}

json::object load_generator::own_ends() const {
  json::array ends;
  for (const simulated_call& call : calls_)
    ends.push_back(json::object{{"peer_port", call.end.peer.number()},
                                {"trunk_port", call.end.trunk.number()},
                                {"ufrag", call.end.ice.username_fragment},
                                {"pwd", call.end.ice.password},
                                {"key", overlay::to_base64(std::as_bytes(std::span(call.key)))}});
  return {{"fingerprint", certificate_.own_certificate().digest().to_text()}, {"calls", std::move(ends)}};
}

void load_generator::connect(const json::value& gateway) {
  const json::array& ends = gateway.at("calls").as_array();
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    calls_[i].end.peer.connect(ends.at(i).at("peer_port").to_number<std::uint16_t>());
    calls_[i].end.trunk.connect(ends.at(i).at("trunk_port").to_number<std::uint16_t>());
  }
  if (dtls_) return set_up(gateway);
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const auto octets = overlay::from_base64(text(ends.at(i), "key")).value();
    master_key theirs{};
    if (octets.size() != theirs.size())
      throw std::runtime_error("the gateway's key is not one for AES-256-GCM");
    std::transform(octets.begin(), octets.end(), theirs.begin(), std::to_integer<unsigned char>);
    calls_[i].end.use_keys(calls_[i].key, theirs);
  }
}

void load_generator::set_up(const json::value& gateway) {
  const auto certificate = overlay::fingerprint::from_text(text(gateway, "fingerprint")).value();
  const json::array& ends = gateway.at("calls").as_array();
  for (std::size_t i = 0; i < calls_.size(); ++i)
    calls_[i].end.begin(certificate_, {text(ends.at(i), "ufrag"), text(ends.at(i), "pwd")}, certificate);
  const auto began = steady_clock::now();
  auto repeat = began + 500ms;
  const auto open = [](const simulated_call& call) { return call.end.connected(); };
  while (!std::all_of(calls_.begin(), calls_.end(), open)) {
    const auto now = steady_clock::now();
    if (now > began + set_up_limit) throw std::runtime_error("the calls' DTLS did not come up");
    if (now > repeat) {
      repeat = now + 500ms;
      for (simulated_call& call : calls_)
        if (!call.end.connected()) call.end.repeat_set_up();
    }
    wait(now + 10ms);
  }
}

// Takes whatever arrives until then, or until the first that has arrived.
void load_generator::wait(steady_clock::time_point until) {
  const auto left = std::max<nanoseconds>(until - steady_clock::now(), 0ns);
  const timespec most{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
  std::array<epoll_event, 64> events;
  const int count = epoll_pwait2(epoll_, events.data(), events.size(), &most, nullptr);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
    receive(number / 2, number % 2 == 0);
  }
}

void load_generator::receive(std::size_t index, bool peer) {
  std::array<unsigned char, 2048> buffer;
  simulated_call& call = calls_[index];
  const auto got = (peer ? call.end.peer : call.end.trunk).receive(buffer);
  if (!got) return;
  const auto packet = std::span(buffer).first(got->size);
  if (peer && !call.end.connected()) return call.end.take_set_up(packet);
  take(call, peer, packet, got->at_ns);
}

void load_generator::take(simulated_call& call, bool peer, std::span<unsigned char> packet,
                          std::int64_t at_ns) {
  if (packet.size() < rtp_header_bytes || packet[0] >> 6 != 2) return;
  if (packet[1] >= 192 && packet[1] <= 223) return;  // RTCP (RFC 5761 §4)
  std::size_t size = packet.size();
  if (peer && (size = call.end.unprotect(packet)) == 0) {
    ++refused_;
    return;
  }
  const std::uint8_t expected = peer ? opus_payload_type : alaw_payload_type;
  if (!measuring_ || (packet[1] & 0x7f) != expected) return;
  const received_packet facts{
      at_ns, static_cast<std::uint32_t>(packet[4] << 24 | packet[5] << 16 | packet[6] << 8 | packet[7]),
      static_cast<std::uint16_t>(packet[2] << 8 | packet[3])};
  (peer ? call.toward_peer : call.toward_trunk)
      .received(facts, packet.subspan(rtp_header_bytes, size - rtp_header_bytes));
}

void load_generator::send(const slot& due) {
  simulated_call& call = calls_[due.call];
  sending& from = due.peer ? call.from_peer : call.from_trunk;
  const packet_bytes& payload = (due.peer ? said_.opus : said_.alaw)[from.frame];
  std::array<unsigned char, 1600> packet;
  const std::uint16_t number = from.sequence_number++;
  packet[0] = 0x80;
  packet[1] = due.peer ? opus_payload_type : alaw_payload_type;
  packet[2] = static_cast<unsigned char>(number >> 8);
  packet[3] = static_cast<unsigned char>(number);
  for (std::size_t i = 0; i < 4; ++i) {
    packet[4 + i] = static_cast<unsigned char>(from.timestamp >> (24 - 8 * i));
    packet[8 + i] = static_cast<unsigned char>(from.ssrc >> (24 - 8 * i));
  }
  std::copy(payload.begin(), payload.end(), packet.begin() + rtp_header_bytes);
  std::size_t size = rtp_header_bytes + payload.size();
  if (due.peer) size = call.end.protect(packet, size);
  (due.peer ? call.toward_trunk : call.toward_peer).sent(wall_ns());
  (due.peer ? call.end.peer : call.end.trunk).send(std::span(packet).first(size));
  from.timestamp += due.peer ? 960 : 160;
  from.frame = (from.frame + 1) % said_.frames();
}

void load_generator::run() {
  const auto began = steady_clock::now();
  const auto measure_from = began + warm_up_;
  const auto end = measure_from + measured_;
  steady_clock::time_point measured_since;
  process_cost cost_before, own_before;
  for (auto round = began;; round += frame_time) {
    if (!measuring_ && round >= measure_from) {
      measuring_ = true;
      measured_since = steady_clock::now();
      cost_before = cost_of(gateway_process_);
      own_before = cost_of(getpid());
    }
    if (round >= end) break;
    for (const slot& each : slots_) {
      const auto due = round + each.phase;
      while (steady_clock::now() < due)
        wait(due);
      const auto behind = steady_clock::now() - due;
      if (measuring_ && behind_ns_.size() < behind_ns_.capacity())
        behind_ns_.push_back(nanoseconds(behind).count());
      send(each);
    }
  }
  cost_ = cost_of(gateway_process_) - cost_before;
  own_cost_ = cost_of(getpid()) - own_before;
  measured_s_ = std::chrono::duration<double>(steady_clock::now() - measured_since).count();
}

double quantile_ms(std::vector<std::int64_t> values, double share) {
  if (values.empty()) return -1;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at) / 1e6;
}

json::object load_generator::result() const {
  json::object facts;
  const auto direction = [&](stream simulated_call::*which) {
    stream::counts sum;
    std::vector<std::int64_t> delays;
    std::vector<double> likeness;
    for (const simulated_call& call : calls_) {
      const auto count = (call.*which).count();
      sum.received += count.received;
      sum.lost += count.lost;
      sum.late += count.late;
      sum.bytes += count.bytes;
      const auto measured = (call.*which).measure(said_);
      delays.insert(delays.end(), measured.ns.begin(), measured.ns.end());
      likeness.insert(likeness.end(), measured.likeness.begin(), measured.likeness.end());
    }
    std::sort(likeness.begin(), likeness.end());
    const double call_seconds = static_cast<double>(calls_.size()) * measured_s_;
    return json::object{{"received", sum.received},
                        {"lost", sum.lost},
                        {"late", sum.late},
                        {"packets_per_s", static_cast<double>(sum.received) / call_seconds},
                        {"bits_per_s", static_cast<double>(sum.bytes) * 8 / call_seconds},
                        {"delay_median_ms", quantile_ms(delays, 0.5)},
                        {"delay_p99_ms", quantile_ms(delays, 0.99)},
                        {"pieces", likeness.size()},
                        {"likeness_median", likeness.empty() ? 0 : likeness[likeness.size() / 2]}};
  };
  facts["toward_peer"] = direction(&simulated_call::toward_peer);
  facts["toward_trunk"] = direction(&simulated_call::toward_trunk);
  facts["opus_bandwidth_hz"] = calls_.front().toward_peer.opus_bandwidth_hz();
  facts["opus_channels"] = calls_.front().toward_peer.opus_channels();
  const auto share = [this](std::int64_t ns) { return static_cast<double>(ns) / 1e9 / measured_s_; };
  facts["cpu_ms_per_call_s"] = share(cost_.on_processor_ns) * 1e3 / static_cast<double>(calls_.size());
  facts["waited_share"] = share(cost_.waited_ns);
  facts["generator_share"] = share(own_cost_.on_processor_ns);
  facts["generator_waited_share"] = share(own_cost_.waited_ns);
  facts["measured_s"] = measured_s_;
  facts["active_share"] = said_.active_share;
  facts["refused"] = refused_;
  facts["sent_late_p99_ms"] = quantile_ms(behind_ns_, 0.99);
  facts["expected"] =
      static_cast<std::uint64_t>(static_cast<double>(calls_.size()) * measured_s_ * frames_per_second);
  return facts;
}

int run() {
  if (srtp_init() != srtp_err_status_ok) throw std::runtime_error("libsrtp2 does not start");
  std::string line;
  const auto next = [&line] {
    if (!std::getline(std::cin, line)) throw std::runtime_error("end of input");
    return json::parse(line);
  };
  load_generator load(next());
  std::cout << json::serialize(load.own_ends()) << std::endl;
  load.connect(next());
  load.run();
  std::cout << json::serialize(load.result()) << std::endl;
  return 0;
}

}  // namespace
}  // namespace tollgate::bench

int main() {
  try {
    return tollgate::bench::run();
  } catch (const std::exception& error) {
    std::cerr << "bench_media_generator: " << error.what() << '\n';
    return 1;
  }
}
