// The replaceable allocation functions (C++20 [new.delete]): malloc and free, with heap sampling in between. An
// optional library (nanospan::profile_heap); its one symbol tells the profiler that it is there. Thread-safe, as malloc
// is.
#include "profile/heap/operators.h"

#include <cstdlib>
#include <new>

#include "profile/heap/countdown.h"

const char nanospan_heap_operators_r1 = 1;

namespace {

using nanospan::profile::heap_bytes_left;

inline void* allocate_once(std::size_t size, std::size_t alignment) {
  if ((heap_bytes_left -= static_cast<std::int64_t>(size)) < 0) [[unlikely]] {
    return nanospan::profile::heap_allocate_slowly(size, alignment);
  }
  return nanospan::profile::heap_allocate_plainly(size, alignment);
}

// [new.delete.single]: as long as there is no memory, the new-handler is asked for some.
[[gnu::noinline]] void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  while (true) {
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
    if (void* const object = allocate_once(size, alignment)) return object;
  }
}

[[gnu::always_inline]] inline void* allocate(std::size_t size, std::size_t alignment = 1) {
  void* const object = allocate_once(size, alignment);
  return object != nullptr ? object : allocate_or_throw(size, alignment);
}

inline void* allocate_nothrow(std::size_t size, std::size_t alignment = 1) noexcept {
  try {
    return allocate(size, alignment);
  } catch (...) {  // std::bad_alloc, also the handler's
    return nullptr;
  }
}

[[gnu::always_inline]] inline void deallocate(void* object) noexcept {
  if (nanospan::profile::may_be_sampled(object)) [[unlikely]]
    nanospan::profile::heap_forget(object);
  std::free(object);
}

}  // namespace

// Visible to the whole process, whatever this library is compiled with: libraries' allocations are the program's too.
#pragma GCC visibility push(default)

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_nothrow(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate_nothrow(size); }
void* operator new(std::size_t size, std::align_val_t align) { return allocate(size, static_cast<std::size_t>(align)); }
void* operator new[](std::size_t size, std::align_val_t align) {
  return allocate(size, static_cast<std::size_t>(align));
}
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  return allocate_nothrow(size, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  return allocate_nothrow(size, static_cast<std::size_t>(align));
}

void operator delete(void* object) noexcept { deallocate(object); }
void operator delete[](void* object) noexcept { deallocate(object); }
void operator delete(void* object, const std::nothrow_t&) noexcept { deallocate(object); }
void operator delete[](void* object, const std::nothrow_t&) noexcept { deallocate(object); }
void operator delete(void* object, std::size_t) noexcept { deallocate(object); }
void operator delete[](void* object, std::size_t) noexcept { deallocate(object); }
void operator delete(void* object, std::align_val_t) noexcept { deallocate(object); }
void operator delete[](void* object, std::align_val_t) noexcept { deallocate(object); }
void operator delete(void* object, std::size_t, std::align_val_t) noexcept { deallocate(object); }
void operator delete[](void* object, std::size_t, std::align_val_t) noexcept { deallocate(object); }
void operator delete(void* object, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(object); }
void operator delete[](void* object, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(object); }

#pragma GCC visibility pop
