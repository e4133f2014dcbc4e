// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/keyboard.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <utility>

namespace tollgate::gateway::peer {

keyboard::keyboard(boost::asio::any_io_executor executor, std::function<void(char)> pressed)
    : pressed_(std::move(pressed)), descriptor_(std::move(executor)) {
  // A background job that touched the terminal's settings would be stopped.
  if (isatty(STDIN_FILENO) != 1 || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
  termios settings{};
  if (tcgetattr(STDIN_FILENO, &settings) != 0) return;
  const int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return;
  before_ = settings;
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // ISIG stays: Ctrl-C is a signal
  tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  descriptor_.assign(copy);
  listen();
}

keyboard::~keyboard() {
  if (before_) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

void keyboard::listen() {
  const auto on_read = [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& failure,
                                                             std::size_t) {
    if (failure || alive.expired()) return;
    pressed_(key_[0]);
    listen();
  };
  descriptor_.async_read_some(boost::asio::buffer(key_), on_read);
}

}  // namespace tollgate::gateway::peer
