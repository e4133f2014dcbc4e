// SPDX-License-Identifier: Apache-2.0
// What the peer keeps between runs: the device's private key, the gateway it logged in at, and the
// credential. Directory 0700, files 0600, each replaced whole.
#pragma once

#include <boost/system/result.hpp>

#include <filesystem>
#include <string>

#include "gateway/overlay/client.hpp"

namespace tollgate::gateway::peer {

/// A successful log-in.
struct account_state {
  std::string gateway;                ///< wss://host:port
  std::string authority_pem;          ///< trusted for the gateway's TLS certificate
  overlay::device_identity identity;  ///< name, device key, credential, pinned login authority
};

class state_directory {
 public:
  explicit state_directory(std::filesystem::path path);

  /// error::not_logged_in when there is none, error::state_unreadable when it is damaged.
  boost::system::result<account_state> load_account() const;
  /// error::state_unwritable.
  boost::system::result<void> save_account(const account_state& account) const;

 private:
  boost::system::result<void> write(const std::string& name, const std::string& text) const;

  std::filesystem::path path_;
};

/// A whole file of at most 1 MiB; error::state_unreadable otherwise.
boost::system::result<std::string> read_small_file(const std::filesystem::path& path);

}  // namespace tollgate::gateway::peer
