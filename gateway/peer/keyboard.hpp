// SPDX-License-Identifier: Apache-2.0
// Single key presses from a terminal, without echo; the terminal is as it was afterwards.
#pragma once

#include <termios.h>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>

namespace tollgate::gateway::peer {

class keyboard {
 public:
  /// Does nothing where standard input is no terminal, or not this process's to read. `pressed` runs on the
  /// executor.
  keyboard(boost::asio::any_io_executor executor, std::function<void(char)> pressed);
  ~keyboard();
  keyboard(const keyboard&) = delete;
  keyboard& operator=(const keyboard&) = delete;

 private:
  void listen();

  std::function<void(char)> pressed_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::optional<termios> before_;
  std::array<char, 1> key_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tollgate::gateway::peer
