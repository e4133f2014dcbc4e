// SPDX-License-Identifier: Apache-2.0
// In the steady state of bridged calls the media worker's thread allocates nothing: every allocation of the
// process goes through here, and those of that thread are counted.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <utility>

#include "pstn/media/audio_file.hpp"
#include "synthetic_calls.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define TOLLGATE_COUNT_BY_SANITIZER 1
// Of sanitizer/allocator_interface.h, which GCC does not install.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
#elif defined(__SANITIZE_THREAD__)
#define TOLLGATE_COUNT_BY_SANITIZER 0
#endif

namespace {

std::atomic<std::uint64_t> allocations{0};
constinit thread_local std::atomic<std::uint64_t>* counted = nullptr;

void note() {
  if (counted != nullptr) counted->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if defined(TOLLGATE_COUNT_BY_SANITIZER)
namespace {
[[maybe_unused]] void on_malloc(const volatile void*, std::size_t) {
  note();
}
[[maybe_unused]] void on_free(const volatile void*) {}
}  // namespace
#else
// glibc lets a program replace the family (its manual, "Replacing malloc"); operator new ends here, too.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) {
  note();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  note();
  return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) {
  note();
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  note();
  return __libc_memalign(alignment, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  note();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  note();
  *block = __libc_memalign(alignment, bytes);
  return *block == nullptr ? 12 : 0;  // ENOMEM
}
void free(void* block) {
  __libc_free(block);
}
}
#endif

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
using tollgate::pstn::media::make_opus_source;
using tollgate::pstn::media::side;

// Runs on the worker's thread: says which one that is, and proves that the counting works there.
class marker final : public tollgate::pstn::media::audio_sink {
 public:
  void write(std::span<const std::int16_t>, int) override {
    if (std::exchange(counted, &allocations) != nullptr) return;
    std::free(std::malloc(4'000));
  }
};

// Some seconds of silence, which is not what the far ends say.
std::shared_ptr<const std::vector<std::byte>> message() {
  const auto recorder = tollgate::pstn::media::opus_recorder::create(1min);
  for (int frame = 0; frame < 500; ++frame)
    recorder->write(std::vector<std::int16_t>(160), 8000);
  return std::make_shared<const std::vector<std::byte>>(recorder->finish());
}

TEST(Allocation, NoneInTheSteadyStateOfBridgedCalls) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer owns the allocator";
#endif
#if defined(__SANITIZE_ADDRESS__)
  ASSERT_GT(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free), 0);
#endif
  test::synthetic_calls calls(1);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(calls.add(i == 0));
  ASSERT_EQ(0U, calls.connect());
  auto& first = *calls.calls().front();
  first.session().record(side::trunk, std::make_shared<marker>());
  calls.run(1s);
  first.session().record(side::trunk, nullptr);
  EXPECT_GT(allocations, 0U) << "the counting does not work";
  calls.run(4s);  // RTCP and everything else that comes seldom has room after this

  const auto before = calls.engine().figures();
  const std::uint64_t allocated = allocations;
  calls.run(7s);  // longer than an interval of RTCP
  EXPECT_EQ(allocated, allocations);
  const auto after = calls.engine().figures();
  EXPECT_GT(after.overlay.received - before.overlay.received, 3000U);
  EXPECT_GT(after.trunk.received - before.trunk.received, 3000U);
  EXPECT_GT(after.overlay.sent - before.overlay.sent, 3000U);
  EXPECT_GT(after.trunk.sent - before.trunk.sent, 3000U);
  EXPECT_GT(first.peer().frames_right, 400U);
  EXPECT_GT(first.trunk().frames_right, 400U);

  // Nor while a message is played to both ends.
  for (const side toward : {side::overlay, side::trunk})
    first.session().play(toward, make_opus_source(message()).value(),
                         tollgate::pstn::media::play_mode::replace);
  calls.run(500ms);
  const std::uint64_t played_from = allocations;
  const auto own_before = first.peer().frames_right + first.trunk().frames_right;
  calls.run(2s);
  EXPECT_EQ(played_from, allocations);
  EXPECT_LT(first.peer().frames_right + first.trunk().frames_right - own_before, 20U) << "nothing was played";
}

}  // namespace
