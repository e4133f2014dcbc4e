// SPDX-License-Identifier: Apache-2.0
// A thread that runs a GLib main loop, for libnice. Nothing of GLib or libnice is called on any other thread.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

typedef struct _GMainContext GMainContext;
typedef struct _GMainLoop GMainLoop;

namespace tollgate::gateway::peer {

/// Owns the loop and its thread. Functions posted to it run there in order; those posted before the
/// destructor still run.
class glib_thread {
 public:
  glib_thread();
  ~glib_thread();
  glib_thread(const glib_thread&) = delete;
  glib_thread& operator=(const glib_thread&) = delete;

  /// Runs `work` on the loop's thread. Thread-safe.
  void post(std::function<void()> work);

  /// The loop's context: to be used on its thread only.
  GMainContext* context() const { return context_; }

 private:
  void run_posted();

  GMainContext* context_;
  GMainLoop* loop_;
  int wake_descriptor_;
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  std::thread thread_;
};

}  // namespace tollgate::gateway::peer
