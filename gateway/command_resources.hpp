// SPDX-License-Identifier: Apache-2.0
// `tollgate accounts|topup|carriers|trunks|numbers|mailboxes …`: the commands that are one request to a running
// gateway's REST API, as a table. What a row does not say, nothing does: a further command is a further row.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gateway/command.hpp"
#include "gateway/text_table.hpp"

namespace tollgate::gateway {

enum class field_place : std::uint8_t { path, query, member, body };
enum class field_kind : std::uint8_t {
  text,
  whole_number,
  flag,
  list,     // may be repeated
  account,  // a name or an id; sent as the id
  carrier,
  trunk,
  id,      // a UUID; made if none is given: the same one again counts once
  secret,  // the first line of a file, or of standard input: no secret stands on a command line
  csv,     // a file, or standard input, whole
};

struct resource_field {
  const char* word;  ///< "account": an argument; "--area": an option
  const char* name;  ///< "{number}" of the target, parameter of the query, or JSON member ("digest.username")
  field_place place;
  field_kind kind;
  const char* help;
  bool needed = false;
};

struct resource_command {
  const char* group;  ///< "accounts"; empty: the command stands alone
  const char* name;
  const char* help;
  const char* method;
  const char* target;  ///< "/v1/numbers/{number}"
  std::vector<resource_field> fields;
  std::vector<table_column> columns;  ///< of a list, or of the one object that is answered
  const char* always = nullptr;       ///< members that are sent whatever was given: JSON
  bool is_file = false;               ///< the answer goes to standard output as it is
};

const std::vector<resource_command>& resource_commands();
/// Its halves: what is about subscribers, carriers and numbers; what the gateway itself is told, and tells.
std::vector<resource_command> subscriber_commands();
std::vector<resource_command> gateway_commands();

/// What stood on the command line, by the fields' words.
using resource_words = std::map<std::string, std::vector<std::string>>;

int command_resource(const configuration& settings, const remote_options& remote,
                     const resource_command& command, const resource_words& words);

}  // namespace tollgate::gateway
