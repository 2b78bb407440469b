// The global operators new and delete of a test program, by malloc and free.
#include "tests/support/allocations.h"

#include <cstdlib>
#include <new>

namespace nanospan::testing {

constinit std::atomic<std::uint64_t> allocation_count{0};

}  // namespace nanospan::testing

namespace {

void* counted(std::size_t size) noexcept {
  nanospan::testing::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size != 0 ? size : 1);
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = counted(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
