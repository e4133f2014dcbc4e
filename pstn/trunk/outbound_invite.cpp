// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/outbound_invite.hpp"

#include "pstn/trunk/sip_uri.hpp"

namespace tollgate::pstn::trunk {
namespace {

std::string host_and_port(const trunk& by) {
  return by.port == 0 ? uri_host(by.host) : uri_host(by.host) + ":" + std::to_string(by.port);
}

}  // namespace

std::string next_hop(const trunk& by) {
  if (by.target) {
    // A certificate is of the carrier's name, not of the address that the name has led to (RFC 5922 §4).
    const std::string end = ":" + std::to_string(by.target->port) + ";transport=" + by.target->transport;
    const std::string address = uri_host(by.target->address);
    return by.target->transport == "tls" ? "sip:" + uri_host(by.host) + end + ";maddr=" + address
                                         : "sip:" + address + end;
  }
  return "sip:" + host_and_port(by) + ";transport=" + std::string{name(by.transport)};
}

sip::address_family family_of(const trunk& by) {
  return sip::family_of(by.target ? by.target->address : by.host);
}

namespace {

sip::invite invite_to(const trunk& by, const std::string& user, const caller_identity& caller,
                      std::string_view gateway_host) {
  caller_fields fields = caller_of(by, caller, gateway_host);
  sip::invite invite;
  invite.request_uri = user_uri(by, user, host_and_port(by));
  invite.from_uri = std::move(fields.from_uri);
  invite.from_display = std::move(fields.from_display);
  invite.route = next_hop(by);
  invite.headers = std::move(fields.headers);
  invite.reliable_progress = by.reliable_progress;
  if (by.digest)
    invite.credentials = sip::digest_credentials{by.digest->realm, by.digest->username, by.digest->password};
  return invite;
}

}  // namespace

sip::invite make_invite(const trunk& by, const phone_number& number, const caller_identity& caller,
                        std::string_view gateway_host) {
  return invite_to(by, written(by, number), caller, gateway_host);
}

sip::invite make_emergency_invite(const trunk& by, std::string_view digits, const caller_identity& caller,
                                  std::string_view gateway_host) {
  return invite_to(by, std::string{digits}, caller, gateway_host);
}

sip::registration_request make_registration(const trunk& by) {
  const digest_account account = by.digest.value_or(digest_account{});
  const std::string domain = uri_host(by.from_domain.empty() ? by.host : by.from_domain);
  sip::registration_request request;
  request.registrar_uri = "sip:" + domain;
  request.address_of_record = "sip:" + account.username + "@" + domain;
  request.route = next_hop(by);
  request.credentials = {account.realm, account.username, account.password};
  return request;
}

}  // namespace tollgate::pstn::trunk
