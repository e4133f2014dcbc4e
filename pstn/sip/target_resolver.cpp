// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/target_resolver.hpp"

#include <arpa/inet.h>

#include <sofia-sip/sresolv.h>
#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "pstn/sip/stack.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr std::size_t targets_most = 16;
constexpr std::uint16_t port_usual = 5060;  // RFC 3261 §19.1.2
constexpr std::uint16_t port_usual_tls = 5061;
constexpr std::chrono::seconds lifetime_most{3600};

bool is_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::uint16_t usual_port(const std::string& transport) {
  return transport == "tls" ? port_usual_tls : port_usual;
}

/// RFC 3263 §4.2: of which SRV records a transport's are.
std::string service_of(const std::string& transport, const std::string& host) {
  if (transport == "tls") return "_sips._tcp." + host;
  return (transport == "tcp" ? "_sip._tcp." : "_sip._udp.") + host;
}

std::string text(const char* name) {
  return name ? std::string(name) : std::string();
}

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace

class target_resolver::implementation {
 public:
  implementation(const std::string& configuration, address_families reached, bool has_tls)
      : reached_(reached), has_tls_(has_tls) {
    prepare_stack();
    resolver_ = sres_resolver_new(configuration.c_str());
    if (!resolver_) throw std::runtime_error("no DNS resolver with " + configuration);
  }
  ~implementation() { sres_resolver_unref(resolver_); }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

  target_answer resolve(const target_query& query) {
    answer_ = {};
    answer_.lifetime = lifetime_most;
    if (is_literal(query.host)) {
      answer_.targets.push_back(
          {query.host, query.port != 0 ? query.port : usual_port(query.transport), query.transport});
    } else if (query.port != 0) {
      add_host(query.host, query.port, query.transport);
    } else {
      for (const auto& service : services_of(query))
        add_service(service);
      if (answer_.targets.empty()) add_host(query.host, usual_port(query.transport), query.transport);
    }
    return std::exchange(answer_, {});
  }

 private:
  /// What `read` makes of each record of the type; aliases have been followed by the server.
  template <class Read>
  void ask(std::uint16_t type, const std::string& name, Read read) {
    sres_record_t** records = nullptr;
    if (sres_blocking_query(resolver_, type, name.c_str(), 0, &records) < 0) return;
    for (sres_record_t** one = records; one && *one; ++one) {
      const auto& common = *(*one)->sr_record;
      if (common.r_status != SRES_OK || common.r_type != type) continue;
      answer_.lifetime = std::min(answer_.lifetime, std::chrono::seconds(common.r_ttl));
      read(**one);
    }
    sres_free_answers(resolver_, records);
  }

  std::vector<service_name> services_of(const target_query& query) {
    std::vector<naming_record> records;
    ask(sres_type_naptr, query.host, [&](const sres_record_t& one) {
      const auto& found = *one.sr_naptr;
      records.push_back({found.na_order, found.na_prefer, text(found.na_flags), text(found.na_services),
                         text(found.na_replace)});
    });
    auto services =
        usable_services(std::move(records), query.transport == "tls", has_tls_ || query.transport == "tls");
    if (services.empty()) services.push_back({service_of(query.transport, query.host), query.transport});
    return services;
  }

  void add_service(const service_name& service) {
    std::vector<service_record> records;
    ask(sres_type_srv, service.name, [&](const sres_record_t& one) {
      const auto& found = *one.sr_srv;
      records.push_back({found.srv_priority, found.srv_weight, found.srv_port, text(found.srv_target)});
    });
    const auto random_below = [this](std::uint32_t bound) {
      return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(chance_);
    };
    for (const auto& one : in_order(std::move(records), random_below))
      if (one.host != ".") add_host(one.host, one.port, service.transport);  // RFC 2782: "." is no service
  }

  void add_host(const std::string& host, std::uint16_t port, const std::string& transport) {
    const auto add = [&](int family, const void* address) {
      std::array<char, INET6_ADDRSTRLEN> literal{};
      if (answer_.targets.size() < targets_most && inet_ntop(family, address, literal.data(), literal.size()))
        answer_.targets.push_back({literal.data(), port, transport});
    };
    const std::string name = without_dot(host);
    // RFC 7984, RFC 6724 §2.1: of a host that has both, IPv6 comes first.
    if (reached_.ipv6)
      ask(sres_type_aaaa, name, [&](const sres_record_t& one) { add(AF_INET6, &one.sr_aaaa->aaaa_addr); });
    if (reached_.ipv4)
      ask(sres_type_a, name, [&](const sres_record_t& one) { add(AF_INET, &one.sr_a->a_addr); });
  }

  const address_families reached_;
  const bool has_tls_;
  sres_resolver_t* resolver_ = nullptr;
  target_answer answer_;  // of the question under way
  std::mt19937 chance_{std::random_device{}()};
};

target_resolver::target_resolver(const std::string& configuration, address_families reached, bool has_tls)
    : implementation_(std::make_unique<implementation>(configuration, reached, has_tls)) {}

target_resolver::~target_resolver() = default;

target_answer target_resolver::resolve(const target_query& query) {
  return implementation_->resolve(query);
}

}  // namespace tollgate::pstn::sip
