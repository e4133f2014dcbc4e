// SPDX-License-Identifier: Apache-2.0
// `tollgate rates import|export|list`: rate decks of a running gateway, over its REST API.
#pragma once

#include <filesystem>
#include <string>

#include "gateway/command.hpp"

namespace tollgate::gateway {

struct rates_import_options {
  std::filesystem::path csv;   ///< "-": standard input
  std::string deck, currency;  ///< empty: the gateway's own
  std::string kind = "sell";   ///< or "cost"
  std::string effective_from;  ///< RFC 3339, or a day (UTC); empty: now
  std::string note;
  bool dry_run = false;
  int changes = 100;  ///< most changes of each kind to print
};

/// Imports a deck, or with `dry_run` only tells what it would change: what is new, dearer, cheaper, changed,
/// gone and overlapping, and what would be sold below its cost. Mistakes go to standard error, each with its
/// line.
int command_rates_import(const configuration& settings, const remote_options& remote,
                         const rates_import_options& wanted);

/// What one version of a deck changes in another one, both as they are stored.
struct rates_versions_options {
  std::string deck;
  int from = 0, to = 0;
  int changes = 100;  ///< most changes of each kind to print
};
int command_rates_versions(const configuration& settings, const remote_options& remote, const rates_versions_options& wanted);

struct rates_export_options {
  std::string deck;
  std::string version = "current";  ///< or its number
  std::filesystem::path output;     ///< empty: standard output
};

/// Writes one version as CSV, importable again.
int command_rates_export(const configuration& settings, const remote_options& remote,
                         const rates_export_options& wanted);

/// Prints all versions of all decks, newest first.
int command_rates_list(const configuration& settings, const remote_options& remote);

}  // namespace tollgate::gateway
