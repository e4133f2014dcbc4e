// SPDX-License-Identifier: Apache-2.0
// Names of carriers by a real DNS server: dnsmasq, on a port of its own.
#include "pstn/sip/target_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

using ua::target;

class name_server {
 public:
  name_server() : port_(free_port()) {
    process_ = std::make_unique<child>(
        std::vector<std::string>{
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv",
            "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1",
            "--port=" + std::to_string(port_), "--user=root", "--local=/example/",
            // By SRV alone: the second is for when the first is dead.
            "--srv-host=_sip._udp.plain.example,b.plain.example,5070,20",
            "--srv-host=_sip._udp.plain.example,a.plain.example,5060,10",
            "--srv-host=_sip._tcp.plain.example,a.plain.example,5080,10",
            "--srv-host=_sips._tcp.plain.example,a.plain.example,5061,10",
            "--host-record=a.plain.example,192.0.2.1", "--host-record=b.plain.example,192.0.2.2,2001:db8::2",
            // By NAPTR: TLS before TCP.
            "--naptr-record=chosen.example,50,20,s,SIP+D2T,,_sip._tcp.plain.example",
            "--naptr-record=chosen.example,50,10,s,SIPS+D2T,,_sips._tcp.plain.example",
            // No service at all, and a mere host.
            "--srv-host=_sip._udp.shut.example,.,0,0", "--host-record=mere.example,192.0.2.9,2001:db8::9",
            "--host-record=many.example,192.0.2.10", "--host-record=many.example,192.0.2.11"},
        folder_.path);
    std::ofstream(configuration()) << "port " << port_ << "\nnameserver 127.0.0.1\n";
    is_listening = wait_until_bound(port_);
  }
  std::string configuration() const { return (folder_.path / "resolv.conf").string(); }
  std::string output() const { return process_->output(); }

  bool is_listening = false;

 private:
  const std::uint16_t port_;
  scratch_folder folder_;
  std::unique_ptr<child> process_;
};

TEST(TargetResolver, FollowsNaptrSrvAndAddresses) {
  name_server server;
  ASSERT_TRUE(server.is_listening) << server.output();
  ua::target_resolver resolver(server.configuration(), {}, true);
  struct row {
    const char* what;
    ua::target_query query;
    std::vector<target> targets;
  };
  const row rows[] = {
      {"an address", {"192.0.2.7", 0, "udp"}, {{"192.0.2.7", 5060, "udp"}}},
      {"an address for TLS", {"192.0.2.7", 0, "tls"}, {{"192.0.2.7", 5061, "tls"}}},
      {"SRV", {"plain.example", 0, "udp"}, {{"192.0.2.1", 5060, "udp"}, {"192.0.2.2", 5070, "udp"}}},
      {"SRV of TCP", {"plain.example", 0, "tcp"}, {{"192.0.2.1", 5080, "tcp"}}},
      {"SRV of TLS", {"plain.example", 0, "tls"}, {{"192.0.2.1", 5061, "tls"}}},
      {"NAPTR", {"chosen.example", 0, "udp"}, {{"192.0.2.1", 5061, "tls"}, {"192.0.2.1", 5080, "tcp"}}},
      {"NAPTR, only TLS", {"chosen.example", 0, "tls"}, {{"192.0.2.1", 5061, "tls"}}},
      {"a port", {"mere.example", 5090, "tcp"}, {{"192.0.2.9", 5090, "tcp"}}},
      {"no SRV", {"mere.example", 0, "udp"}, {{"192.0.2.9", 5060, "udp"}}},
      {"nothing", {"unknown.example", 0, "udp"}, {}},
  };
  for (const row& one : rows) {
    const auto answer = resolver.resolve(one.query);
    EXPECT_EQ(answer.targets.size(), one.targets.size()) << one.what;
    for (std::size_t i = 0; i < std::min(answer.targets.size(), one.targets.size()); ++i) {
      EXPECT_EQ(answer.targets[i].address, one.targets[i].address) << one.what;
      EXPECT_EQ(answer.targets[i].port, one.targets[i].port) << one.what;
      EXPECT_EQ(answer.targets[i].transport, one.targets[i].transport) << one.what;
    }
  }
  EXPECT_EQ(resolver.resolve({"many.example", 5060, "udp"}).targets.size(), 2U);
}

TEST(TargetResolver, AsksForIpv6WhereOursIs) {
  name_server server;
  ASSERT_TRUE(server.is_listening) << server.output();
  ua::target_resolver resolver(server.configuration(), {.ipv4 = false, .ipv6 = true}, true);
  const auto answer = resolver.resolve({"mere.example", 5060, "udp"});
  ASSERT_EQ(answer.targets.size(), 1U);
  EXPECT_EQ(answer.targets[0].address, "2001:db8::9");
  // The first has no such address.
  const auto service = resolver.resolve({"plain.example", 0, "udp"});
  ASSERT_EQ(service.targets.size(), 1U);
  EXPECT_EQ(service.targets[0], (target{"2001:db8::2", 5070, "udp"}));
}

TEST(TargetResolver, TellsAllAddressesOfAHostBeforeTheNextWhereBothFamiliesAreReached) {
  name_server server;
  ASSERT_TRUE(server.is_listening) << server.output();
  ua::target_resolver resolver(server.configuration(), {.ipv4 = true, .ipv6 = true}, true);
  EXPECT_EQ(resolver.resolve({"mere.example", 5060, "udp"}).targets,
            (std::vector<target>{{"2001:db8::9", 5060, "udp"}, {"192.0.2.9", 5060, "udp"}}));
  EXPECT_EQ(resolver.resolve({"plain.example", 0, "udp"}).targets,
            (std::vector<target>{
                {"192.0.2.1", 5060, "udp"}, {"2001:db8::2", 5070, "udp"}, {"192.0.2.2", 5070, "udp"}}));
}

}  // namespace
}  // namespace tollgate::tests::sip
