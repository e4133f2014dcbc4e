// SPDX-License-Identifier: Apache-2.0
// The gateway's configuration: one TOML file, every key of it overridable by the environment. Each key is
// declared once, in configuration_keys.cpp; its default is the initial value here. A unit stands last in a
// key's name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway {

struct configuration {
  std::filesystem::path state_directory = "/var/lib/tollgate";

  struct {
    std::string name =
        "gateway-1";  ///< node name: in tokens, holds and CDRs; unique among gateways on one database
  } node;

  struct {
    std::string url;  ///< empty: the embedded PostgreSQL below the state directory
    int pool_size = 8;
    int statement_timeout_ms = 10'000;
    int connect_timeout_ms = 3'000;
    std::filesystem::path postgresql_binaries;  ///< for the embedded one; empty: the newest installed
  } database;

  struct {
    std::string address = "0.0.0.0";
    std::uint16_t port = 7443;
    std::vector<std::string>
        names;  ///< further names and addresses for the certificate that the gateway makes itself
    std::filesystem::path certificate, key;  ///< PEM; both empty: made by the gateway's own authority
    int logins_failed_limit = 5;             ///< of one name from one address, in logins_failed_window_s
    int logins_failed_window_s = 900;
    int offers_per_minute = 10;
    int calls_ringing = 3;
    int calls_per_subscriber = 2;  ///< at once, to and from the telephone network
    int trickles_per_call = 200;
    int requests_per_minute = 120;  ///< balance, rate, calls, voicemail, ...
    int credential_hours = 24;
    bool page = true;  ///< the same port answers browsers with the subscriber's page
  } overlay;

  struct {
    std::string address = "0.0.0.0";
    std::string advertised_address;   ///< in SDP; empty: `address`, or if that is a wildcard the address of
                                      ///< the default route
    std::string address6;             ///< beside an IPv4 `address`: calls over IPv6 trunks; empty: none
    std::string advertised_address6;  ///< the same for it
    std::uint16_t overlay_port =
        7444;  ///< UDP, for overlay calls: this one and those that follow, one a worker
    std::uint16_t trunk_port_low = 20'000, trunk_port_high = 29'999;  ///< RTP towards trunks, even ports
    int workers = 0;                                                  ///< 0: one per core
    bool ice_tcp = true;         ///< TCP on the overlay ports, for peers whose network bars UDP
    bool shed_load = true;       ///< less complexity under load, then no new calls
    int load_high_percent = 85;  ///< of a core: under load from here on
    int load_late_percent = 60;  ///< of a core: from here on, when late
    int load_lag_ms = 10;        ///< what late is
    int silence_timeout_s = 30;  ///< a call whose media has stopped in both directions is ended
  } media;

  struct {
    std::vector<std::string> urls;  ///< relays for devices, RFC 7065; empty: none
    std::string secret;             ///< shared with them
    int lifetime_s = 600;           ///< of the credentials that a device is given
  } turn;

  struct {
    std::string address = "0.0.0.0";
    std::uint16_t port = 5060;
    std::string advertised_address;   ///< in Contact and Via; empty as for media
    std::string address6;             ///< IPv6, beside an IPv4 `address`, on the same ports; empty: none
    std::string advertised_address6;  ///< the same for it
    std::string resolver = "/etc/resolv.conf";  ///< for the names of carriers
    std::string user_agent = "tollgate";
    std::uint16_t tls_port = 0;                   ///< SIP over TLS, also towards carriers; 0: none
    std::filesystem::path certificate_directory;  ///< agent.pem and cafile.pem
    std::vector<std::string> digest_algorithms{"SHA-256", "MD5"};  ///< asked of callers, the preferred first
    int session_timer_s = 1'800;
    int options_interval_s = 10;  ///< between health checks of a trunk that is up
    int options_down_interval_s = 5;
    int options_failures = 3, options_successes = 2;  ///< in a row, until a trunk is down and up again
    int invite_timeout_s = 4;                         ///< without any response, then the next trunk
    int progress_timeout_s = 12;                      ///< without any but a 100, then the next trunk if there is one
    int ringing_timeout_s = 120;                      ///< ringing outbound call that nobody answers
    int strangers_per_second = 20;  ///< requests of no trunk that are answered (403 and the like)
    int stranger_connections = 256, stranger_connections_per_source = 16;  ///< TCP and TLS, of no trunk
    int stranger_idle_s = 32;  ///< then such a connection is cut
  } sip;

  struct {
    std::filesystem::path key_file;  ///< PEM, signs our calls; empty: none is signed
    std::string certificate_url;     ///< where the key's certificate chain is for all to fetch
    std::filesystem::path
        authorities;              ///< PEM, whose certificates are believed; empty: nobody's are looked at
    std::string policy = "tell";  ///< "tell", "refuse_failed", "require"
    int fetch_timeout_ms = 2'000;
    int certificate_keep_s = 3'600;
    std::vector<std::string> fetch_networks;  ///< that are not public and may be reached
    std::filesystem::path fetch_authority;    ///< PEM; empty: the system's
  } identity;

  struct {
    int keep_hours = 72;  ///< of the calls' SIP messages; 0: none are kept
    int memory_mib = 64;  ///< for those of calls that go on
  } trace;

  struct {
    std::vector<std::string> order{"priority", "cost"};  ///< of: priority, cost, quality
    int usual_call_s = 180;                              ///< by whose cost carriers are compared
    int quality_window_s = 900;    ///< of the answer-seizure ratio and the post-dial delay
    int quality_least_calls = 20;  ///< fewer in the window tell nothing
  } routing;

  struct {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::filesystem::path admin_token_file;  ///< empty: admin.token below the state directory
    std::int64_t body_limit_bytes = 32 << 20;
    int request_timeout_s = 60;
    int slow_client_s = 30;
    int connections = 256;
    int requests_per_minute = 6'000;       ///< of one token; 0: any number
    int open_requests_per_minute = 1'200;  ///< of one address without a token; 0: any number
    std::vector<std::string> trusted_proxies;  ///< addresses and networks
    int audit_keep_months = 120;               ///< 0: for ever
    bool audit_detach = true;                  ///< a month that is over is kept as a table of its own
    std::filesystem::path certificate, key;    ///< PEM; both empty: plain HTTP
    std::filesystem::path client_authorities;  ///< PEM; empty: clients need no certificate
  } api;

  struct {
    std::string currency = "EUR";
    std::string deck = "default";                ///< name of the rate deck that prices calls
    std::vector<std::string> decks_by_currency;  ///< "USD=default-usd": the same for other currencies
    int hold_seconds = 60;                       ///< talk time held at once
    int hold_lease_s = 60;  ///< after the last report of use another gateway may settle the call
    int report_interval_s = 5;
    int reaper_interval_s = 15;
    int reaper_grace_s = 30;
    std::int64_t least_topup_micros = 10'000'000;
    int warn_first_s = 60, warn_last_s = 10;            ///< before the credit ends
    int credit_months = 6;                              ///< without use until credit lapses; 0: never
    std::vector<std::string> credit_months_by_country;  ///< "DE=0", "FR=12"
    int credit_interval_s = 3'600;                      ///< between searches for credit that lapses
    std::filesystem::path voucher_key_file;             ///< empty: keys/voucher.key below the state directory
    int cdr_keep_months = 0;                            ///< after a month's end; 0: for ever
    bool cdr_detach = false;     ///< a month that is over is kept in schema billing_archive
    int cdr_months_ahead = 3;    ///< partitions made in advance
    bool fraud_limits = true;    ///< whether the limits of /v1/fraud/limits hold on this node
    std::string webhook_secret;  ///< of the payment provider's signed events; empty: none are taken
  } billing;

  struct {
    bool premium_rate = false, shared_cost = false, satellite = false,
         high_risk = false;                                 ///< true: may be called
    std::vector<std::string> open_prefixes, shut_prefixes;  ///< digits, country code first
    std::vector<std::string> shut_countries;                ///< ISO 3166
    std::vector<std::string>
        emergency_trunks;  ///< names of those that take emergency calls, in order; empty: they are refused
  } dial_policy;

  struct {
    std::string language = "en";  ///< of mailboxes whose owners have chosen none
    std::filesystem::path prompts = "/usr/share/asterisk/sounds/en_US_f_Allison";  ///< of that language
    std::vector<std::string> prompts_by_language{
        "en=/usr/share/asterisk/sounds/en_US_f_Allison", "es=/usr/share/asterisk/sounds/es_MX_f_Allison",
        "fr=/usr/share/asterisk/sounds/fr_CA_f_June", "it=/usr/share/asterisk/sounds/it_IT_m_Carlo",
        "ru=/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"};
    int message_limit_s = 180;
    int message_least_ms = 1'000;  ///< shorter recordings are dropped
    int silence_limit_s = 10;      ///< ends a recording
    int silence_level_dbov = -50;  ///< what is below is silence
    int mailbox_limit_messages = 100;
    int mailbox_limit_s = 3'600;
    std::int64_t mailbox_limit_bytes = 50 << 20;
    int keep_days = 0;                      ///< 0: messages stay until they are deleted
    int upkeep_interval_s = 600;            ///< between looks for what is to be purged or encrypted anew
    std::filesystem::path audio_keys_file;  ///< empty: recordings are stored plain
  } voicemail;

  struct {
    std::string mail_server;  ///< "smtp://mail.example:587" or "smtps://…"; empty: no e-mail
    std::string mail_from;
    std::string mail_user;
    std::string mail_password;
    std::string mail_tls = "required";          ///< "required", "opportunistic", "none"
    std::filesystem::path mail_authority;       ///< PEM; empty: the system's
    std::vector<std::string> webhook_networks;             ///< that are not public and the operator's webhooks may reach
    std::vector<std::string> subscriber_webhook_networks;  ///< likewise, subscribers' webhooks
    std::filesystem::path webhook_authority;
    std::vector<std::string> agent_networks;  ///< likewise, of telephones that get NOTIFYs
    int interval_ms = 2'000;
    int first_retry_s = 30;
    int attempts = 14;
  } notify;

  struct {
    int keep_days = 30;
    int streams = 64;  ///< at once on this node
  } events;

  struct {
    int ring_timeout_s = 20;            ///< default of a new subscriber
    int forward_hops = 5;               ///< redirections of a call that is forwarded no further
    int calls = 500;                    ///< at once on this node
    int longest_s = 43'200;             ///< from the answer on; no call lives for ever
    int drain_timeout_s = 300;          ///< after SIGTERM live calls may go on as long as this
    std::string default_region = "DE";  ///< of a new subscriber that names none
  } call;

  struct {
    std::string level = "info";     ///< trace, debug, info, warning, error, critical
    std::string format = "logfmt";  ///< or "json"
    std::filesystem::path file;     ///< empty: standard error
    int slow_database_ms = 1'000;   ///< work of the database that took longer has a line; 0: none has
  } log;
};

/// One thing wrong with a configuration.
struct configuration_problem {
  std::string where;  ///< "file:line:column", or "environment TOLLGATE_..."
  std::string text;   ///< a sentence
};

/// A configuration as far as it could be read, and everything that is wrong with it. Use `value` only if
/// `problems` is empty.
struct configuration_reading {
  configuration value;
  std::vector<configuration_problem> problems;
};

/// Looks up an environment variable; nothing if unset.
using environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's environment.
environment process_environment();

/// Reads `file` (nothing: defaults only), lays the environment over it (key `api.port` is
/// `TOLLGATE_API_PORT`), checks ranges and what keys mean together. An unknown key is a problem, with the
/// nearest known key as suggestion. Does not throw.
configuration_reading read_configuration(const std::optional<std::filesystem::path>& file,
                                         const environment& variables);

/// The same from text; `name` stands for the file in problems.
configuration_reading parse_configuration(std::string_view toml, const std::string& name,
                                          const environment& variables);

/// A complete TOML file with every key, its comment, and the values of `value`; secrets are left out.
std::string print_configuration(const configuration& value);

/// `value.api.admin_token_file`, or its default place below the state directory.
std::filesystem::path admin_token_path(const configuration& value);

}  // namespace tollgate::gateway
