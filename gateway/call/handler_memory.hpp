// SPDX-License-Identifier: Apache-2.0
// Memory for Asio's handlers: blocks of one size that are used again and again, so that waiting for a packet
// or a timer allocates nothing once as many wait as ever will.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace tollgate::gateway::call {

// Belongs to one thread, and must outlive the io_context whose handlers it holds.
class handler_memory {
 public:
  handler_memory() = default;
  handler_memory(const handler_memory&) = delete;
  handler_memory& operator=(const handler_memory&) = delete;
  ~handler_memory() {
    for (void* const each : free_)
      ::operator delete(each);
  }

  void* allocate(std::size_t bytes) {
    if (bytes > block_bytes) return ::operator new(bytes);
    if (free_.empty()) {
      free_.reserve(++blocks_);  // so that giving back never allocates
      return ::operator new(block_bytes);
    }
    void* const block = free_.back();
    free_.pop_back();
    return block;
  }
  void deallocate(void* block, std::size_t bytes) noexcept {
    if (bytes > block_bytes)
      ::operator delete(block);
    else
      free_.push_back(block);
  }

 private:
  static constexpr std::size_t block_bytes = 256;
  std::vector<void*> free_;
  std::size_t blocks_ = 0;
};

// What asio::bind_allocator takes.
template <class Value>
class handler_allocator {
 public:
  using value_type = Value;
  explicit handler_allocator(handler_memory& from) noexcept : memory_(&from) {}
  template <class Other>
  handler_allocator(const handler_allocator<Other>& other) noexcept : memory_(other.memory_) {}

  Value* allocate(std::size_t count) { return static_cast<Value*>(memory_->allocate(count * sizeof(Value))); }
  void deallocate(Value* block, std::size_t count) noexcept {
    memory_->deallocate(block, count * sizeof(Value));
  }
  template <class Other>
  bool operator==(const handler_allocator<Other>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <class Other>
  friend class handler_allocator;
  handler_memory* memory_;
};

}  // namespace tollgate::gateway::call
