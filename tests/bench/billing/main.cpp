// SPDX-License-Identifier: Apache-2.0
// The measuring program of deploy/bench billing: prints one JSON object. Every step is one statement, one
// transaction and one round trip on a connection of its own, prepared; so is the bare UPDATE that it is
// compared with.
#include <algorithm>
#include <array>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <latch>
#include <map>
#include <memory>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "billing/ledger.hpp"
#include "billing/rate_deck.hpp"
#include "counting_proxy.hpp"
#include "tests/support/postgres/server.hpp"

namespace {

using namespace tollgate;
using steady = std::chrono::steady_clock;

constexpr int accounts = 100'000;

double seconds_since(steady::time_point begun) {
  return std::chrono::duration<double>(steady::now() - begun).count();
}

// Time-ordered as UUIDv7 is: the number counts up, the kind tells accounts and calls apart.
boost::uuids::uuid id_of(std::uint8_t kind, std::uint32_t number) {
  boost::uuids::uuid id{};
  id.data[15] = kind;
  for (unsigned i = 0; i < 4; ++i)
    id.data[3 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}
// Neighbouring calls are of accounts far apart.
boost::uuids::uuid account_of(std::uint32_t number) {
  return id_of(0xa0, static_cast<std::uint32_t>(number * 7919ULL % accounts));
}

using operation = std::function<void(pqxx::transaction_base& tx, std::uint32_t number)>;

// Each client takes this many steps before it is measured: a gateway's connections live for days, and what a
// new one reads first (catalogue, functions, plans) takes as long as a hundred steps.
constexpr int warm_up = 50;

// `count` operations by each of the clients, with numbers that count up from `first` over all of them; a
// second. It takes clients * (warm_up + count) numbers.
double measure(const std::string& url, int clients, int count, std::uint32_t first,
               const operation& perform) {
  std::vector<std::unique_ptr<pqxx::connection>> connections;
  for (int i = 0; i < clients; ++i)
    connections.push_back(std::make_unique<pqxx::connection>(url));
  std::latch warm(clients + 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i)
    threads.emplace_back([&, i] {
      pqxx::nontransaction tx(*connections[static_cast<std::size_t>(i)]);
      for (int n = 0; n < warm_up + count; ++n) {
        if (n == warm_up) warm.arrive_and_wait();
        perform(tx, first + static_cast<std::uint32_t>(n * clients + i));
      }
    });
  warm.arrive_and_wait();
  const auto begun = steady::now();
  for (auto& thread : threads)
    thread.join();
  return clients * count / seconds_since(begun);
}

void bare_update(pqxx::transaction_base& tx, std::uint32_t number) {
  tx.conn().prepare("bare", "UPDATE bare SET value = value + 1 WHERE id = $1");
  tx.exec_prepared0("bare", boost::uuids::to_string(account_of(number)));
}

const billing::rate terms{
    .rate_id = 7, .prefix = "44", .destination = "United Kingdom", .price_per_minute = {17'000}};

billing::hold_request hold_of(std::uint32_t number) {
  return {.account_id = account_of(number),
          .call_id = id_of(0xc0, number),
          .gateway_instance = id_of(0xe0, 1),
          .node = "node-1",
          .terms = terms,
          .currency = "EUR",
          .wanted = {170'000},
          .caller = "alice",
          .callee = "+442079460958"};
}

void insist_opened(const billing::hold_answer& answer) {
  if (answer.status != billing::hold_status::opened) throw std::runtime_error("a hold was refused");
}

void hold(pqxx::transaction_base& tx, std::uint32_t number) {
  insist_opened(billing::open_hold(tx, hold_of(number)));
}
void guarded_hold(pqxx::transaction_base& tx, std::uint32_t number) {
  insist_opened(billing::open_guarded_hold(tx, hold_of(number)));
}

billing::extend_request extension_of(std::uint32_t number) {
  return {.account_id = account_of(number),
          .call_id = id_of(0xc0, number),
          .request_number = 1,
          .used = std::chrono::seconds(480),
          .more = {170'000}};
}

void insist_extended(const billing::extend_answer& answer) {
  if (answer.status != billing::extend_status::extended) throw std::runtime_error("an extension was refused");
}

void extend(pqxx::transaction_base& tx, std::uint32_t number) {
  insist_extended(billing::extend_hold(tx, extension_of(number)));
}
void guarded_extend(pqxx::transaction_base& tx, std::uint32_t number) {
  insist_extended(billing::extend_guarded_hold(tx, extension_of(number)));
}

// A whole stop record, as the gateway writes it.
void settle(pqxx::transaction_base& tx, std::uint32_t number) {
  billing::stop_record record;
  record.account_id = account_of(number);
  record.call_id = id_of(0xc0, number);
  record.caller = "alice";
  record.callee = "+442079460958";
  record.ended = record.answered = record.ringing = record.started = std::chrono::system_clock::now();
  record.ring = std::chrono::seconds(2);
  record.talk = std::chrono::minutes(9);
  record.post_dial_delay = std::chrono::milliseconds(900);
  record.trunk = "landline";
  record.attempts.push_back({"landline", 200, "OK", *record.started});
  record.sip_code = 200;
  record.q850_cause = 16;
  record.hung_up_by = billing::call_side::caller;
  record.reason = "normal";
  record.overlay_codec = "opus";
  record.trunk_codec = "PCMA";
  record.from_overlay = record.from_trunk = {27'000, 12, 2.1, 4.3};
  record.srtp_profile = "SRTP_AEAD_AES_256_GCM";
  record.node = "node-1";
  if (billing::settle(tx, record).status != billing::settle_status::settled)
    throw std::runtime_error("a call was not settled");
}

void whole_call(pqxx::transaction_base& tx, std::uint32_t number) {  // as a gateway does by default
  guarded_hold(tx, number);
  guarded_extend(tx, number);
  settle(tx, number);
}

// Ways to the server and back for one step, counted between the two over whole calls from `first` on.
double round_trips_per_step(const tests::postgres_server& server, std::string url, std::uint32_t first) {
  constexpr std::uint32_t calls = 100;
  const bench::counting_proxy proxy(server.directory() / ".s.PGSQL.5432");
  const auto folder = server.directory().string();
  url.replace(url.find(folder), folder.size(), proxy.folder().string());
  pqxx::connection connection(url);
  pqxx::nontransaction tx(connection);
  whole_call(tx, first);  // prepares its statements
  const auto before = proxy.round_trips();
  for (std::uint32_t n = 1; n <= calls; ++n)
    whole_call(tx, first + n);
  return static_cast<double>(proxy.round_trips() - before) / (3.0 * calls);
}

void set_up(const std::string& url) {
  pqxx::connection connection(url);
  pqxx::work tx(connection);
  const auto with_kind = [&](const char* kind) {
    return "(lpad(to_hex(i), 8, '0') || '0000000000000000000000" + std::string(kind) + "')::uuid";
  };
  const auto series = " FROM generate_series(0, " + std::to_string(accounts - 1) + ") i";
  tx.exec(
      "INSERT INTO billing.account (account_id, currency, country, deck, posted_micros, last_sequence) "
      "SELECT " +
      with_kind("a0") + ", 'EUR', 'DE', 'default', 100000000, 1" + series);
  tx.exec(
      "INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, "
      "reference) "
      "SELECT account_id, 1, 'top_up', 'cash', 100000000, 100000000, 'p-' || account_id FROM "
      "billing.account");
  tx.exec(
      "INSERT INTO billing.payment (account_id, payment_id, amount_micros, sequence) SELECT account_id, 'p-' "
      "|| account_id, "
      "100000000, 1 FROM billing.account");
  // Accounts that have called before: their rows know how much room the limits against fraud leave. (The
  // first call of an account, and the first after a limit has changed, reads its figures and takes about
  // three times as long.)
  tx.exec(
      "SELECT count(billing.note_fraud_room(account_id, currency, (SELECT epoch FROM billing.fraud_epoch), "
      "0, 0, 0, "
      "0)) FROM billing.account");
  tx.exec("CREATE TABLE bare (id uuid PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 60)");
  tx.exec("INSERT INTO bare SELECT account_id, 0 FROM billing.account");
  tx.commit();
  pqxx::nontransaction(connection).exec("VACUUM ANALYZE");
}

// A checkpoint, and every page that will be written is written once after it: whole pages go into the log at
// the first write after a checkpoint, which would fall on whatever comes first.
void settle_down(const std::string& url) {
  pqxx::connection connection(url);
  pqxx::nontransaction tx(connection);
  tx.exec("CHECKPOINT");
  tx.exec("UPDATE bare SET value = 0");
  tx.exec("UPDATE billing.account SET blocked = false");
  tx.exec("VACUUM bare, billing.account, billing.hold");
}

double tpcb(const std::string& url, int clients, int seconds) {
  const auto program = (tests::postgres_binaries() / "pgbench").string();
  const auto command = program + " -n -M prepared -c " + std::to_string(clients) + " -j " +
                       std::to_string(std::min(clients, 2)) + " -T " + std::to_string(seconds) + " \"" + url +
                       "\" 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::array<char, 256> line{};
  double rate = 0;
  while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr)
    if (std::strncmp(line.data(), "tps = ", 6) == 0) rate = std::strtod(line.data() + 6, nullptr);
  return rate;
}

std::vector<std::string> prefixes_of(std::size_t count) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> digit(0, 9), length(2, 9);
  std::vector<std::string> prefixes;
  while (prefixes.size() < count) {
    while (prefixes.size() < count + count / 4) {
      std::string text(1, static_cast<char>('1' + digit(random) % 9));
      for (int left = length(random); left > 0; --left)
        text += static_cast<char>('0' + digit(random));
      prefixes.push_back(std::move(text));
    }
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  }
  std::shuffle(prefixes.begin(), prefixes.end(), random);
  prefixes.resize(count);
  return prefixes;
}

double lookups_per_second(const std::vector<std::string>& prefixes, std::size_t count) {
  std::vector<billing::rate> rates;
  for (const auto& prefix : prefixes)
    rates.push_back({.prefix = prefix, .destination = "Somewhere", .price_per_minute = {17'000}});
  const billing::rate_table table("EUR", std::move(rates));
  std::mt19937 random(4);
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < 1'000'000; ++i) {
    std::string number = prefixes[random() % prefixes.size()].substr(0, 11);
    while (number.size() < 12)
      number += static_cast<char>('0' + random() % 10);
    numbers.push_back(std::move(number));
  }
  std::size_t found = 0;
  const auto begun = steady::now();
  for (std::size_t i = 0; i < count; ++i)
    found += table.find(numbers[i % numbers.size()]) != nullptr ? 1 : 0;
  const double rate = static_cast<double>(count) / seconds_since(begun);
  if (found != count) throw std::runtime_error("a number has no rate");
  return rate;
}

double import_rows_per_second(const std::string& url, const std::vector<std::string>& prefixes) {
  std::string csv =
      "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s\n";
  for (const auto& prefix : prefixes)
    csv += prefix + ",Destination of " + prefix + ",0.017,0.039,60,60\n";
  pqxx::connection connection(url);
  const auto begun = steady::now();
  pqxx::work tx(connection);
  const auto report =
      billing::import_deck(tx, {.csv = csv, .effective_from = std::chrono::system_clock::now()});
  tx.commit();
  if (report.result != billing::deck_import_report::outcome::imported)
    throw std::runtime_error("the deck was refused");
  return static_cast<double>(prefixes.size()) / seconds_since(begun);
}

std::string json_of(const std::map<int, double>& by_clients) {
  std::string out;
  for (const auto& [clients, rate] : by_clients)
    out += (out.empty() ? "" : ", ") + ("\"" + std::to_string(clients)) + "\": " + std::to_string(rate);
  return "{" + out + "}";
}

// The ledger for these client counts; rating and import only with all of them.
void run(bool quick, const std::vector<int>& client_counts, bool rating) {
  tests::postgres_server server({.fsync = true, .settings = {"shared_buffers=256MB", "max_wal_size=4GB"}});
  const auto url = server.fresh_database();
  set_up(url);
  const auto pgbench_url = server.empty_database();
  const auto initialise = (tests::postgres_binaries() / "pgbench").string() + " -i -q -s 1" +
                          (quick ? "" : "0") + " \"" + pgbench_url + "\" >/dev/null 2>&1";
  if (std::system(initialise.c_str()) != 0) throw std::runtime_error("pgbench -i failed");

  std::map<int, double> holds, extensions, settlements, updates, cycles, tpcbs, guarded_holds,
      guarded_extensions;
  std::uint32_t first = 0;
  for (const int clients : client_counts) {
    const int count = (clients == 1 ? 6'000 : 32'000 / clients) / (quick ? 10 : 1);
    const auto taken = static_cast<std::uint32_t>(clients * (warm_up + count));
    settle_down(url);
    const double before = measure(url, clients, count, first, bare_update);
    holds[clients] = measure(url, clients, count, first, hold);
    extensions[clients] = measure(url, clients, count, first, extend);
    settlements[clients] = measure(url, clients, count, first, settle);
    first += taken;
    updates[clients] = (before + measure(url, clients, count, first, bare_update)) / 2;
    guarded_holds[clients] = measure(url, clients, count, first, guarded_hold);
    guarded_extensions[clients] = measure(url, clients, count, first, guarded_extend);
    measure(url, clients, count, first, settle);
    first += taken;
    cycles[clients] = measure(url, clients, count / 2, first, whole_call);
    first += taken;
    tpcbs[clients] = tpcb(pgbench_url, clients, quick ? 1 : 5);
  }
  const double round_trips = round_trips_per_step(server, url, first);
  {
    pqxx::connection connection(url);
    pqxx::work tx(connection);
    if (!billing::violations(tx).empty()) throw std::runtime_error("the ledger is broken");
  }
  std::cout << "{\"hold_per_s\": " << json_of(holds) << ", \"extend_per_s\": " << json_of(extensions)
            << ", \"settle_per_s\": " << json_of(settlements) << ", \"update_per_s\": " << json_of(updates)
            << ", \"guarded_hold_per_s\": " << json_of(guarded_holds)
            << ", \"guarded_extend_per_s\": " << json_of(guarded_extensions)
            << ", \"tpcb_per_s\": " << json_of(tpcbs) << ", \"cycle_per_s\": " << json_of(cycles)
            << ", \"round_trips_per_step\": " << round_trips << ", \"accounts\": " << accounts;
  if (rating) {
    const auto prefixes = prefixes_of(quick ? 30'000 : 300'000);
    std::cout << ", \"lookups_per_s\": "
              << std::to_string(lookups_per_second(prefixes, quick ? 2'000'000 : 20'000'000))
              << ", \"prefixes\": " << prefixes.size()
              << ", \"import_rows_per_s\": " << std::to_string(import_rows_per_second(url, prefixes));
  }
  std::cout << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    bool quick = false;
    std::vector<int> client_counts;
    for (int i = 1; i < argc; ++i)
      if (std::strcmp(argv[i], "--quick") == 0)
        quick = true;
      else
        client_counts.push_back(std::stoi(argv[i]));
    const bool all = client_counts.empty();
    run(quick, all ? std::vector{1, 4, 16} : client_counts, all);
  } catch (const std::exception& e) {
    std::cerr << "bench_billing: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
