// SPDX-License-Identifier: Apache-2.0
// Several media workers with real sockets: where calls go, and which ports they get.
#include "gateway/call/media_engine.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <set>

namespace {

using namespace tollgate;
using namespace tollgate::gateway;
using boost::asio::ip::udp;

const boost::asio::ip::address loopback = boost::asio::ip::make_address("127.0.0.1");

class MediaEngine : public testing::Test {
 protected:
  static call::media_options options(std::size_t workers) {
    call::media_options chosen;
    chosen.address = "127.0.0.1";
    chosen.workers = workers;
    chosen.trunk_port_low = 31'000;
    chosen.trunk_port_high = 31'399;
    return chosen;
  }
  std::unique_ptr<call::media_engine> engine(const call::media_options& chosen) {
    const call::clocks time{[] { return std::chrono::steady_clock::now(); },
                            [] { return std::chrono::system_clock::now(); }};
    return std::make_unique<call::media_engine>(
        chosen, time, overlay::dtls_context(overlay::certificate::make(time.wall())),
        signalling_.get_executor());
  }
  static std::shared_ptr<call::media_session> open(call::media_engine& engine,
                                                   call::urgency of = call::urgency::ordinary) {
    return engine.open([](const call::media_message&) {}, of);
  }
  static bool is_free(std::uint16_t port) {
    boost::asio::io_context context;
    udp::socket probe(context, udp::v4());
    boost::system::error_code error;
    probe.bind({loopback, port}, error);
    return !error;
  }
  // The first of `count` free ports in a row.
  static std::uint16_t free_ports(std::uint16_t count) {
    for (std::uint16_t first = 32'000; first < 60'000; first = static_cast<std::uint16_t>(first + 16)) {
      bool all = true;
      for (std::uint16_t i = 0; i < count; ++i)
        all = all && is_free(static_cast<std::uint16_t>(first + i));
      if (all) return first;
    }
    throw std::runtime_error("no free ports");
  }

  boost::asio::io_context signalling_;
};

TEST_F(MediaEngine, CallsGoToTheLeastLoadedWorkerAndStayThere) {
  const auto media = engine(options(3));
  ASSERT_EQ(3U, media->workers());
  std::map<std::uint16_t, std::vector<std::shared_ptr<call::media_session>>> by_port;
  for (int i = 0; i < 9; ++i) {
    auto session = open(*media);
    by_port[session->overlay_port()].push_back(std::move(session));
  }
  ASSERT_EQ(3U, by_port.size());
  for (const auto& [port, sessions] : by_port)
    EXPECT_EQ(3U, sessions.size()) << port;
  const std::uint16_t relieved = by_port.rbegin()->first;
  by_port[relieved].front()->close([](const call::media_report&) {});
  by_port[relieved].pop_back();
  for (int i = 0; i < 2; ++i) {  // the places of the one that was closed and of the one that was dropped
    by_port[relieved].push_back(open(*media));
    EXPECT_EQ(relieved, by_port[relieved].back()->overlay_port());
  }
}

TEST_F(MediaEngine, OverloadRefusesAllButEmergencies) {
  auto chosen = options(2);
  chosen.load.share_high = -1;  // any load is too high
  const auto media = engine(chosen);
  EXPECT_FALSE(media->admit());
  EXPECT_EQ(nullptr, open(*media));
  EXPECT_EQ(2U, media->figures().calls_refused);
  std::set<std::uint16_t> ports;
  std::vector<std::shared_ptr<call::media_session>> sessions;
  for (int i = 0; i < 2; ++i) {
    sessions.push_back(open(*media, call::urgency::emergency));
    ASSERT_NE(nullptr, sessions.back());
    ports.insert(sessions.back()->overlay_port());
  }
  EXPECT_EQ(2U, ports.size()) << "emergencies go to the worker with the fewest calls, too";
  EXPECT_EQ(2U, media->figures().calls_refused);
}

TEST_F(MediaEngine, WorkersTakeThePortsThatFollowTheFirst) {
  auto chosen = options(3);
  chosen.overlay_port = free_ports(3);
  const auto media = engine(chosen);
  std::set<int> ports;
  std::vector<std::shared_ptr<call::media_session>> sessions;
  for (int i = 0; i < 3; ++i) {
    sessions.push_back(open(*media));
    ports.insert(sessions.back()->overlay_port());
  }
  EXPECT_EQ((std::set<int>{chosen.overlay_port, chosen.overlay_port + 1, chosen.overlay_port + 2}), ports);
}

TEST_F(MediaEngine, NamesThePortThatIsTaken) {
  auto chosen = options(2);
  chosen.overlay_port = free_ports(2);
  boost::asio::io_context context;
  const udp::socket other(context, {loopback, static_cast<std::uint16_t>(chosen.overlay_port + 1)});
  try {
    engine(chosen);
    FAIL() << "started on a port of somebody else";
  } catch (const boost::system::system_error& e) {
    EXPECT_NE(std::string::npos, std::string(e.what()).find(std::to_string(chosen.overlay_port + 1)));
  }
}

TEST_F(MediaEngine, TrunkPortsOfAllWorkersComeFromOneRange) {
  auto chosen = options(2);
  chosen.trunk_port_low = free_ports(8);
  chosen.trunk_port_high = static_cast<std::uint16_t>(chosen.trunk_port_low + 7);
  const auto media = engine(chosen);
  std::set<std::uint16_t> ports;
  std::vector<std::shared_ptr<call::media_session>> sessions;
  for (int i = 0; i < 4; ++i) {
    sessions.push_back(open(*media));
    const auto port = sessions.back()->open_trunk();
    ASSERT_TRUE(port) << i;
    EXPECT_EQ(0, *port % 2);
    EXPECT_TRUE(ports.insert(*port).second) << *port << " was handed out twice";
  }
  EXPECT_FALSE(open(*media)->open_trunk()) << "from an empty range";
}

using pstn::media::side;
using pstn::sip::address_family;

// Who sends to it is heard: a socket of that address stands there.
bool is_bound(const char* address, std::uint16_t port) {
  boost::asio::io_context context;
  const udp::endpoint there(boost::asio::ip::make_address(address), port);
  udp::socket probe(context, there.protocol());
  if (there.address().is_v6()) probe.set_option(boost::asio::ip::v6_only(true));
  boost::system::error_code error;
  probe.bind(there, error);
  return error == boost::asio::error::address_in_use;
}

TEST_F(MediaEngine, ATrunkPortIsOfTheFamilyThatTheFarEndHas) {
  for (const auto& [four, six] : {std::pair{"127.0.0.1", "::1"}, {"0.0.0.0", "::"}}) {
    auto chosen = options(1);
    chosen.address = four;
    chosen.address6 = six;
    chosen.trunk_port_low = free_ports(8);
    chosen.trunk_port_high = static_cast<std::uint16_t>(chosen.trunk_port_low + 7);
    const auto media = engine(chosen);
    const auto session = open(*media);
    const auto first = session->open_trunk(side::trunk, address_family::ipv6);
    ASSERT_TRUE(first);
    EXPECT_TRUE(is_bound("::1", *first));
    EXPECT_FALSE(is_bound("127.0.0.1", *first));
    EXPECT_EQ(*first, session->open_trunk(side::trunk, address_family::ipv6).value()) << "it has it already";
    const auto second =
        session->open_trunk(side::trunk, address_family::ipv4);  // the next trunk is reached so
    ASSERT_TRUE(second);
    EXPECT_TRUE(is_bound("127.0.0.1", *second));
    const auto other = session->open_trunk(side::overlay, address_family::ipv6);
    ASSERT_TRUE(other);
    EXPECT_TRUE(is_bound("::1", *other));
  }
}

TEST_F(MediaEngine, WhereThereIsOneAddressItIsTakenForEitherFamily) {
  const auto media = engine(options(1));
  const auto session = open(*media);
  const auto port = session->open_trunk(side::trunk, address_family::ipv6);
  ASSERT_TRUE(port);
  EXPECT_TRUE(is_bound("127.0.0.1", *port));
  EXPECT_EQ(*port, session->open_trunk(side::trunk, address_family::ipv4).value());
}

}  // namespace
