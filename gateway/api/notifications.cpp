// SPDX-License-Identifier: Apache-2.0
// Where the owner of a mailbox is told of new messages, beside the devices.
#include <openssl/rand.h>

#include <array>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "gateway/api/fields.hpp"
#include "gateway/api/notifications.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/notification.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using voicemail::notification_channel;

constexpr std::size_t address_most_bytes = 1'000;
constexpr std::size_t secret_least_bytes = 16;

struct notices {
  std::vector<voicemail::notification_target> targets;
  voicemail::notification_backlog backlog;
};

// The secret is told when it is made, and never again.
boost::json::object to_json(const notices& value) {
  boost::json::object out{{"email", nullptr},
                          {"email_audio", false},
                          {"webhook", nullptr},
                          {"mwi", nullptr},
                          {"waiting", value.backlog.waiting},
                          {"failed", value.backlog.failed},
                          {"last_error", value.backlog.last_error}};
  for (const auto& each : value.targets) {
    out[voicemail::to_text(each.channel)] = each.address;
    if (each.channel == notification_channel::email) out["email_audio"] = each.with_audio;
  }
  return out;
}

result<notices> read_notices(pqxx::work& tx, const uuid& account_id) {
  const auto owner = subscriber::find_subscriber(tx, account_id);
  if (!owner) return owner.error();
  return notices{voicemail::find_targets(tx, account_id), voicemail::count_notifications(tx, account_id)};
}

std::string make_secret() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("no random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::vector<voicemail::notification_target> read_targets(field_reader& fields) {
  std::vector<voicemail::notification_target> targets;
  const bool with_audio = fields.flag("email_audio").value_or(false);
  if (const auto email = fields.text("email", address_most_bytes)) {
    if (!voicemail::is_mail_address(*email)) fields.complain("email", "is no e-mail address");
    targets.push_back({notification_channel::email, *email, with_audio, {}});
  }
  const auto secret = fields.text("webhook_secret");
  if (secret && secret->size() < secret_least_bytes)
    fields.complain("webhook_secret", "has at least " + std::to_string(secret_least_bytes) + " characters");
  if (const auto webhook = fields.text("webhook", address_most_bytes)) {
    if (!voicemail::is_web_address(*webhook)) fields.complain("webhook", "is no http or https address");
    targets.push_back({notification_channel::webhook, *webhook, false, secret.value_or("")});
  }
  if (const auto agent = fields.text("mwi", address_most_bytes)) {
    if (voicemail::host_of_agent(*agent).empty())
      fields.complain("mwi",
                      "is no SIP URI with an address in it, such as sip:alice@192.0.2.1:5060;transport=tcp");
    targets.push_back({notification_channel::mwi, *agent, false, {}});
  }
  return targets;
}

}  // namespace

awaitable<reply> get_notifications(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto read = [&](pqxx::work& tx) { return read_notices(tx, account_id); };
  const result<notices> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found)) : problem(found.error());
}

// In place of those before. A webhook keeps its secret while its address is the same; else one is made, if
// none is given.
awaitable<reply> set_notifications(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  auto fields = field_reader::of_body(from);
  const auto wished = read_targets(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto fresh = make_secret();
  struct outcome {
    notices now;
    bool made_secret = false;
  };
  const auto apply = [&](pqxx::work& tx) -> result<outcome> {
    const auto before = read_notices(tx, account_id);
    if (!before) return before.error();
    auto targets = wished;
    outcome done;
    for (auto& each : targets) {
      if (each.channel != notification_channel::webhook || !each.secret.empty()) continue;
      for (const auto& old : before->targets)
        if (old.channel == each.channel && old.address == each.address) each.secret = old.secret;
      done.made_secret = each.secret.empty();
      if (done.made_secret) each.secret = fresh;
    }
    voicemail::set_targets(tx, account_id, targets);
    done.now = {std::move(targets), voicemail::count_notifications(tx, account_id)};
    return done;
  };
  const result<outcome> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  auto out = to_json(done->now);
  if (done->made_secret) out["webhook_secret"] = fresh;
  co_return json_reply(200, out);
}

}  // namespace tollgate::gateway::api
