// The inlined half of ending a span: seal the frame and hand it to this thread's ring. No lock, no allocation, no
// system call.
#pragma once

#include <nanospan/detail/append.h>

namespace nanospan {
inline namespace v0 {
namespace detail {

// HOT: bench/span_bench "live/W2", baseline W2; ends on the thread that owns the slab, nothing special, the ring has
// room.
//
// Copies `frame header 8 | tag 12 | length | body` to the thread's ring with the two times patched in, then one release
// store.
[[gnu::noinline]] inline void end_span(Slab* slab) {
  const std::uint64_t stop = read_ticks();
  ThreadState* const thread = thread_locals().state;
  if (load_cold(slab) != Slab::kPlain || slab->owner != thread) [[unlikely]]
    return api()->end(slab, 0, 0);
  const ClockScale* const scale = thread->clock.load(std::memory_order_acquire);
  const std::size_t body_size = static_cast<std::size_t>(slab->cursor - slab->body);
  if (scale == nullptr || body_size >= 16384) [[unlikely]]
    return api()->end(slab, 0, 0);

  std::uint8_t* source = slab->body;
  if (body_size < 128) {
    source -= 2;
    store(source, static_cast<std::uint16_t>(Tags::kSpan | body_size << 8));
  } else {
    source -= 3;
    source[0] = Tags::kSpan;
    store(source + 1, static_cast<std::uint16_t>((body_size & 0x7F) | 0x80 | (body_size >> 7) << 8));
  }
  const std::size_t prefix = static_cast<std::size_t>(slab->body - source) + 8;
  source -= 8;
  const std::size_t size = prefix + body_size;
  store(source, slab->frame_word | size);

  const std::uint64_t tail = thread->tail;
  const std::uint64_t next = tail + ((size + 7) & ~std::size_t{7});
  if (next > thread->soft.load(std::memory_order_relaxed)) [[unlikely]]
    return api()->end(slab, 0, 0);
  std::uint8_t* const target = thread->ring_base + (tail & thread->ring_mask);
#if defined(__SSE2__)
  for (std::size_t i = 0; i < size; i += 64) {
    const auto* from = reinterpret_cast<const __m128i*>(source + i);
    auto* to = reinterpret_cast<__m128i*>(target + i);
    const __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1);
    const __m128i c = _mm_loadu_si128(from + 2), d = _mm_loadu_si128(from + 3);
    _mm_storeu_si128(to, a);
    _mm_storeu_si128(to + 1, b);
    _mm_storeu_si128(to + 2, c);
    _mm_storeu_si128(to + 3, d);
  }
#else
  __builtin_memcpy(target, source, size);
#endif
  const std::uint64_t began = scale->unix_nanos(slab->start);
  const std::uint64_t ended = began + (stop > slab->start ? scale->duration(stop - slab->start) : 0);
  store(target + prefix + BodyLayout::kStart, began);
  store(target + prefix + BodyLayout::kEnd, ended);
  thread->tail = next;
  thread->ring->tail.store(next, std::memory_order_release);

  auto& count = thread->ended[slab->frame_word >> 56];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  slab->generation.store(slab->generation.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  slab->next = thread->free;
  thread->free = slab;
}

}  // namespace detail
}  // namespace v0
}  // namespace nanospan
