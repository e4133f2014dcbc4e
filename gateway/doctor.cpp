// SPDX-License-Identifier: Apache-2.0
#include "gateway/doctor.hpp"

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fstream>
#include <iterator>
#include <optional>
#include <pqxx/pqxx>
#include <thread>

#include "gateway/advertised_address.hpp"
#include "gateway/db/connection_string.hpp"
#include "gateway/db/embedded_postgresql.hpp"
#include "gateway/db/migrator.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway::doctor {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;

constexpr int files_per_call = 3;   // RTP, RTCP, and a share of what signalling needs
constexpr int files_besides = 200;  // listeners, sessions, database, log
constexpr int ports_per_call = 2;   // RTP and RTCP

// The directory, or the nearest one above it that is there.
fs::path nearest(fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path, ignored);
  while (!fs::exists(path, ignored) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  return path;
}

std::optional<std::string> content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

template <class Protocol>
std::string refusal_to_bind(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto where = asio::ip::make_address(address, error);
  if (error) return error.message();
  asio::io_context context;
  typename Protocol::socket socket(context);
  socket.open(where.is_v6() ? Protocol::v6() : Protocol::v4(), error);
  // As the gateway does: connections that ended lately do not count. Nothing is listened to here.
  if constexpr (std::is_same_v<Protocol, asio::ip::tcp>)
    if (!error) socket.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) socket.bind({where, port}, error);
  return error ? error.message() : "";
}

template <class Protocol>
void try_port(findings& into, const char* what, const char* key, const std::string& address,
              std::uint16_t port) {
  if (port == 0) return;  // any free one
  const std::string refusal = refusal_to_bind<Protocol>(address, port);
  const std::string name = std::string(what) + (std::is_same_v<Protocol, asio::ip::tcp> ? " TCP " : " UDP ") +
                           address + ":" + std::to_string(port);
  if (refusal.empty())
    into.push_back({verdict::good, "ports", name + " is free"});
  else
    into.push_back({verdict::failure, "ports", name + ": " + refusal,
                    "end what uses it (ss -lntup shows that), or set " + std::string(key)});
}

finding examine_certificate(const std::string& pem, const std::string& where, const std::string& remedy,
                            std::chrono::system_clock::time_point now) {
  const auto expiry = overlay::certificate_expiry(pem);
  return judge_certificate(expiry ? std::optional(*expiry) : std::nullopt, where, remedy, now);
}

bool is_private(const asio::ip::address& address) {
  if (!address.is_v4())
    return address.is_v6() && (address.to_v6().is_link_local() || address.to_v6().is_site_local());
  const std::uint32_t octets = address.to_v4().to_uint();
  return octets >> 24U == 10 || octets >> 20U == 0xAC1 || octets >> 16U == 0xC0A8 ||  // RFC 1918
         octets >> 22U == (0x64400000U >> 22U);                                       // RFC 6598
}

void examine_schema(findings& into, const std::string& url) {
  const db::migration_report report = db::pending(url);
  if (!report.ok())
    into.push_back(
        {verdict::failure, "database", report.problem, "run the version of tollgate that fits it"});
  else if (!report.applied.empty())
    into.push_back({verdict::warning, "database",
                    std::to_string(report.applied.size()) + " migrations are to be applied",
                    "tollgate serve applies them at its start, tollgate migrate now"});
  else
    into.push_back({verdict::good, "database", "its schema is up to date"});
}

void examine_server(findings& into, const std::string& url) {
  try {
    pqxx::connection connection(url);
    pqxx::nontransaction ask(connection);
    const auto before = std::chrono::system_clock::now();
    const auto row = ask.exec1(
        "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), "
        "extract(epoch FROM clock_timestamp())::float8, current_setting('fsync') = 'on'");
    const auto after = std::chrono::system_clock::now();
    for (finding& each : judge_server({.version = row[0].as<int>(),
                                       .is_standby = row[1].as<bool>(),
                                       .keeps_what_it_commits = row[3].as<bool>(),
                                       .time = std::chrono::duration<double>(row[2].as<double>()),
                                       .before = before.time_since_epoch(),
                                       .after = after.time_since_epoch()}))
      into.push_back(std::move(each));
    into.push_back({verdict::good, "database", "the server answers"});
    examine_schema(into, url);
  } catch (const std::exception& failure) {
    std::string text = failure.what();
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    into.push_back({verdict::failure, "database", text, "look at database.url, and whether the server runs"});
  }
}

bool is_loopback(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

void look_at_api_certificate(findings& all, const configuration& settings, std::chrono::system_clock::time_point now) {
  const fs::path& file = settings.api.certificate;
  if (file.empty() && !is_loopback(settings.api.address))
    all.push_back({verdict::warning, "certificates", "the API listens on " + settings.api.address + " in clear: tokens can be read on the way",
                   "set api.certificate and api.key, or api.address to 127.0.0.1"});
  if (file.empty()) return;
  const auto pem = content_of(file), key = content_of(settings.api.key);
  if (!pem) {
    all.push_back({verdict::failure, "certificates", file.string() + " cannot be read", "look at api.certificate"});
    return;
  }
  all.push_back(examine_certificate(*pem, file.string(), "renew it: the gateway takes it up by itself", now));
  if (!key || !overlay::make_server_context(*pem, *key))
    all.push_back({verdict::failure, "certificates", settings.api.key.string() + " is not the key of " + file.string(), "look at api.key"});
}

}  // namespace

findings look_at_disk(const configuration& settings) {
  const fs::path directory = nearest(settings.state_directory);
  const std::string named = settings.state_directory.string();
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return {{verdict::failure, "disk", named + " cannot be written by this user",
             "run tollgate as the user that owns it, or set state_directory"}};
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  if (error) return {{verdict::failure, "disk", named + ": " + error.message(), "set state_directory"}};
  return {judge_room(named, space.available)};
}

findings look_at_clock() {
  timex state{};
  const int answer = ::adjtimex(&state);
  return {judge_clock(answer < 0                           ? clock_state::unknown
                      : (state.status & STA_UNSYNC) != 0 ? clock_state::adrift
                                                           : clock_state::synchronised)};
}

findings look_at_limits(const configuration& settings) {
  findings all;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const auto needed = static_cast<rlim_t>(settings.call.calls) * files_per_call +
                      static_cast<rlim_t>(settings.api.connections) + files_besides;
  const std::string calls = std::to_string(settings.call.calls) + " calls (call.calls)";
  if (files.rlim_max < needed)
    all.push_back({verdict::warning, "limits",
                   std::to_string(files.rlim_max) + " open files are too few for " + calls,
                   "set LimitNOFILE of the service, or ulimit -Hn, to " + std::to_string(needed)});
  else
    all.push_back(
        {verdict::good, "limits", std::to_string(files.rlim_max) + " open files are enough for " + calls});
  const int ports = settings.media.trunk_port_high - settings.media.trunk_port_low + 1;
  if (ports < settings.call.calls * ports_per_call)
    all.push_back({verdict::warning, "limits", std::to_string(ports) + " RTP ports are too few for " + calls,
                   "widen media.trunk_port_low to media.trunk_port_high, or lower call.calls"});
  else
    all.push_back({verdict::good, "limits", std::to_string(ports) + " RTP ports are enough for " + calls});
  return all;
}

findings look_at_prompts(const configuration& settings) {
  std::error_code error;
  const fs::path& folder = settings.voicemail.prompts;
  if (fs::is_directory(folder, error) && !fs::is_empty(folder, error))
    return {{verdict::good, "prompts", folder.string() + " is there"}};
  return {{verdict::failure, "prompts", folder.string() + " is not there: mailboxes cannot speak",
           "install asterisk-core-sounds-" + settings.voicemail.language + "-wav, or set voicemail.prompts"}};
}

findings look_at_certificates(const configuration& settings, std::chrono::system_clock::time_point now) {
  const bool own = settings.overlay.certificate.empty();
  const fs::path file = own ? settings.state_directory / "keys" / "server.crt" : settings.overlay.certificate;
  const auto pem = content_of(file);
  if (!pem && own) {
    findings first{{verdict::good, "certificates", "the gateway makes its own at its first start"}};
    look_at_api_certificate(first, settings, now);
    return first;
  }
  if (!pem)
    return {
        {verdict::failure, "certificates", file.string() + " cannot be read", "look at overlay.certificate"}};
  const std::string remedy =
      own ? "restart the gateway: it makes a new one" : "renew it, and restart the gateway";
  findings all{examine_certificate(*pem, file.string(), remedy, now)};
  look_at_api_certificate(all, settings, now);
  if (own) return all;
  const auto key = content_of(settings.overlay.key);
  if (!key || !overlay::make_server_context(*pem, *key))
    all.push_back({verdict::failure, "certificates",
                   settings.overlay.key.string() + " is not the key of " + file.string(),
                   "look at overlay.key"});
  return all;
}

findings look_at_addresses(const configuration& settings) {
  findings all;
  const auto look = [&](const char* what, const char* key, const std::string& configured,
                        const std::string& local) {
    boost::system::error_code error;
    const std::string told = advertised_address(configured, local);
    const auto address = asio::ip::make_address(told, error);
    const std::string text = std::string(what) + " are told to send to " + told;
    if (error)
      all.push_back(
          {verdict::failure, "addresses", text + ", which is no address", "set " + std::string(key)});
    else if (address.is_loopback() || is_private(address))
      all.push_back({verdict::warning, "addresses", text + ", which only this network reaches",
                     "behind NAT, set " + std::string(key) + " to the public address"});
    else
      all.push_back({verdict::good, "addresses", text});
  };
  look("peers", "media.advertised_address", settings.media.advertised_address, settings.media.address);
  look("carriers", "sip.advertised_address", settings.sip.advertised_address, settings.sip.address);
  if (const auto& sip = settings.sip; !sip.address6.empty())
    look("carriers", "sip.advertised_address6", advertised_address6(sip.advertised_address6, sip.address6),
         {});
  if (const auto& media = settings.media; !media.address6.empty())
    look("carriers", "media.advertised_address6",
         advertised_address6(media.advertised_address6, media.address6), {});
  return all;
}

findings look_at_ports(const configuration& settings) {
  using asio::ip::tcp, asio::ip::udp;
  findings all;
  try_port<tcp>(all, "overlay", "overlay.port", settings.overlay.address, settings.overlay.port);
  try_port<udp>(all, "sip", "sip.port", settings.sip.address, settings.sip.port);
  try_port<tcp>(all, "sip", "sip.port", settings.sip.address, settings.sip.port);
  if (!settings.sip.address6.empty()) {
    try_port<udp>(all, "sip", "sip.port", settings.sip.address6, settings.sip.port);
    try_port<tcp>(all, "sip", "sip.port", settings.sip.address6, settings.sip.port);
  }
  try_port<tcp>(all, "api", "api.port", settings.api.address, settings.api.port);
  if (settings.media.overlay_port == 0) return all;
  const unsigned workers = settings.media.workers > 0 ? static_cast<unsigned>(settings.media.workers)
                                                      : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned number = 0; number < workers; ++number) {
    const auto port = static_cast<std::uint16_t>(settings.media.overlay_port + number);
    try_port<udp>(all, "media", "media.overlay_port", settings.media.address, port);
  }
  return all;
}

findings look_at_database(const configuration& settings) {
  findings all;
  if (!settings.database.url.empty()) {
    const auto url = db::connection_string(
        settings.database.url,
        {.connect_timeout = std::chrono::milliseconds(settings.database.connect_timeout_ms),
         .statement_timeout = std::chrono::milliseconds(settings.database.statement_timeout_ms),
         .application_name = "tollgate doctor"});
    if (url)
      examine_server(all, *url);
    else
      all.push_back({verdict::failure, "database", "database.url is no connection string or URI", "mend it"});
    return all;
  }
  if (const auto running = db::running_postgresql_url(settings.state_directory / "postgresql")) {
    examine_server(all, *running);
    return all;
  }
  const fs::path& configured = settings.database.postgresql_binaries;
  std::error_code error;
  bool found = fs::exists(configured / "initdb", error);
  if (configured.empty() && fs::is_directory("/usr/lib/postgresql", error))
    for (const auto& each : fs::directory_iterator("/usr/lib/postgresql", error))
      found = found || fs::exists(each.path() / "bin" / "initdb", error);
  if (found)
    all.push_back({verdict::good, "database", "the gateway runs its own PostgreSQL, which is installed"});
  else
    all.push_back({verdict::failure, "database", "PostgreSQL's programs are not there",
                   "install postgresql-15, or set database.url"});
  return all;
}

}  // namespace tollgate::gateway::doctor
