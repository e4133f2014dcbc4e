// SPDX-License-Identifier: Apache-2.0
#include "gateway/application.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/random_generator.hpp>
#include <csignal>
#include <iostream>

#include "billing/cdr_export.hpp"
#include "gateway/advertised_address.hpp"
#include "gateway/api/api_token.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/server.hpp"
#include "gateway/api/webhook_signature.hpp"
#include "gateway/call/call_service.hpp"
#include "gateway/call_events.hpp"
#include "gateway/call_traces.hpp"
#include "gateway/change_listener.hpp"
#include "gateway/credential_watch.hpp"
#include "gateway/data_store.hpp"
#include "gateway/db/database.hpp"
#include "gateway/device/device_desk.hpp"
#include "gateway/dial_policy_watch.hpp"
#include "gateway/identity/identity_desk.hpp"
#include "gateway/key_check.hpp"
#include "gateway/key_store.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/node_operations.hpp"
#include "gateway/node_record.hpp"
#include "gateway/notify/event_desk.hpp"
#include "gateway/notify/notifier.hpp"
#include "gateway/overlay/server.hpp"
#include "gateway/prompts.hpp"
#include "gateway/settings.hpp"
#include "gateway/tariff.hpp"
#include "gateway/upkeep.hpp"

namespace tollgate::gateway {
namespace {

namespace asio = boost::asio;

call::clocks real_clocks() {
  return {[] { return std::chrono::steady_clock::now(); }, [] { return std::chrono::system_clock::now(); }};
}

class application {
 public:
  explicit application(const configuration& settings);
  int run();

 private:
  asio::awaitable<void> live();
  asio::awaitable<void> start();
  asio::awaitable<void> wait_for_signal();
  asio::awaitable<void> stop();
  asio::awaitable<void> watch_database();
  asio::awaitable<void> keep_traces();
  asio::awaitable<void> open_records();
  asio::awaitable<void> deliver_events();
  void drain(bool stop);
  bool undrain();
  void on_change(change what, const std::string& about);
  std::vector<overlay::session_ptr> devices_of(const boost::uuids::uuid& account_id) const;
  void announce() const;

  const configuration& settings_;
  call::clocks clocks_ = real_clocks();
  data_store store_;
  asio::io_context context_{1};
  call::task_group tasks_{context_.get_executor()};
  asio::signal_set signals_{context_, SIGTERM, SIGINT};
  asio::steady_timer watch_timer_{context_}, traces_timer_{context_}, events_timer_{context_};
  bool stopping_ = false;
  bool waiting_ = false;  // for the first signal
  bool ending_ = false;   // after the last call
  bool database_reachable_ = true;
  std::chrono::steady_clock::time_point flood_told_{};
  int exit_code_ = 0;

  key_store keys_;
  voicemail::prompt_library prompts_;
  call::spool settlement_spool_, message_spool_;
  call::settlement_desk settlements_;
  call::message_desk messages_;
  subscriber::passphrase_hasher hasher_;
  subscriber::login_desk logins_;
  call::trunk_directory trunks_;
  tariff tariff_;
  call::call_registry registry_;
  call::media_engine media_;
  identity::identity_desk identity_;
  call_traces traces_;
  pstn::sip::user_agent sip_;
  call::call_settings call_settings_;
  call::environment environment_;
  call::call_service calls_;
  notify::notifier notifier_;
  notify::event_desk events_;
  device::device_desk devices_;
  overlay::server overlay_;
  credential_watch credentials_;
  dial_policy_watch policy_;
  node_operations operations_;
  node_record record_;
  upkeep upkeep_;
  api::server api_;
  std::optional<change_listener> listener_;
};

application::application(const configuration& settings)
    : settings_(settings),
      store_(settings),
      keys_(open_key_store(settings, clocks_.wall())),
      prompts_(load_prompts(settings)),
      settlement_spool_(settings.state_directory / "spool" / "settlements"),
      message_spool_(settings.state_directory / "spool" / "messages"),
      settlements_(store_.database(), settlement_spool_),
      messages_(store_.database(), message_spool_, audio_keys_of(settings)),
      logins_(store_.database(), hasher_, login_limits_of(settings)),
      trunks_(clocks_, routing_options_of(settings)),
      tariff_(store_.database(), trunks_, clocks_, standard_decks_of(settings)),
      media_(media_options_of(settings), clocks_,
             overlay::dtls_context(overlay::certificate::make(clocks_.wall())), context_.get_executor()),
      identity_(context_.get_executor(), clocks_, identity_options_of(settings)),
      traces_(store_.database(), trace_options_of(settings), std::chrono::hours(settings.trace.keep_hours),
              [this](const pstn::sip::source_address& source) { return trunks_.admit(source, {}).allowed; }),
      sip_(traces_.seen_by(sip_options_of(settings, clocks_), clocks_.wall),
           [this](pstn::sip::event event) {
             asio::post(context_, [this, event = std::move(event)]() mutable {
               if (const auto* told = std::get_if<pstn::sip::notify_result>(&event))
                 notifier_.on_told(*told);
               else
                 calls_.on_sip(std::move(event));
             });
           }),
      call_settings_(call_settings_of(settings, boost::uuids::random_generator_pure()())),
      environment_{context_.get_executor(),
                   clocks_,
                   call_settings_,
                   store_.database(),
                   media_,
                   sip_,
                   trunks_,
                   registry_,
                   settlements_,
                   messages_,
                   prompts_,
                   hasher_,
                   [this](const billing::deck_choice& of) { return tariff_.rates(of); },
                   [this](asio::awaitable<void> task) { tasks_.spawn("call_step", std::move(task)); },
                   [this](const boost::uuids::uuid& account_id) { return devices_of(account_id); },
                   [this](const boost::uuids::uuid& carrier_id, std::string_view digits) {
                     return tariff_.cost(carrier_id, digits);
                   },
                   traces_.book(),
                   &identity_,
                   [this](call::call_moment moment, const call::call_facts& facts, const billing::stop_record& record) {
                     events_.put(call_event_of(moment, facts, record, clocks_.wall()));
                   }},
      calls_(environment_, tasks_, service_options_of(settings)),
      notifier_({context_.get_executor(), store_.database(), sip_, call_settings_.audio_keys, clocks_,
                 &api::make_signature,
                 [this](asio::awaitable<void> task) { tasks_.spawn("notify", std::move(task)); }},
                courier_of(settings), notifier_options_of(settings)),
      events_({context_.get_executor(), store_.database(), clocks_,
               &api::make_signature,
               [this](asio::awaitable<void> task) { tasks_.spawn("webhook", std::move(task)); }},
              courier_of(settings), event_options_of(settings)),
      devices_({store_.database(), calls_, tasks_, logins_, hasher_, clocks_, environment_.rates,
                environment_.devices_of, [this] { return call_settings_.dial_policy; }, turn_options_of(settings),
                lapse_policy_of(settings), open_voucher_key(settings), call_settings_.audio_keys}),
      overlay_(context_.get_executor(), tls_context(keys_), overlay_options_of(settings, clocks_),
               keys_.authority, keys_.node, devices_),
      credentials_(store_.database(), overlay_, registry_, calls_, tasks_),
      policy_(store_.database(), call_settings_.dial_policy, [this] { return dial_policy_of(settings_); }),
      operations_({environment_, calls_, tariff_, overlay_, [this] { return database_reachable_; },
                   [this](const boost::uuids::uuid& account_id) { credentials_.check(account_id); },
                   [this](bool stop) { drain(stop); }, [this] { return undrain(); }, [this] { return ending_ || stopping_; },
                   [this]() -> asio::awaitable<void> { return policy_.refresh(); }, traces_, events_, settings.overlay.address,
                   settings.sip.address + ":" + std::to_string(settings.sip.port), settings.billing.deck,
                   settings.billing.currency}),
      record_(store_.database(), operations_, call_settings_.instance,
              [this](api::node_wish wish) {
                if (wish == api::node_wish::serve)
                  undrain();
                else
                  drain(wish == api::node_wish::stop);
              }),
      upkeep_(context_.get_executor(), store_.database(), settings, call_settings_.audio_keys, clocks_),
      api_(context_, api_options_of(settings), store_.database(), hasher_, logins_, operations_) {}

std::vector<overlay::session_ptr> application::devices_of(const boost::uuids::uuid& account_id) const {
  return overlay_.sessions_of(account_id);
}

int application::run() {
  api::ensure_admin_token(store_.database(), admin_token_path(settings_));
  tasks_.spawn("application", live());
  // What a handler throws ends that handler, not the node with its calls.
  for (bool ended = false; !ended;) {
    try {
      context_.run();
      ended = true;
    } catch (const std::exception& e) {
      spdlog::critical("event=handler_failed thread=signalling error={}", logging::text(e.what()));
    }
  }
  hasher_.stop();
  identity_.stop();
  store_.database().stop();
  return exit_code_;
}

asio::awaitable<void> application::live() {
  try {
    co_await start();
  } catch (const std::exception& e) {
    spdlog::critical("event=start_failed error={}", logging::text(e.what()));
    std::cerr << "tollgate: " << e.what() << '\n';
    exit_code_ = 1;
  }
  if (exit_code_ == 0) co_await wait_for_signal();
  co_await stop();
}

asio::awaitable<void> application::start() {
  co_await open_records();
  co_await check_audio_keys(store_.database(), settings_, call_settings_.audio_keys);
  co_await check_voucher_key(store_.database(), settings_);
  co_await calls_.recover();
  const auto rates = co_await tariff_.reload_rates();
  const auto trunks = co_await tariff_.reload_trunks();
  const bool policy = co_await policy_.read();
  if (!rates || !trunks || !policy) throw std::runtime_error("the database does not answer");
  sip_.set_admission([this](const pstn::sip::source_address& source, std::string_view user) {
    return trunks_.admit(source, user);
  });
  trunks_.on_health([this](const pstn::trunk::trunk& trunk, bool up, int sip_status) {
    events_.put(trunk_event_of(trunk, up, sip_status, settings_.node.name, clocks_.wall()));
  });
  calls_.start();
  tasks_.spawn("tell_events", events_.run());
  tasks_.spawn("watch_database", watch_database());
  tasks_.spawn("keep_traces", keep_traces());
  tasks_.spawn("deliver_events", deliver_events());
  tasks_.spawn("notify_owners", notifier_.run());
  upkeep_.start(tasks_);
  listener_.emplace(store_.url(),
                    [this](change what, std::string about) {
                      asio::post(context_, [this, what, about = std::move(about)] { on_change(what, about); });
                    });
  if (const auto started = overlay_.start(); !started)
    throw std::runtime_error("overlay.port " + std::to_string(settings_.overlay.port) + ": " +
                             started.error().message());
  api_.start();
  announce();
  co_await record_.write();
}

void application::announce() const {
  spdlog::info("event=started node={} overlay_port={} media_port={} media_workers={} sip_port={} api_port={}",
               logging::text(settings_.node.name), overlay_.port(), media_.first_overlay_port(), media_.workers(),
               settings_.sip.port, api_.port());
}

asio::awaitable<void> application::watch_database() {
  const auto ping = [](pqxx::work& tx) { tx.exec("SELECT 1"); };
  constexpr int looks_per_ping = 10;  // for rates that come into force: nobody announces their moment
  for (int look = 1; !stopping_; ++look) {
    watch_timer_.expires_after(std::chrono::milliseconds(200));
    boost::system::error_code ignored;
    co_await watch_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (stopping_) break;
    if (database_reachable_ && tariff_.expired()) co_await tariff_.reload_rates();
    if (look % looks_per_ping != 0) continue;
    const auto answered = co_await store_.database().run(ping, {.idempotent = true});
    database_reachable_ = answered.has_value();
    if (!database_reachable_) continue;
    tasks_.spawn("tell_of_node", record_.write());
    if (policy_.stale()) tasks_.spawn("read_dial_policy", policy_.refresh());
    credentials_.catch_up();
  }
}

// Stores what passed between us and the trunks of calls that have ended, tells of floods, and forgets what is
// old.
asio::awaitable<void> application::keep_traces() {
  pstn::sip::stranger_figures told{};
  while (!stopping_) {
    traces_timer_.expires_after(std::chrono::seconds(1));
    boost::system::error_code ignored;
    co_await traces_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (stopping_) co_return;
    co_await traces_.keep(clocks_.wall());
    const auto strangers = sip_.strangers();
    const auto dropped = strangers.dropped - told.dropped;
    // One line for a flood's beginning, then one a minute, however much it is.
    if (dropped == 0 || clocks_.steady() < flood_told_ + std::chrono::minutes(1)) continue;
    spdlog::warn("event=sip_flood refused={} dropped={} hint=\"requests of those who are no trunk\"",
                 strangers.answered - told.answered, dropped);
    told = strangers;
    flood_told_ = clocks_.steady();
  }
}

// Before the first record is written.
asio::awaitable<void> application::open_records() {
  const auto work = [](pqxx::work& tx) { return billing::check_export_era(tx); };
  const auto begun = co_await store_.database().run(work, {.idempotent = true});
  if (!begun) throw std::runtime_error("the database does not answer");
  if (*begun)
    spdlog::warn(
        "event=export_era_began hint=\"the database was restored: its transactions are numbered anew\"");
}

// What other nodes and the database wrote for devices that are attached here.
asio::awaitable<void> application::deliver_events() {
  constexpr auto interval = std::chrono::seconds(5);
  while (!stopping_) {
    co_await devices_.deliver_events(overlay_.attached_accounts());
    if (stopping_) co_return;
    events_timer_.expires_after(interval);
    boost::system::error_code ignored;
    co_await events_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// Some node changed something; this one too hears of its own changes, of mailboxes in no other way.
void application::on_change(change what, const std::string& about) {
  if (stopping_) return;
  // After a lost connection any account may have been given credit meanwhile, and messages.
  if (what == change::everything) {
    calls_.credit_grew(std::nullopt);
    devices_.notify_mailboxes(overlay_.attached_accounts());
    api_.forget_tokens();
    credentials_.check_all();
  }
  if (what == change::credentials) {
    api_.forget_tokens();
    if (const auto account = api::parse_uuid(about)) credentials_.check(*account);
    return;
  }
  if (what == change::everything || what == change::dial_policy) tasks_.spawn("read_dial_policy", policy_.refresh());
  if (what == change::dial_policy) return;
  if (what == change::node) {
    if (about == settings_.node.name) tasks_.spawn("tell_of_node", record_.write());
    return;
  }
  if (what == change::mailbox) {
    if (const auto account = api::parse_uuid(about)) devices_.notify_mailboxes({*account});
    return;
  }
  if (what == change::credit) {
    if (const auto account = api::parse_uuid(about)) calls_.credit_grew(*account);
    return;
  }
  if (what != change::trunks) tasks_.spawn("refresh_rates", tariff_.refresh_rates());
  if (what != change::rates)
    tasks_.spawn("refresh_trunks",
                 [](tariff& prices) -> asio::awaitable<void> { co_await prices.reload_trunks(); }(tariff_));
}

void application::drain(bool stop) {
  spdlog::info("event=draining calls={} stop={}", registry_.size(), stop);
  ending_ |= stop;
  calls_.set_draining(true);
  overlay_.set_draining(true);
  if (stop && waiting_) signals_.cancel();  // goes on in wait_for_signal
  tasks_.spawn("tell_of_node", record_.write());
}

bool application::undrain() {
  if (ending_ || stopping_) return false;
  if (!calls_.draining()) return true;
  spdlog::info("event=undrained");
  calls_.set_draining(false);
  overlay_.set_draining(false);
  tasks_.spawn("tell_of_node", record_.write());
  return true;
}

// SIGTERM, or a drain that is to stop the process: live calls go on for a while. SIGINT: they are ended now.
asio::awaitable<void> application::wait_for_signal() {
  if (!ending_) {  // ordered while it started
    boost::system::error_code drained;
    waiting_ = true;
    const int first = co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, drained));
    waiting_ = false;
    if (!drained && first != SIGTERM) co_return;
  }
  drain(true);
  // A second signal ends the patience.
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (!error) calls_.hurry();
  });
  co_await calls_.wait_for_end(std::chrono::seconds(settings_.call.drain_timeout_s));
  signals_.cancel();
}

asio::awaitable<void> application::stop() {
  stopping_ = true;
  listener_.reset();
  calls_.set_draining(true);
  co_await calls_.end_all(std::chrono::seconds(25));
  upkeep_.stop();
  watch_timer_.cancel();
  traces_timer_.cancel();
  events_timer_.cancel();
  calls_.stop();
  notifier_.stop();
  events_.stop();
  co_await events_.flush();
  co_await traces_.keep(clocks_.wall(), true);
  co_await overlay_.stop();
  co_await api_.stop();
  sip_.stop();
  signals_.cancel();
  spdlog::info("event=stopped");
}

}  // namespace

int run(const configuration& settings) {
  try {
    return application(settings).run();
  } catch (const std::exception& e) {
    spdlog::critical("event=start_failed error={}", logging::text(e.what()));
    std::cerr << "tollgate: " << e.what() << '\n';
    return 1;
  }
}

}  // namespace tollgate::gateway
