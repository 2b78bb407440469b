// mmap, charged before it is asked for; pages of slabs are wiped in a child by the kernel, or by hand where it cannot.
// Thread-safe.
#include "sdk/runtime/memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace nanospan::sdk {
namespace {

std::atomic<std::size_t> mapped{0};

constexpr std::size_t kPageBytes = 4096;

/// A mapping that the kernel does not wipe. Never freed: there is no more than one for each mapping of a process.
struct Unwiped {
  std::atomic<void*> pages;  // null: unmapped
  std::size_t size;
  Unwiped* next;
};
std::atomic<Unwiped*> all_unwiped{nullptr};

bool wipe_on_fork_by_hand(void* pages, std::size_t size) {
  void* const memory = std::malloc(sizeof(Unwiped));
  if (memory == nullptr) return false;
  auto* const node = new (memory) Unwiped{pages, size, all_unwiped.load(std::memory_order_relaxed)};
  while (!all_unwiped.compare_exchange_weak(node->next, node, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return true;
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + kPageBytes - 1) & ~(kPageBytes - 1); }

}  // namespace

void* map_pages(std::size_t bytes, bool wipe_on_fork) {
  const std::size_t size = whole_pages(bytes);
  if (mapped.fetch_add(size, std::memory_order_relaxed) + size > kProducerBytesMax) {
    mapped.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    mapped.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  if (wipe_on_fork && madvise(pages, size, MADV_WIPEONFORK) != 0 && !wipe_on_fork_by_hand(pages, size)) {
    unmap_pages(pages, bytes);
    return nullptr;
  }
  return pages;
}

void unmap_pages(void* pages, std::size_t bytes) {
  const std::size_t size = whole_pages(bytes);
  for (Unwiped* node = all_unwiped.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (node->pages.load(std::memory_order_relaxed) == pages) node->pages.store(nullptr, std::memory_order_relaxed);
  }
  munmap(pages, size);
  mapped.fetch_sub(size, std::memory_order_relaxed);
}

void touch_pages(void* pages, std::size_t bytes) {
#if defined(MADV_POPULATE_WRITE)
  if (madvise(pages, whole_pages(bytes), MADV_POPULATE_WRITE) == 0) return;
#endif
  // A kernel before 5.14. In one step, as whoever owns the pages may be writing them.
  for (std::size_t at = 0; at < bytes; at += kPageBytes) {
    __atomic_fetch_or(static_cast<char*>(pages) + at, 0, __ATOMIC_RELAXED);
  }
}

bool wiped_by_kernel() { return all_unwiped.load(std::memory_order_acquire) == nullptr; }

void wipe_after_fork() {
  for (Unwiped* node = all_unwiped.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (void* const pages = node->pages.load(std::memory_order_relaxed)) std::memset(pages, 0, node->size);
  }
}

std::size_t mapped_bytes() { return mapped.load(std::memory_order_relaxed); }

void forget_mapped_bytes() { mapped.store(0, std::memory_order_relaxed); }

}  // namespace nanospan::sdk
