// SPDX-License-Identifier: Apache-2.0
// The store of deploy/bench voicemail: a million messages, 100 in each of 10,000 mailboxes. Prints one JSON object. The times in the
// database are PostgreSQL's own, of the statements as the room sends them, by auto_explain; the others are as the caller has them,
// round trip included.
#include <algorithm>
#include <boost/uuid/string_generator.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/result>
#include <pqxx/transaction>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/postgres/server.hpp"
#include "voicemail/mailbox_store.hpp"

namespace {

using namespace tollgate;
using steady = std::chrono::steady_clock;

constexpr int messages_each = 100;
constexpr int deleted_one_in = 100;    // of all, long ago
constexpr int deleted_bytes = 16'000;  // what a message of some 5 s has, as the purge has to remove it
constexpr int purge_batch = 100;

double ms_since(steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(steady::now() - begun).count();
}

boost::uuids::uuid account(int box) {
  char text[40];
  std::snprintf(text, sizeof text, "%08x-0000-7000-8000-000000000000", static_cast<unsigned>(box));
  return boost::uuids::string_generator{}(text);
}

struct spread {
  double median = 0, p99 = 0, worst = 0;
};

spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values[values.size() * 99 / 100], values.back()};
}

std::string json_of(const spread& values) {
  char text[100];
  std::snprintf(text, sizeof text, R"({"median":%.3f,"p99":%.3f,"worst":%.3f})", values.median, values.p99, values.worst);
  return text;
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text)
    out += c == '\n' ? "\\n" : c == '\t' ? "  " : c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out + "\"";
}

// What auto_explain says of each statement: how long it took, and its plan.
class explained final : public pqxx::errorhandler {
 public:
  explicit explained(pqxx::connection& connection) : pqxx::errorhandler(connection) {}

  bool operator()(const char message[]) noexcept override {
    try {
      const std::string text = message;
      constexpr std::string_view mark = "duration: ";
      const auto at = text.find(mark);
      if (at == std::string::npos) return true;
      durations_.push_back(std::strtod(text.c_str() + at + mark.size(), nullptr));
      plan_ = text.substr(at);
    } catch (const std::exception&) {
      std::abort();  // a figure would be missing
    }
    return false;  // nobody else need be told
  }

  // The time of the statement before, which is told when the next one takes its portal's place.
  double take(pqxx::transaction_base& tx) {
    tx.exec("SHOW server_version");  // is not explained itself
    if (durations_.size() != 1) throw std::runtime_error(std::to_string(durations_.size()) + " statements were explained");
    const double taken = durations_.front();
    durations_.clear();
    return taken;
  }
  const std::string& plan() const { return plan_; }

 private:
  std::vector<double> durations_;
  std::string plan_;
};

// What a list reads of a message beside its columns is a pointer to the audio, which lies elsewhere (TOAST): 16 bytes in its place.
void fill(pqxx::connection& connection, int boxes) {
  pqxx::work tx{connection};
  const auto number = [](int value) { return std::to_string(value); };
  tx.exec(
      "INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, "
      "size_bytes, sha256, audio, state, deleted_at) SELECT (lpad(to_hex(box), 8, '0') || '-0000-7000-8000-000000000000')::uuid, "
      "(lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(box), 12, '0'))::uuid, "
      "'00000000-0000-7000-8000-000000000000', '+442079460958', '+16505550100', timestamptz '2026-01-01' + n * interval '1 hour', "
      "5000, -20, 16, sha256(''), CASE WHEN gone THEN decode(repeat('00', " + number(deleted_bytes) +
      "), 'hex') ELSE decode(repeat('00', 16), 'hex') END, CASE WHEN n % 2 = 0 THEN 'new' ELSE 'saved' END, "
      "CASE WHEN gone THEN timestamptz '2026-02-01' END FROM generate_series(0, " + number(messages_each - 1) +
      ") n, generate_series(0, " + number(boxes - 1) + ") box, LATERAL (SELECT (n + box) % " + number(deleted_one_in) +
      " = 0 AS gone) g");
  tx.commit();
  pqxx::work analyse{connection};
  analyse.exec("ANALYZE voicemail.message");
  analyse.commit();
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const int boxes = quick ? 1'000 : 10'000;
  constexpr int rounds = 1'000;
  tests::postgres_server server(tests::postgres_options{.fsync = true, .migrate = true, .settings = {}});
  pqxx::connection connection{server.fresh_database()};
  fill(connection, boxes);
  std::mt19937 chance{1};
  std::vector<double> lists, counts;
  explained told(connection);
  {
    pqxx::work tx{connection};
    tx.exec("LOAD 'auto_explain'");
    tx.exec("SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off; "
            "SET auto_explain.log_level = 'notice'; SET auto_explain.log_min_duration = 0");
    tx.commit();
  }
  std::string plan;
  std::vector<double> lists_in_database, counts_in_database;
  for (int round = 0; round < rounds; ++round) {
    const auto owner = account(static_cast<int>(chance() % static_cast<unsigned>(boxes)));
    pqxx::work tx{connection};
    auto begun = steady::now();
    const auto listed = voicemail::list_messages(tx, owner);
    lists.push_back(ms_since(begun));
    lists_in_database.push_back(told.take(tx));
    plan = told.plan();
    begun = steady::now();
    const auto counted = voicemail::count_messages(tx, owner);
    counts.push_back(ms_since(begun));
    counts_in_database.push_back(told.take(tx));
    if (listed.size() != static_cast<std::size_t>(counted.unread + counted.saved) || listed.size() < messages_each - 1) {
      std::cerr << "a list has " << listed.size() << " messages\n";
      return 1;
    }
  }
  std::vector<double> purges;
  int purged = 0;
  const auto now = std::chrono::system_clock::now();
  for (;;) {
    const auto begun = steady::now();
    pqxx::work tx{connection};
    const int batch = voicemail::purge_deleted(tx, now, purge_batch);
    tx.commit();
    if (batch == 0) break;
    purged += batch;
    purges.push_back(ms_since(begun));
  }
  if (purged != boxes * messages_each / deleted_one_in) {
    std::cerr << "the purge has taken " << purged << " messages\n";
    return 1;
  }
  std::cout << "{\"messages\":" << boxes * messages_each << ",\"list_database_ms\":" << json_of(spread_of(lists_in_database))
            << ",\"list_ms\":" << json_of(spread_of(lists)) << ",\"counts_database_ms\":" << json_of(spread_of(counts_in_database))
            << ",\"counts_ms\":" << json_of(spread_of(counts)) << ",\"purged\":" << purged << ",\"purge_batch\":" << purge_batch
            << ",\"purge_batch_ms\":" << json_of(spread_of(purges)) << ",\"plan\":" << json_text(plan) << "}\n";
  return 0;
}
