// SPDX-License-Identifier: Apache-2.0
// Delivers a letter by SMTP (RFC 5321, STARTTLS by RFC 3207) and a webhook by HTTP, with libcurl. Blocking,
// and safe to be called by several threads at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/notify/address_guard.hpp"

namespace tollgate::gateway::notify {

enum class tls_use { required, opportunistic, none };

struct mail_server {
  std::string
      url;  // "smtp://mail.example:587", or "smtps://…" for TLS from the first byte; empty: no e-mail is sent
  std::string user, password;
  std::string from;  // the sender's address
  tls_use tls = tls_use::required;
  std::string authority_file;  // PEM; empty: the system's
};

struct letter {
  std::string to;
  std::vector<std::string> headers;  // "Subject: …", without From and To
  std::string text;                  // UTF-8
  struct attachment {
    std::string name, type;
    std::vector<std::byte> content;
  };
  std::optional<attachment> attached{};
};

struct web_post {
  std::string url;
  std::vector<std::string> headers;
  std::string body;  // JSON
};

struct delivery {
  bool done = false;
  bool final = false;  // refused for good: trying again is in vain
  std::string why{};   // of a failure, for people; without addresses
};

class courier {
 public:
  enum class sender_kind { carrier, subscriber };  // who has named the address

  // `guard` for what the operator has named, `subscribers` for what a subscriber has.
  courier(mail_server mail, address_guard guard, address_guard subscribers, std::string authority_file = {});

  bool has_mail() const { return !mail_.url.empty(); }
  const std::string& sender() const { return mail_.from; }

  // Done once the server has taken it over (250 to the message). Final: it has refused sender, recipient or
  // content with 5yz.
  delivery send(const letter& what) const;
  // Done with any 2xx. Redirections are not followed, proxies of the environment not asked; an address that
  // the guard does not permit is not connected to. Final: 410 Gone (RFC 9110 §15.5.11).
  delivery post(const web_post& what, sender_kind who) const;

  // Ends what is under way, and whatever is asked from now on.
  void abort() { *aborted_ = true; }

 private:
  mail_server mail_;
  address_guard guard_, guard_of_subscribers_;
  std::string authority_file_;  // of webhooks' servers; empty: the system's
  std::shared_ptr<std::atomic<bool>> aborted_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace tollgate::gateway::notify
