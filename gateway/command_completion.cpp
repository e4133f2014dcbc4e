// SPDX-License-Identifier: Apache-2.0
#include "gateway/command_completion.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>

#include "gateway/command.hpp"

namespace tollgate::gateway {
namespace {

// What may follow each command, in bash: a line of a case for "numbers import" and so on.
void print_words(const CLI::App& command, const std::string& path) {
  std::string words;
  for (const CLI::App* each : command.get_subcommands(std::function<bool(const CLI::App*)>{}))
    words += " " + each->get_name();
  for (const CLI::Option* each : command.get_options())
    if (!each->get_lnames().empty()) words += " --" + each->get_lnames().front();
  std::cout << "    '" << path << "') words='" << words << "' ;;\n";
  for (const CLI::App* each : command.get_subcommands(std::function<bool(const CLI::App*)>{}))
    print_words(*each, path.empty() ? each->get_name() : path + " " + each->get_name());
}

}  // namespace

int command_completion(const CLI::App& app, const std::string& shell) {
  if (shell == "zsh") std::cout << "autoload -U +X bashcompinit && bashcompinit\n";
  std::cout << R"shell(# Completion of tollgate. Words that are neither commands nor options are files.
_tollgate_words() {
  local words=''
  case "$1" in
)shell";
  print_words(app, "");
  std::cout << R"shell(  esac
  echo "$words"
}
_tollgate() {
  local current=${COMP_WORDS[COMP_CWORD]} path='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    # A command is a word that may stand here; what else there is belongs to options.
    if [[ ${COMP_WORDS[i]} != -* && " $(_tollgate_words "$path") " == *" ${COMP_WORDS[i]} "* ]]; then
      path="${path:+$path }${COMP_WORDS[i]}"
    fi
  done
  COMPREPLY=($(compgen -W "$(_tollgate_words "$path")" -- "$current"))
  if [[ ${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _tollgate tollgate
)shell";
  return exit_done;
}

}  // namespace tollgate::gateway
