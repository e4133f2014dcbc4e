// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "gateway/advertised_address.hpp"
#include "gateway/key_store.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/web/file.hpp"

namespace tollgate::gateway {

using std::chrono::milliseconds;
using std::chrono::seconds;

db::database_options database_options_of(const configuration& settings, const std::string& url) {
  db::database_options options;
  options.url = url;
  options.pool_size = static_cast<std::size_t>(settings.database.pool_size);
  options.connect_timeout = milliseconds(settings.database.connect_timeout_ms);
  options.statement_timeout = milliseconds(settings.database.statement_timeout_ms);
  // A server that is frozen, or behind a dead network, does not tell that a statement took too long.
  options.work_timeout = 2 * options.statement_timeout;
  options.slow = milliseconds(settings.log.slow_database_ms);
  return options;
}

call::media_options media_options_of(const configuration& settings) {
  call::media_options options;
  options.address = settings.media.address;
  options.address6 = settings.media.address6;
  options.overlay_port = settings.media.overlay_port;
  options.workers = static_cast<std::size_t>(settings.media.workers);
  options.trunk_port_low = settings.media.trunk_port_low;
  options.trunk_port_high = settings.media.trunk_port_high;
  options.ice_tcp = settings.media.ice_tcp;
  options.shed_load = settings.media.shed_load;
  options.load.share_high = settings.media.load_high_percent / 100.0;
  options.load.share_late = settings.media.load_late_percent / 100.0;
  options.load.lag_high = milliseconds(settings.media.load_lag_ms);
  options.silence_timeout = seconds(settings.media.silence_timeout_s);
  return options;
}

pstn::sip::user_agent_options sip_options_of(const configuration& settings, const call::clocks& time) {
  pstn::sip::user_agent_options options;
  options.address = settings.sip.address;
  options.port = settings.sip.port;
  options.advertised_address = advertised_address(settings.sip.advertised_address, settings.sip.address);
  options.address6 = settings.sip.address6;
  options.advertised_address6 = advertised_address6(settings.sip.advertised_address6, settings.sip.address6);
  options.name = settings.sip.user_agent;
  options.tls_port = settings.sip.tls_port;
  options.certificate_directory = settings.sip.certificate_directory.string();
  options.challenge_algorithms.clear();
  for (const auto& name : settings.sip.digest_algorithms)  // checked when the configuration was read
    if (const auto algorithm = pstn::sip::find_digest_algorithm(name))
      options.challenge_algorithms.push_back(*algorithm);
  options.session_timer = seconds(settings.sip.session_timer_s);
  options.provisional_timeout = seconds(settings.sip.invite_timeout_s);
  options.answer_timeout = seconds(settings.sip.ringing_timeout_s + 60);
  // Longer than the longest way of a message into the database or the spool; the far end repeats its BYE for
  // 32 s (RFC 3261 §17.1.2.2).
  options.bye_confirmation = seconds(31);
  options.most_calls = static_cast<std::size_t>(settings.call.calls) * 2;
  options.strangers_per_second = static_cast<std::size_t>(settings.sip.strangers_per_second);
  options.stranger_connections = {static_cast<std::size_t>(settings.sip.stranger_connections),
                                  static_cast<std::size_t>(settings.sip.stranger_connections_per_source),
                                  seconds(settings.sip.stranger_idle_s)};
  options.now = time.steady;
  options.log = [](std::string_view line) { spdlog::debug("event=sip_stack text={}", logging::text(line)); };
  return options;
}

trace::book_options trace_options_of(const configuration& settings) {
  trace::book_options options;
  options.node = settings.node.name;
  options.local = {advertised_address(settings.sip.advertised_address, settings.sip.address),
                   settings.sip.port};
  options.local6 = {advertised_address6(settings.sip.advertised_address6, settings.sip.address6),
                    settings.sip.port};
  options.bytes_most = static_cast<std::size_t>(settings.trace.memory_mib) << 20;
  return options;
}

call::routing_options routing_options_of(const configuration& settings) {
  call::routing_options options;
  options.policy.order.clear();
  for (const auto& name : settings.routing.order)  // checked when the configuration was read
    if (const auto by = pstn::trunk::criterion_named(name)) options.policy.order.push_back(*by);
  options.quality.window = seconds(settings.routing.quality_window_s);
  options.quality.least_attempts = settings.routing.quality_least_calls;
  options.health.failures_to_go_down = settings.sip.options_failures;
  options.health.successes_to_come_up = settings.sip.options_successes;
  options.health.probe_interval_up = seconds(settings.sip.options_interval_s);
  options.health.probe_interval_down = seconds(settings.sip.options_down_interval_s);
  options.health.probe_interval_doubt =
      std::min({options.health.probe_interval_doubt, options.health.probe_interval_up,
                options.health.probe_interval_down});
  return options;
}

call::call_settings call_settings_of(const configuration& settings, const boost::uuids::uuid& instance) {
  call::call_settings calls;
  calls.node = settings.node.name;
  calls.instance = instance;
  calls.media_address = advertised_address(settings.media.advertised_address, settings.media.address);
  calls.media_address6 = advertised_address6(settings.media.advertised_address6, settings.media.address6);
  calls.sip_domain = advertised_address(settings.sip.advertised_address, settings.sip.address);
  calls.sip_domain6 = advertised_address6(settings.sip.advertised_address6, settings.sip.address6);
  calls.credit.unit = seconds(settings.billing.hold_seconds);
  calls.credit.warnings = {seconds(settings.billing.warn_first_s), seconds(settings.billing.warn_last_s)};
  // Limits reach a call that asks for no credit as well: one at no price, or with much of it included.
  if (settings.billing.fraud_limits) calls.credit.check = 2 * calls.credit.unit;
  calls.credit.lead =
      seconds(settings.billing.warn_first_s + 15);  // the last grant is known before the first warning
  calls.credit.longest = seconds(settings.call.longest_s);
  calls.machine.ringing = seconds(settings.sip.ringing_timeout_s);
  // A trunk that does not even answer 100 is given up by the SIP agent, which alone sees that answer.
  calls.machine.progress = seconds(settings.sip.progress_timeout_s);
  calls.hold_lease = seconds(settings.billing.hold_lease_s);
  calls.ring_timeout = seconds(settings.call.ring_timeout_s);
  calls.audio_keys = audio_keys_of(settings);
  calls.forward_hops = static_cast<std::size_t>(settings.call.forward_hops);
  calls.calls = static_cast<std::size_t>(settings.call.calls);
  calls.calls_per_subscriber = static_cast<std::size_t>(settings.overlay.calls_per_subscriber);
  calls.fraud_limits = settings.billing.fraud_limits;
  calls.usual_call = seconds(settings.routing.usual_call_s);
  calls.dial_policy = dial_policy_of(settings);
  calls.emergency_trunks = settings.dial_policy.emergency_trunks;
  calls.default_region = settings.call.default_region;
  calls.deposit.longest = seconds(settings.voicemail.message_limit_s);
  calls.deposit.shortest = milliseconds(settings.voicemail.message_least_ms);
  calls.deposit.silence = seconds(settings.voicemail.silence_limit_s);
  calls.deposit.silence_level_dbov = settings.voicemail.silence_level_dbov;
  calls.mailbox = mailbox_quota_of(settings);
  return calls;
}

call::service_options service_options_of(const configuration& settings) {
  call::service_options options;
  options.report_interval = seconds(settings.billing.report_interval_s);
  options.reaper_interval = seconds(settings.billing.reaper_interval_s);
  options.reaper_grace = seconds(settings.billing.reaper_grace_s);
  options.resolver = settings.sip.resolver;
  options.reached.ipv4 = pstn::sip::family_of(settings.sip.address) == pstn::sip::address_family::ipv4;
  options.reached.ipv6 = !options.reached.ipv4 || !settings.sip.address6.empty();
  options.has_tls = settings.sip.tls_port != 0;
  return options;
}

subscriber::login_limits login_limits_of(const configuration& settings) {
  return {settings.overlay.logins_failed_limit, seconds(settings.overlay.logins_failed_window_s)};
}

overlay::server_options overlay_options_of(const configuration& settings, const call::clocks& time) {
  overlay::server_options options;
  options.address = settings.overlay.address;
  options.port = settings.overlay.port;
  options.node_name = settings.node.name;
  const auto limit = [](int value) { return static_cast<std::size_t>(value); };
  options.limits.failed_logins = {limit(settings.overlay.logins_failed_limit),
                                  seconds(settings.overlay.logins_failed_window_s)};
  options.limits.offers.events = limit(settings.overlay.offers_per_minute);
  options.limits.requests.events = limit(settings.overlay.requests_per_minute);
  // Against floods only: how many calls an account may have is its own policy's matter, and decided at
  // admission.
  options.limits.outgoing_calls = std::max<std::size_t>(limit(settings.overlay.calls_per_subscriber), 100);
  options.limits.trickles_per_call = limit(settings.overlay.trickles_per_call);
  options.wall_clock = time.wall;
  options.steady_clock = time.steady;
  options.log = [](const std::string& line) { spdlog::info("{}", line); };
  if (settings.overlay.page)
    options.files = [](std::string_view target) -> std::optional<overlay::served_file> {
      const web::file* const found = web::find_file(target);
      if (found == nullptr) return std::nullopt;
      return overlay::served_file{found->content_type, found->body};
    };
  return options;
}

overlay::turn_options turn_options_of(const configuration& settings) {
  return {settings.turn.urls, settings.turn.secret, seconds(settings.turn.lifetime_s)};
}

pstn::number::dial_policy dial_policy_of(const configuration& settings) {
  pstn::number::dial_policy policy;
  policy.premium_rate = settings.dial_policy.premium_rate;
  policy.shared_cost = settings.dial_policy.shared_cost;
  policy.satellite = settings.dial_policy.satellite;
  if (settings.dial_policy.high_risk) policy.high_risk_prefixes.clear();
  policy.open_prefixes = settings.dial_policy.open_prefixes;
  policy.shut_prefixes = settings.dial_policy.shut_prefixes;
  policy.shut_countries = settings.dial_policy.shut_countries;
  return policy;
}

api::server_options api_options_of(const configuration& settings) {
  api::server_options options;
  options.database_connections = static_cast<std::size_t>(settings.database.pool_size);
  options.address = settings.api.address;
  options.port = settings.api.port;
  options.body_limit_bytes = static_cast<std::uint64_t>(settings.api.body_limit_bytes);
  options.request_timeout = seconds(settings.api.request_timeout_s);
  options.slow_client = seconds(settings.api.slow_client_s);
  options.connections = static_cast<std::size_t>(settings.api.connections);
  options.requests_per_minute = static_cast<std::uint32_t>(settings.api.requests_per_minute);
  options.open_requests_per_minute = static_cast<std::uint32_t>(settings.api.open_requests_per_minute);
  options.streams = static_cast<std::size_t>(settings.events.streams);
  try {
    options.trusted_proxies = api::address_set(settings.api.trusted_proxies);
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error(std::string("api.trusted_proxies: ") + e.what());
  }
  options.tls = {settings.api.certificate, settings.api.key, settings.api.client_authorities};
  options.currency = settings.billing.currency;
  options.decks = standard_decks_of(settings);
  options.region = settings.call.default_region;
  options.ring_timeout = seconds(settings.call.ring_timeout_s);
  options.webhook_secret = settings.billing.webhook_secret;
  options.lapse = lapse_policy_of(settings);
  options.audio_keys = audio_keys_of(settings);
  options.mailbox = mailbox_quota_of(settings);
  options.keep_messages = std::chrono::days(settings.voicemail.keep_days);
  options.voucher_key = open_voucher_key(settings);
  options.least_topup = billing::money{settings.billing.least_topup_micros};
  options.node = settings.node.name;
  options.dial_policy = dial_policy_of(settings);
  options.emergency_trunks = settings.dial_policy.emergency_trunks;
  return options;
}

billing::standard_decks standard_decks_of(const configuration& settings) {
  // Checked when the configuration was read.
  return {settings.billing.deck, billing::parse_currency_decks(settings.billing.decks_by_currency).value()};
}

billing::lapse_policy lapse_policy_of(const configuration& settings) {
  billing::lapse_policy policy;
  policy.months = settings.billing.credit_months;
  // Checked when the configuration was read.
  policy.by_country = billing::parse_lapse_countries(settings.billing.credit_months_by_country).value();
  return policy;
}

voicemail::mailbox_quota mailbox_quota_of(const configuration& settings) {
  voicemail::mailbox_quota quota;
  quota.messages = settings.voicemail.mailbox_limit_messages;
  quota.duration = seconds(settings.voicemail.mailbox_limit_s);
  quota.bytes = settings.voicemail.mailbox_limit_bytes;
  return quota;
}

voicemail::audio_keys audio_keys_of(const configuration& settings) {
  const auto& path = settings.voicemail.audio_keys_file;
  if (path.empty()) return {};
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw std::runtime_error("voicemail.audio_keys_file: " + path.string() + " cannot be read");
  try {
    return voicemail::audio_keys::parse(text);
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error("voicemail.audio_keys_file: " + path.string() + " " + e.what());
  }
}

notify::courier courier_of(const configuration& settings) {
  const auto& given = settings.notify;
  notify::mail_server mail;
  mail.url = given.mail_server;
  mail.user = given.mail_user;
  mail.password = given.mail_password;
  mail.from = given.mail_from;
  mail.authority_file = given.mail_authority.string();
  if (!mail.url.empty() && !mail.url.starts_with("smtp://") && !mail.url.starts_with("smtps://"))
    throw std::runtime_error("notify.mail_server: begins with smtp:// or smtps://");
  if (!mail.url.empty() && !voicemail::is_mail_address(mail.from))
    throw std::runtime_error("notify.mail_from: is no e-mail address");
  if (given.mail_tls == "opportunistic")
    mail.tls = notify::tls_use::opportunistic;
  else if (given.mail_tls == "none")
    mail.tls = notify::tls_use::none;
  else if (given.mail_tls != "required")
    throw std::runtime_error("notify.mail_tls: is required, opportunistic or none");
  try {
    return {std::move(mail), notify::address_guard(given.webhook_networks),
            notify::address_guard(given.subscriber_webhook_networks), given.webhook_authority.string()};
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error(std::string("notify.webhook_networks, notify.subscriber_webhook_networks: ") +
                             e.what());
  }
}

notify::notifier_options notifier_options_of(const configuration& settings) {
  notify::notifier_options options;
  options.retries.first = seconds(settings.notify.first_retry_s);
  options.retries.attempts = settings.notify.attempts;
  options.interval = milliseconds(settings.notify.interval_ms);
  options.sip_domain = advertised_address(settings.sip.advertised_address, settings.sip.address);
  try {
    options.agents = notify::address_guard(settings.notify.agent_networks);
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error(std::string("notify.agent_networks: ") + e.what());
  }
  return options;
}

notify::event_options event_options_of(const configuration& settings) {
  notify::event_options options;
  options.retries.first = seconds(settings.notify.first_retry_s);
  options.retries.attempts = settings.notify.attempts;
  options.interval = std::min(milliseconds(settings.notify.interval_ms), options.interval);
  options.keep = std::chrono::hours(24) * settings.events.keep_days;
  return options;
}

identity::desk_options identity_options_of(const configuration& settings) {
  const auto& given = settings.identity;
  const auto content_of = [](const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(in), {});
    if (!in) throw std::invalid_argument(file.string() + " cannot be read");
    return content;
  };
  identity::desk_options options;
  options.fetch.timeout = milliseconds(given.fetch_timeout_ms);
  options.fetch.authority_file = given.fetch_authority.string();
  options.cache.keep = seconds(given.certificate_keep_s);
  options.patience = options.fetch.timeout + milliseconds(500);  // and a little, for the answer to come home
  if (given.policy == "refuse_failed") options.policy = call::identity_policy::refuse_failed;
  if (given.policy == "require") options.policy = call::identity_policy::require;
  try {
    options.fetch.guard = notify::address_guard(given.fetch_networks);
    if (!given.key_file.empty()) options.signer.emplace(content_of(given.key_file), given.certificate_url);
    if (!given.authorities.empty()) options.trusted.emplace(content_of(given.authorities));
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error(std::string("identity: ") + e.what());
  }
  return options;
}

}  // namespace tollgate::gateway
