// SPDX-License-Identifier: Apache-2.0
// Realms that were learnt: where the operator has named none, those whose digests have once led to a call or
// a registration at a host are the only ones that are answered there for the same (RFC 3261 §22.3: each proxy
// may have its own, and a registrar another than who takes calls). Free of IO.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "pstn/sip/events.hpp"

namespace tollgate::pstn::sip {

using realms = std::set<std::string, std::less<>>;

class realm_pins {
 public:
  enum class purpose : char { call = 'C', registration = 'R' };
  static constexpr std::string_view any = "*";  ///< as a realm: whichever asks, always

  /// What may be answered with these credentials at this host; empty: whichever asks.
  realms answered(purpose what, std::string_view host, const digest_credentials& credentials) const {
    if (credentials.realm == any) return {};
    if (!credentials.realm.empty()) return {credentials.realm};
    const auto found = learnt_.find(name_of(what, host, credentials));
    return found == learnt_.end() ? realms{} : found->second;
  }

  /// The host has taken them for these realms; nothing where some are known already. Another user name or
  /// password is to be learnt anew.
  void learn(purpose what, std::string_view host, const digest_credentials& credentials,
             const realms& taken) {
    if (taken.empty() || !credentials.realm.empty()) return;
    if (learnt_.size() >= most) learnt_.clear();
    learnt_.try_emplace(name_of(what, host, credentials), taken);
  }

 private:
  static constexpr std::size_t most = 4'096;  // far beyond the trunks of any node

  static std::string name_of(purpose what, std::string_view host, const digest_credentials& credentials) {
    std::string name(1, static_cast<char>(what));
    name.append(host);
    for (const std::string* part : {&credentials.username, &credentials.password})
      name.append(1, '\0').append(*part);
    return name;
  }

  std::map<std::string, realms> learnt_;
};

}  // namespace tollgate::pstn::sip
