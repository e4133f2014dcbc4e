// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/trunk_store.hpp"

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/pqxx>
#include <string>

namespace tollgate::pstn::trunk {
namespace {

using boost::system::result;

constexpr const char* trunk_columns =
    "t.trunk_id, t.carrier_id, t.name, t.host, t.port, t.transport, t.digest_username, t.digest_password, "
    "t.digest_realm, "
    "t.registers, t.from_domain, t.codecs, t.dtmf, t.caller_id, t.number_format, t.region, t.default_caller, "
    "t.inbound_sources, t.served_prefixes, t.capacity_calls, t.capacity_calls_per_second, t.priority, "
    "t.weight, t.probes, "
    "t.enabled, t.echo_canceller, t.echo_tail_ms, t.failover_codes, t.user_phone, "
    "t.trusted_identity, t.inbound_proof, t.inbound_username, t.inbound_password, t.srtp, t.sign_identity, "
    "t.redirections, t.reliable_progress";

// An array literal (PostgreSQL documentation §8.15.2), every element quoted.
std::string array_literal(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const std::string& value : values) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

std::string array_literal(const std::vector<int>& values) {
  std::vector<std::string> texts;
  for (const int value : values)
    texts.push_back(std::to_string(value));
  return array_literal(texts);
}

std::vector<std::string> array_of(const pqxx::field& field) {
  std::vector<std::string> values;
  pqxx::array_parser parser{field.c_str()};
  for (auto [juncture, value] = parser.get_next(); juncture != pqxx::array_parser::juncture::done;
       std::tie(juncture, value) = parser.get_next()) {
    if (juncture == pqxx::array_parser::juncture::string_value) values.push_back(value);
  }
  return values;
}

uuid uuid_of(const pqxx::field& field) {
  return boost::uuids::string_generator{}(field.c_str());
}

constexpr const char* carrier_columns =
    "carrier_id, name, enabled, capacity_calls, capacity_calls_per_second";

carrier carrier_of(const pqxx::row& row) {
  return {.id = uuid_of(row["carrier_id"]),
          .name = row["name"].c_str(),
          .enabled = row["enabled"].as<bool>(),
          .capacity_calls = row["capacity_calls"].as<int>(),
          .capacity_calls_per_second = row["capacity_calls_per_second"].as<int>()};
}

trunk trunk_of(const pqxx::row& row) {
  trunk read;
  read.id = uuid_of(row["trunk_id"]);
  read.carrier_id = uuid_of(row["carrier_id"]);
  read.name = row["name"].c_str();
  read.host = row["host"].c_str();
  read.port = row["port"].as<std::uint16_t>();
  read.transport = transport_named(row["transport"].c_str()).value_or(transport::udp);
  if (!row["digest_username"].is_null()) {
    read.digest = {row["digest_username"].c_str(), row["digest_password"].c_str(),
                   row["digest_realm"].c_str()};
  }
  read.registers = row["registers"].as<bool>();
  read.from_domain = row["from_domain"].c_str();
  read.codecs = array_of(row["codecs"]);
  read.srtp = media_security_named(row["srtp"].c_str()).value_or(sip::media_security::required);
  read.dtmf = dtmf_mode_named(row["dtmf"].c_str()).value_or(dtmf_mode::rfc4733);
  read.caller_id =
      caller_id_mode_named(row["caller_id"].c_str()).value_or(caller_id_mode::p_asserted_identity);
  read.numbers = number_format_named(row["number_format"].c_str()).value_or(number_format::e164_plus);
  read.region = row["region"].c_str();
  if (!row["default_caller"].is_null()) {
    if (const auto number = phone_number::parse(row["default_caller"].c_str())) read.default_caller = *number;
  }
  read.inbound_sources = array_of(row["inbound_sources"]);
  read.inbound_by = inbound_proof_named(row["inbound_proof"].c_str()).value_or(inbound_proof::both);
  if (!row["inbound_username"].is_null())
    read.inbound_digest = {row["inbound_username"].c_str(), row["inbound_password"].c_str()};
  read.served_prefixes = array_of(row["served_prefixes"]);
  read.capacity_calls = row["capacity_calls"].as<int>();
  read.capacity_calls_per_second = row["capacity_calls_per_second"].as<int>();
  read.priority = row["priority"].as<int>();
  read.weight = row["weight"].as<int>();
  read.probes = row["probes"].as<bool>();
  read.enabled = row["enabled"].as<bool>();
  read.echo_canceller = row["echo_canceller"].as<bool>();
  read.echo_tail_ms = row["echo_tail_ms"].as<int>();
  read.user_phone = row["user_phone"].as<bool>();
  read.trusted_identity = row["trusted_identity"].as<bool>();
  read.sign_identity = row["sign_identity"].as<bool>();
  read.redirections =
      redirection_headers_named(row["redirections"].c_str()).value_or(redirection_headers::both);
  read.reliable_progress = row["reliable_progress"].as<bool>();
  for (const auto& code : array_of(row["failover_codes"]))
    read.failover_codes.push_back(std::stoi(code));
  return read;
}

template <class Account>
std::optional<std::string> or_null(const std::optional<Account>& account, std::string Account::*member) {
  return account ? std::optional{(*account).*member} : std::nullopt;
}

// Runs `sql` with all fields of the trunk as $1 to $37, in the order of trunk_columns.
pqxx::result execute(pqxx::transaction_base& tx, const std::string& sql, const trunk& value) {
  const auto caller = value.default_caller ? std::optional{value.default_caller->e164()} : std::nullopt;
  return tx.exec_params(
      sql, to_string(value.id), to_string(value.carrier_id), value.name, value.host,
      static_cast<int>(value.port), std::string{name(value.transport)},
      or_null(value.digest, &digest_account::username), or_null(value.digest, &digest_account::password),
      or_null(value.digest, &digest_account::realm), value.registers, value.from_domain,
      array_literal(value.codecs), std::string{name(value.dtmf)}, std::string{name(value.caller_id)},
      std::string{name(value.numbers)}, value.region, caller, array_literal(value.inbound_sources),
      array_literal(value.served_prefixes), value.capacity_calls, value.capacity_calls_per_second,
      value.priority, value.weight, value.probes, value.enabled, value.echo_canceller, value.echo_tail_ms,
      array_literal(value.failover_codes), value.user_phone, value.trusted_identity,
      std::string{name(value.inbound_by)}, or_null(value.inbound_digest, &inbound_account::username),
      or_null(value.inbound_digest, &inbound_account::password), std::string{name(value.srtp)},
      value.sign_identity, std::string{name(value.redirections)}, value.reliable_progress);
}

// Why a statement changed nothing, as the statement itself tells in its only row: "done", or a name of
// trunk_error.
result<void> outcome(const pqxx::result& rows) {
  const std::string_view text = rows.empty() ? "done" : rows[0][0].c_str();
  for (const trunk_error error : {trunk_error::name_taken, trunk_error::no_such_carrier,
                                  trunk_error::no_such_trunk, trunk_error::carrier_in_use}) {
    if (text == code(error)) return error;
  }
  return {};
}

std::vector<trunk> trunks_of(const pqxx::result& rows) {
  std::vector<trunk> trunks;
  for (const auto& row : rows)
    trunks.push_back(trunk_of(row));
  return trunks;
}

}  // namespace

result<void> create_carrier(pqxx::transaction_base& tx, const carrier& value) {
  if (const auto valid = validate(value); valid.has_error()) return valid;
  return outcome(tx.exec_params(R"(
      WITH made AS (INSERT INTO pstn.carrier (carrier_id, name, enabled, capacity_calls, capacity_calls_per_second)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT DO NOTHING RETURNING 1)
      SELECT CASE WHEN EXISTS (SELECT FROM made)
                    OR EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $1 AND name = $2)
                  THEN 'done' ELSE 'name_taken' END)",
                                to_string(value.id), value.name, value.enabled, value.capacity_calls,
                                value.capacity_calls_per_second));
}

result<void> update_carrier(pqxx::transaction_base& tx, const carrier& value) {
  if (const auto valid = validate(value); valid.has_error()) return valid;
  return outcome(tx.exec_params(R"(
      WITH changed AS (UPDATE pstn.carrier SET name = $2, enabled = $3, capacity_calls = $4,
                         capacity_calls_per_second = $5 WHERE carrier_id = $1
                       AND NOT EXISTS (SELECT FROM pstn.carrier WHERE name = $2 AND carrier_id <> $1) RETURNING 1)
      SELECT CASE WHEN EXISTS (SELECT FROM changed) THEN 'done'
                  WHEN EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $1) THEN 'name_taken'
                  ELSE 'no_such_carrier' END)",
                                to_string(value.id), value.name, value.enabled, value.capacity_calls,
                                value.capacity_calls_per_second));
}

result<void> remove_carrier(pqxx::transaction_base& tx, const uuid& id) {
  return outcome(tx.exec_params(R"(
      WITH gone AS (DELETE FROM pstn.carrier WHERE carrier_id = $1
                    AND NOT EXISTS (SELECT FROM pstn.trunk WHERE carrier_id = $1) RETURNING 1)
      SELECT CASE WHEN EXISTS (SELECT FROM gone) THEN 'done'
                  WHEN EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $1) THEN 'carrier_in_use'
                  ELSE 'no_such_carrier' END)",
                                to_string(id)));
}

std::optional<carrier> find_carrier(pqxx::transaction_base& tx, const uuid& id) {
  const auto rows = tx.exec_params(
      "SELECT " + std::string{carrier_columns} + " FROM pstn.carrier WHERE carrier_id = $1", to_string(id));
  return rows.empty() ? std::nullopt : std::optional{carrier_of(rows[0])};
}

std::vector<carrier> list_carriers(pqxx::transaction_base& tx) {
  std::vector<carrier> carriers;
  for (const auto& row :
       tx.exec("SELECT " + std::string{carrier_columns} + " FROM pstn.carrier ORDER BY name")) {
    carriers.push_back(carrier_of(row));
  }
  return carriers;
}

result<void> create_trunk(pqxx::transaction_base& tx, const trunk& value) {
  if (const auto valid = validate(value); valid.has_error()) return valid;
  return outcome(execute(tx, R"(
      WITH made AS (
        INSERT INTO pstn.trunk (trunk_id, carrier_id, name, host, port, transport, digest_username, digest_password,
          digest_realm, registers, from_domain, codecs, dtmf, caller_id, number_format, region, default_caller,
          inbound_sources, served_prefixes, capacity_calls, capacity_calls_per_second, priority, weight, probes, enabled,
          echo_canceller, echo_tail_ms, failover_codes, user_phone, trusted_identity, inbound_proof, inbound_username,
          inbound_password, srtp, sign_identity, redirections, reliable_progress)
        SELECT $1::uuid, carrier_id, $3, $4, $5::int, $6, $7, $8, $9, $10::boolean, $11, $12::text[], $13, $14, $15, $16, $17,
          $18::text[], $19::text[], $20::int, $21::int, $22::int, $23::int, $24::boolean, $25::boolean,
          $26::boolean, $27::int, $28::integer[], $29::boolean, $30::boolean, $31, $32, $33, $34, $35::boolean, $36, $37::boolean
        FROM pstn.carrier WHERE carrier_id = $2::uuid
        ON CONFLICT DO NOTHING RETURNING 1)
      SELECT CASE WHEN EXISTS (SELECT FROM made)
                    OR EXISTS (SELECT FROM pstn.trunk WHERE trunk_id = $1::uuid AND name = $3) THEN 'done'
                  WHEN NOT EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $2::uuid) THEN 'no_such_carrier'
                  ELSE 'name_taken' END)",
                         value));
}

result<void> update_trunk(pqxx::transaction_base& tx, const trunk& value) {
  if (const auto valid = validate(value); valid.has_error()) return valid;
  return outcome(execute(tx, R"(
      WITH changed AS (
        UPDATE pstn.trunk SET carrier_id = $2::uuid, name = $3, host = $4, port = $5::int, transport = $6, digest_username = $7,
          digest_password = $8, digest_realm = $9, registers = $10::boolean, from_domain = $11, codecs = $12::text[],
          dtmf = $13, caller_id = $14, number_format = $15, region = $16, default_caller = $17,
          inbound_sources = $18::text[], served_prefixes = $19::text[], capacity_calls = $20::int,
          capacity_calls_per_second = $21::int, priority = $22::int, weight = $23::int, probes = $24::boolean,
          enabled = $25::boolean, echo_canceller = $26::boolean, echo_tail_ms = $27::int,
          failover_codes = $28::integer[], user_phone = $29::boolean, trusted_identity = $30::boolean,
          inbound_proof = $31, inbound_username = $32, inbound_password = $33, srtp = $34,
          sign_identity = $35::boolean, redirections = $36, reliable_progress = $37::boolean
        WHERE trunk_id = $1::uuid AND EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $2::uuid)
          AND NOT EXISTS (SELECT FROM pstn.trunk WHERE name = $3 AND trunk_id <> $1::uuid)
        RETURNING 1)
      SELECT CASE WHEN EXISTS (SELECT FROM changed) THEN 'done'
                  WHEN NOT EXISTS (SELECT FROM pstn.trunk WHERE trunk_id = $1::uuid) THEN 'no_such_trunk'
                  WHEN NOT EXISTS (SELECT FROM pstn.carrier WHERE carrier_id = $2::uuid) THEN 'no_such_carrier'
                  ELSE 'name_taken' END)",
                         value));
}

result<void> remove_trunk(pqxx::transaction_base& tx, const uuid& id) {
  const auto gone = tx.exec_params("DELETE FROM pstn.trunk WHERE trunk_id = $1", to_string(id));
  if (gone.affected_rows() == 0) return trunk_error::no_such_trunk;
  return {};
}

std::optional<trunk> find_trunk(pqxx::transaction_base& tx, const uuid& id) {
  const auto rows = tx.exec_params(
      "SELECT " + std::string{trunk_columns} + " FROM pstn.trunk t WHERE t.trunk_id = $1", to_string(id));
  return rows.empty() ? std::nullopt : std::optional{trunk_of(rows[0])};
}

std::vector<trunk> list_trunks(pqxx::transaction_base& tx) {
  return trunks_of(tx.exec("SELECT " + std::string{trunk_columns} + " FROM pstn.trunk t ORDER BY t.name"));
}

std::vector<trunk> list_usable_trunks(pqxx::transaction_base& tx) {
  std::vector<trunk> trunks;
  for (const auto& row :
       tx.exec("SELECT " + std::string{trunk_columns} +
               ", c.capacity_calls AS carrier_capacity_calls, c.capacity_calls_per_second AS "
               "carrier_capacity_calls_per_second FROM pstn.trunk t JOIN pstn.carrier c USING (carrier_id) "
               "WHERE t.enabled AND c.enabled ORDER BY t.name")) {
    trunk& read = trunks.emplace_back(trunk_of(row));
    read.carrier_capacity_calls = row["carrier_capacity_calls"].as<int>();
    read.carrier_capacity_calls_per_second = row["carrier_capacity_calls_per_second"].as<int>();
  }
  return trunks;
}

}  // namespace tollgate::pstn::trunk
