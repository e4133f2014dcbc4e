// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/passphrase.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "gateway/peer/error.hpp"
#include "gateway/peer/state_directory.hpp"

namespace tollgate::gateway::peer {

namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string prompt(const std::string& question) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return {};
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::cerr << question << ": " << std::flush;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  std::getline(std::cin, line);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  return line;
}

}  // namespace

boost::system::result<std::string> obtain_passphrase(const std::string& file, const std::string& name) {
  std::string passphrase;
  if (!file.empty()) {
    const boost::system::result<std::string> text = read_small_file(file);
    if (!text) return text.error();
    passphrase = first_line(*text);
  } else if (const char* given = std::getenv("TOLLGATE_PASSPHRASE"); given != nullptr) {
    passphrase = given;
  } else if (isatty(STDIN_FILENO) == 1) {
    passphrase = prompt("Pass-phrase of " + name);
  }
  if (passphrase.empty()) return error::no_passphrase;
  return passphrase;
}

boost::system::result<std::string> obtain_pin(const std::string& file) {
  std::string pin;
  if (!file.empty()) {
    const boost::system::result<std::string> text = read_small_file(file);
    if (!text) return text.error();
    pin = first_line(*text);
  } else if (isatty(STDIN_FILENO) == 1) {
    pin = prompt("New PIN, 6 to 12 digits");
  }
  if (pin.empty()) return error::no_passphrase;
  return pin;
}

}  // namespace tollgate::gateway::peer
