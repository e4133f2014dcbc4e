// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/glib_thread.hpp"

#include <glib-unix.h>
#include <glib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace tollgate::gateway::peer {

glib_thread::glib_thread()
    : context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)),
      wake_descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  GSource* source = g_unix_fd_source_new(wake_descriptor_, G_IO_IN);
  const GUnixFDSourceFunc on_wake = [](gint, GIOCondition, gpointer self) -> gboolean {
    static_cast<glib_thread*>(self)->run_posted();
    return G_SOURCE_CONTINUE;
  };
  g_source_set_callback(source, G_SOURCE_FUNC(on_wake), this, nullptr);
  g_source_attach(source, context_);
  g_source_unref(source);
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
}

glib_thread::~glib_thread() {
  post([this] { g_main_loop_quit(loop_); });
  thread_.join();
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
  close(wake_descriptor_);
}

void glib_thread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  // An eventfd's write fails only when its counter is full, and then the loop is awake already.
  [[maybe_unused]] const ssize_t written = write(wake_descriptor_, &one, sizeof one);
}

void glib_thread::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(wake_descriptor_, &count, sizeof count);
  std::deque<std::function<void()>> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(posted_);
  }
  for (auto& work : batch)
    work();
}

}  // namespace tollgate::gateway::peer
