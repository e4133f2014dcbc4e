// SPDX-License-Identifier: Apache-2.0
// The command line of `tollgate`.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>

#include "gateway/command.hpp"
#include "gateway/command_cdr.hpp"
#include "gateway/command_completion.hpp"
#include "gateway/command_rates.hpp"
#include "gateway/command_resources.hpp"
#include "gateway/command_token.hpp"

namespace {

using namespace tollgate::gateway;
namespace fs = std::filesystem;

constexpr const char* usual_configuration = "/etc/tollgate/tollgate.toml";

constexpr const char* footer =
    "Exit codes: 0 done; 1 failed; 2 wrong command line or configuration; 3 no gateway answers;\n"
    "4 refused by the gateway.\n"
    "Without --config: $TOLLGATE_CONFIG, else /etc/tollgate/tollgate.toml if there is one, else defaults.\n"
    "Every key can be overridden by the environment: api.port by TOLLGATE_API_PORT.";

struct arguments {
  std::string config;
  remote_options remote;
  bool print = false, look_only = false, stop = false, watch = false;
  std::string node;  // to drain; empty: the one that is asked
  std::string call_id;
  simulation_options simulation;
  trace_options trace;
  events_options events;
  cdr_export_options cdr_export;
  cdr_reconcile_options cdr_reconcile;
  cdr_rerate_options cdr_rerate;
  rates_import_options rates_import;
  rates_export_options rates_export;
  rates_versions_options rates_versions;
  new_token_options new_token;
  listed_token_options listed_tokens;
  std::string token_id;
  int overlap_s = 300;
  const resource_command* resource = nullptr;  // the one that was chosen, if any
  resource_words words;                        // of it
  std::string shell;

  std::optional<fs::path> file() const {
    if (!config.empty()) return config;
    const char* const named = std::getenv("TOLLGATE_CONFIG");
    if (named != nullptr && *named != '\0') return named;
    std::error_code ignored;
    return fs::exists(usual_configuration, ignored) ? std::optional<fs::path>(usual_configuration)
                                                    : std::nullopt;
  }
};

template <class Command>
int with_configuration(const arguments& given, Command command) {
  const configuration_reading reading = read_configuration(given.file(), process_environment());
  for (const configuration_problem& each : reading.problems)
    std::cerr << each.where << ": " << each.text << "\n";
  return reading.problems.empty() ? command(reading.value) : exit_usage;
}

CLI::App* add_remote(CLI::App& app, const char* name, const char* help, arguments& into) {
  CLI::App* const command = app.add_subcommand(name, help);
  command->add_option("--url", into.remote.url,
                      "The API's address, http://HOST:PORT or https://HOST:PORT (default: from the configuration)");
  command->add_option("--ca", into.remote.authority, "PEM file of the authority to believe at an https address (default: the system's)");
  command->add_option("--certificate", into.remote.certificate, "PEM file of the certificate to show, where the gateway asks for one");
  command->add_option("--key", into.remote.key, "PEM file of its key");
  command->add_option("--token-file", into.remote.token_file,
                      "File with an admin token (default: $TOLLGATE_ADMIN_TOKEN, else the configured file)");
  command->add_flag("--json", into.remote.json, "Print the answer as JSON");
  command->footer(footer);
  return command;
}

struct cdr_commands {
  const CLI::App* take = nullptr;
  const CLI::App* reconcile = nullptr;
  const CLI::App* rerate = nullptr;
};

cdr_commands add_cdr(CLI::App& app, arguments& given) {
  CLI::App* const cdr = app.add_subcommand("cdr", "Call detail records");
  cdr->require_subcommand(1);
  cdr->footer(footer);
  CLI::App* const take =
      add_remote(*cdr, "export", "Write the records that were committed since a cursor", given);
  auto& out = given.cdr_export;
  take->add_option("--format", out.format, "csv or jsonl (default)")->check(CLI::IsMember({"csv", "jsonl"}));
  take->add_option("-o,--output", out.output, "Append to this file (default: standard output)");
  take->add_option("--state", out.state,
                   "Keep here how far the file is, and go on from there: each record is in it once");
  take->add_option("--after", out.after, "Begin behind this cursor");
  take->add_option("--consumer", out.consumer,
                   "Tell the gateway that this consumer has them: retention waits for it");
  CLI::App* const reconcile =
      add_remote(*cdr, "reconcile",
                 "Compare the ledger, the records, and a carrier's own; exit code 1: they differ", given);
  auto& in = given.cdr_reconcile;
  reconcile->add_option("--month", in.month, "A month (UTC): 2026-11");
  reconcile->add_option("--from", in.from, "First moment, RFC 3339, or a day");
  reconcile->add_option("--until", in.until, "The moment after the last one");
  reconcile->add_option("--carrier-csv", in.carrier_csv, "The carrier's records");
  reconcile->add_option("--trunk", in.trunks, "The trunk that they are of; may be repeated");
  reconcile->add_option("--carrier", in.carrier_id, "The carrier's id, in place of its trunks");
  reconcile->add_option("--time-tolerance", in.time_tolerance_s,
                        "Seconds between two records of one call (90)");
  reconcile->add_option("--duration-tolerance", in.duration_tolerance_s,
                        "Seconds that durations may differ by (1)");
  reconcile->add_option("--utc-offset", in.utc_offset_min,
                        "Minutes, of the carrier's times that name none (0)");
  CLI::App* const rerate = add_remote(*cdr, "rerate",
                                      "Tell what calls would have cost by a version of a rate deck; with --commit, "
                                      "correct what they were charged",
                                      given);
  auto& anew = given.cdr_rerate;
  rerate->add_option("--deck", anew.deck, "The deck whose version rates them anew")->required();
  rerate->add_option("--version", anew.version, "Its version, any: tollgate rates list")->required();
  rerate->add_option("--rated-by", anew.rated_by,
                     "The deck that gave their rates, or DECK/VERSION (default: the same deck, any version)");
  rerate->add_option("--account", anew.account, "One account, by its name or id (default: all)");
  rerate->add_option("--month", anew.month, "A month (UTC): 2026-11");
  rerate->add_option("--from", anew.from, "First moment, RFC 3339, or a day");
  rerate->add_option("--until", anew.until, "The moment after the last one");
  rerate->add_option("--commit", anew.commit,
                     "Enter the corrections under this id: once, however often it is given");
  rerate->add_option("--note", anew.note, "Why");
  return {take, reconcile, rerate};
}

struct rates_commands {
  const CLI::App* take = nullptr;
  const CLI::App* compare = nullptr;
  const CLI::App* give = nullptr;
  const CLI::App* list = nullptr;
};

void add_deck_options(CLI::App& command, rates_import_options& in) {
  command.add_option("csv", in.csv, "The deck; -: standard input")->required();
  command.add_option("--deck", in.deck, "Its name (default: the gateway's default deck)");
  command.add_option("--currency", in.currency, "Its currency (default: the gateway's)");
  command.add_option("--kind", in.kind, "sell (default), or cost: what a carrier charges")
      ->check(CLI::IsMember({"sell", "cost"}));
  command.add_option("--effective-from", in.effective_from, "RFC 3339, or a day, UTC; not in the past (default: now)");
  command.add_option("--note", in.note, "Kept with the version");
  command.add_option("--changes", in.changes, "How many changes of each kind are shown (100)")
      ->check(CLI::Range(0, 10'000));
}

rates_commands add_rates(CLI::App& app, arguments& given) {
  CLI::App* const rates = app.add_subcommand("rates", "Rate decks");
  rates->require_subcommand(1);
  rates->footer(footer);
  CLI::App* const take =
      add_remote(*rates, "import",
                 "Import a deck as its next version, whole or not at all, and show what it changes", given);
  take->add_flag("--dry-run", given.rates_import.dry_run,
                 "Import nothing: only tell what would change, and every mistake by line; tollgate rates commit imports it then");
  add_deck_options(*take, given.rates_import);
  CLI::App* const compare = add_remote(
      *rates, "diff", "Show what a deck would change (import --dry-run), or with --from and --to what one version of a deck changes in another", given);
  add_deck_options(*compare, given.rates_import);
  CLI::Option* const from = compare->add_option("--from", given.rates_versions.from, "Compare stored versions of the deck that is named in place of a file: this one");
  CLI::Option* const to = compare->add_option("--to", given.rates_versions.to, "with this one")->needs(from);
  from->needs(to);
  CLI::App* const give = add_remote(*rates, "export", "Write a version as CSV, importable again", given);
  auto& out = given.rates_export;
  give->add_option("deck", out.deck, "The deck's name")->required();
  give->add_option("--version", out.version, "Its number (default: the one in force)");
  give->add_option("-o,--output", out.output, "The file (default: standard output)");
  return {take, compare, give, add_remote(*rates, "list", "List the versions of all decks", given)};
}

struct token_commands {
  const CLI::App* create = nullptr;
  const CLI::App* list = nullptr;
  const CLI::App* rotate = nullptr;
  const CLI::App* revoke = nullptr;
};

token_commands add_token(CLI::App& app, arguments& given) {
  CLI::App* const token = app.add_subcommand("token", "Tokens of the API, each with a role");
  token->require_subcommand(1);
  token->footer(footer);
  CLI::App* const create = add_remote(*token, "create", "Make one; its secret is printed this once", given);
  auto& wanted = given.new_token;
  create
      ->add_option(
          "--role", wanted.role,
          "admin (everything), auditor (reads), rates, numbers, support (no money), carrier, subscriber")
      ->required()
      ->check(CLI::IsMember({"admin", "auditor", "rates", "numbers", "support", "carrier", "subscriber"}));
  create->add_option("--label", wanted.label, "What it is for")->required();
  create->add_option("--carrier", wanted.carrier, "Id of the carrier, for that role");
  create->add_option("--account", wanted.account, "Id of the account, for the role subscriber");
  create->add_flag("--local", wanted.local, "By the database that --config tells of: without a gateway and a token, such as the first one");
  create->add_option("--expires-in-days", wanted.expires_in_days, "Without it, never")
      ->check(CLI::Range(1, 3650));
  CLI::App* const list = add_remote(*token, "list", "List them, newest first; those of subscribers only where they are asked for", given);
  list->add_option("--role", given.listed_tokens.role, "Of this role")
      ->check(CLI::IsMember({"admin", "auditor", "rates", "numbers", "support", "carrier", "subscriber"}));
  list->add_option("--account", given.listed_tokens.account, "Of the subscriber with this account's id");
  CLI::App* const rotate =
      add_remote(*token, "rotate", "Make another one for the same use; the old one ends soon", given);
  rotate->add_option("token", given.token_id, "The token's id")->required();
  rotate->add_option("--overlap", given.overlap_s, "Seconds that the old one goes on for (300)")
      ->check(CLI::Range(0, 604'800));
  CLI::App* const revoke = add_remote(*token, "revoke", "End one now", given);
  revoke->add_option("token", given.token_id, "The token's id")->required();
  return {create, list, rotate, revoke};
}

// The group's command, made by whoever comes first.
CLI::App* group_of(CLI::App& app, const char* name) {
  static const std::map<std::string, const char*> helps{{"accounts", "Subscribers and their credit"},
                                                        {"carriers", "Carriers"},
                                                        {"trunks", "Trunks: the ways to carriers"},
                                                        {"limits", "Limits against fraud"},
                                                        {"nodes", "The gateways on one database"},
                                                        {"dial-policy", "What everybody may call"},
                                                        {"webhooks", "Who is told of events"},
                                                        {"numbers", "Telephone numbers for rent"},
                                                        {"mailboxes", "Voicemail: settings, limits and messages"}};
  for (CLI::App* const each : app.get_subcommands([&](CLI::App* one) { return one->get_name() == name; }))
    return each;
  CLI::App* const made = app.add_subcommand(name, helps.at(name));
  made->require_subcommand(1);
  made->footer(footer);
  return made;
}

void add_field(CLI::App& command, const resource_field& field, arguments& given) {
  const std::string word = field.word;
  CLI::Option* option = nullptr;
  if (field.kind == field_kind::flag)
    option = command.add_flag_callback(
        word, [&given, word] { given.words[word] = {"true"}; }, field.help);
  else if (field.kind == field_kind::list)
    option =
        command
            .add_option_function<std::vector<std::string>>(
                word, [&given, word](const std::vector<std::string>& values) { given.words[word] = values; },
                field.help)
            ->allow_extra_args(false);
  else
    option = command.add_option_function<std::string>(
        word, [&given, word](const std::string& value) { given.words[word] = {value}; }, field.help);
  option->required(field.needed);
}

void add_resources(CLI::App& app, arguments& given) {
  for (const resource_command& each : resource_commands()) {
    CLI::App* const group = *each.group == '\0' ? &app : group_of(app, each.group);
    CLI::App* const command = add_remote(*group, each.name, each.help, given);
    for (const resource_field& field : each.fields)
      add_field(*command, field, given);
    command->callback([&given, &each] { given.resource = &each; });
  }
}

const CLI::App* add_undrain(CLI::App& app, arguments& given) {
  CLI::App* const undrain = add_remote(app, "undrain", "Take new calls again", given);
  undrain->add_option("--node", given.node, "Another gateway on the same database (tollgate nodes list)");
  return undrain;
}

int run_command(int count, char** words) {
  arguments given;
  CLI::App app{
      "Tollgate: calls between an encrypted voice overlay and the telephone network, paid from prepaid "
      "credit."};
  app.name("tollgate");
  app.footer(footer);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-c,--config", given.config, "Configuration file (TOML)");

  const CLI::App* const serve =
      app.add_subcommand("serve", "Run the gateway. SIGTERM drains, SIGINT stops")->footer(footer);
  CLI::App* const migrate =
      app.add_subcommand("migrate", "Bring the database's schema up to date")->footer(footer);
  migrate->add_flag("--dry-run", given.look_only, "Only tell what would be applied");
  CLI::App* const check = app.add_subcommand("check", "Check the configuration")->footer(footer);
  check->add_flag("--print", given.print, "Print the configuration in force, with every key and its comment");
  const CLI::App* const status = add_remote(app, "status", "Show a running gateway", given);
  CLI::App* const calls = add_remote(app, "calls", "List its live calls", given);
  calls->add_flag("--watch", given.watch, "Go on, once a second, until Ctrl-C");
  CLI::App* const hangup = add_remote(app, "hangup", "End a live call", given);
  hangup->add_option("call", given.call_id, "The call's id")->required();
  CLI::App* const drain = add_remote(app, "drain", "Refuse new calls and let the live ones end", given);
  drain->add_flag("--stop", given.stop, "End the gateway after the last call");
  drain->add_option("--node", given.node, "Another gateway on the same database (tollgate nodes list)");
  const CLI::App* const undrain = add_undrain(app, given);
  CLI::App* const simulate = add_remote(
      app, "simulate", "Show how a call would be routed, at what price and cost, without placing it", given);
  simulate->add_option("number", given.simulation.number, "The number, as a person dials it")->required();
  CLI::Option* const account =
      simulate->add_option("--account", given.simulation.account, "Name or id of the account that calls");
  simulate->add_option("--region", given.simulation.region, "Or the caller's country, ISO 3166")
      ->excludes(account);
  CLI::App* const trace = add_remote(app, "trace", "Show the SIP messages of a call, live or ended", given);
  trace->add_option("call", given.trace.call_id, "The call's id, as in its record")->required();
  trace->add_flag("--messages", given.trace.messages, "The whole messages, too");
  trace->add_option("--pcap", given.trace.pcap,
                    "Write a capture file for tcpdump, tshark or Wireshark instead");
  CLI::App* const events = add_remote(app, "events", "Show what has happened: calls, credit, numbers, trunks, limits", given);
  events->add_flag("--follow", given.events.follow, "Go on with what comes, until Ctrl-C");
  events->add_option("--count", given.events.count, "So many of the newest first (20)")->check(CLI::Range(1, 1'000));
  events->add_option("--type", given.events.types, "Of these types alone, parted by commas: call.ended,trunk.down");
  events->add_option("--account", given.events.account, "Of this account alone: its name or id");
  const cdr_commands cdr = add_cdr(app, given);
  const rates_commands rates = add_rates(app, given);
  const token_commands token = add_token(app, given);
  add_resources(app, given);
  const CLI::App* const examine = add_remote(
      app, "doctor", "Look at all that a gateway needs, and say what to do; exit code 1: something is wrong",
      given);
  CLI::App* const completion =
      app.add_subcommand("completion", "Print what makes a shell complete these commands");
  completion->add_option("shell", given.shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));

  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? exit_done : exit_usage;
  }
  if (check->parsed()) return command_check(given.file(), given.print);
  if (completion->parsed()) return command_completion(app, given.shell);
  return with_configuration(given, [&](const configuration& settings) -> int {
    if (serve->parsed()) return command_serve(settings);
    if (migrate->parsed()) return command_migrate(settings, given.look_only);
    if (status->parsed()) return command_status(settings, given.remote);
    if (calls->parsed()) return command_calls(settings, given.remote, given.watch);
    if (hangup->parsed()) return command_hangup(settings, given.remote, given.call_id);
    if (trace->parsed()) return command_trace(settings, given.remote, given.trace);
    if (events->parsed()) return command_events(settings, given.remote, given.events);
    if (simulate->parsed()) return command_simulate(settings, given.remote, given.simulation);
    if (cdr.take->parsed()) return command_cdr_export(settings, given.remote, given.cdr_export);
    if (cdr.reconcile->parsed()) return command_cdr_reconcile(settings, given.remote, given.cdr_reconcile);
    if (cdr.rerate->parsed()) return command_cdr_rerate(settings, given.remote, given.cdr_rerate);
    if (rates.take->parsed() || rates.compare->parsed()) {
      if (rates.compare->parsed() && given.rates_versions.from > 0) {
        given.rates_versions.deck = given.rates_import.csv.string();
        given.rates_versions.changes = given.rates_import.changes;
        return command_rates_versions(settings, given.remote, given.rates_versions);
      }
      given.rates_import.dry_run |= rates.compare->parsed();
      return command_rates_import(settings, given.remote, given.rates_import);
    }
    if (rates.give->parsed()) return command_rates_export(settings, given.remote, given.rates_export);
    if (rates.list->parsed()) return command_rates_list(settings, given.remote);
    if (token.create->parsed()) return command_token_create(settings, given.remote, given.new_token);
    if (token.list->parsed()) return command_token_list(settings, given.remote, given.listed_tokens);
    if (token.rotate->parsed())
      return command_token_rotate(settings, given.remote, given.token_id, given.overlap_s);
    if (token.revoke->parsed()) return command_token_revoke(settings, given.remote, given.token_id);
    if (given.resource != nullptr)
      return command_resource(settings, given.remote, *given.resource, given.words);
    if (examine->parsed()) return command_doctor(settings, given.remote, std::chrono::system_clock::now());
    if (undrain->parsed()) return command_undrain(settings, given.remote, given.node);
    return command_drain(settings, given.remote, given.node, given.stop);
  });
}

}  // namespace

int main(int count, char** words) {
  try {
    return run_command(count, words);
  } catch (const std::exception& failure) {
    std::cerr << "tollgate: " << failure.what() << "\n";
    return exit_failed;
  }
}
