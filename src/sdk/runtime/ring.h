// The ring between one producing thread and the drain: frames of finished spans, in order, without locks.
//
//   frame    | header 8 | payload ... | padding to a multiple of 8 |
//   header   bits 0-31 bytes of the frame with its header, 32-47 tracer index, 48-55 kind, 56-63 provider slot
//   payload  kSpan: the field `12 length Span` of ScopeSpans
//            kByPointer: address and size of pages that hold such a field
//            kPad: nothing; it fills the end of the ring, as a frame never wraps
//
// The producer stores `tail` with release after the bytes; the drain stores `head` with release after it has copied
// them. A ring that is full goes on in a larger one (`next`, set after the last tail of the old); the drain frees the
// old when it is empty. Model-checked: tests/models/ring.pml. Producer functions: the owning thread only. Drain
// functions: under the drain's lock.
#pragma once

#include <cstdint>
#include <span>

#include <nanospan/detail/abi.h>

namespace nanospan::sdk {

enum class FrameKind : std::uint8_t { kSpan = 0, kPad = 1, kByPointer = 2 };

struct FrameHeader {
  std::uint64_t word;

  static constexpr std::size_t kBytes = 8;
  static FrameHeader make(FrameKind kind, std::uint64_t frame_word, std::size_t size) {
    return {frame_word | static_cast<std::uint64_t>(kind) << 48 | size};
  }
  static FrameHeader read(const std::uint8_t* at) {
    FrameHeader header;
    __builtin_memcpy(&header.word, at, kBytes);
    return header;
  }
  void write(std::uint8_t* at) const { __builtin_memcpy(at, &word, kBytes); }

  std::size_t size() const { return word & 0xFFFF'FFFF; }
  std::size_t stride() const { return (size() + 7) & ~std::size_t{7}; }
  std::uint16_t tracer() const { return static_cast<std::uint16_t>(word >> 32); }
  FrameKind kind() const { return static_cast<FrameKind>(word >> 48 & 0xFF); }
  std::size_t slot() const { return word >> 56; }
};

inline constexpr std::size_t kFirstRingBytes = 16U << 10;
inline constexpr std::size_t kLastRingBytes = 2U << 20;
inline constexpr std::size_t kRingGrowth = 4;
/// A producer wakes the drain when its ring is this full.
inline constexpr std::size_t watermark_bytes(std::size_t ring_size) { return ring_size / 2; }

/// A ring of `size` bytes, or null if memory is refused.
detail::Ring* make_ring(std::size_t size);
/// With it goes a larger one that was offered and not taken.
void destroy_ring(detail::Ring* ring);

/// The drain's: makes a larger ring for the producer of `ring`, which takes it when it next looks. Nothing happens to
/// the largest ring, and to one that the producer has left.
void offer_larger_ring(detail::Ring& ring);

/// The drain's: provides all pages of a ring, once, so that the producer does not pay a page fault every few spans: of
/// one that it offers, and of one that a burst made the producer make. Not of a thread's first, which few spans may do.
void touch_ring(detail::Ring& ring);

/// Puts `ring` under `thread` as its current one.
void use_ring(detail::ThreadState& thread, detail::Ring* ring);

/// What the producer does when the inlined path may not: wake the drain, fill up and wrap, grow, go by pointer. Copies
/// `frame` (header and payload, `size` bytes). False if it was dropped because the ring is full and may not grow.
bool push_frame(detail::ThreadState& thread, const std::uint8_t* frame, std::size_t size);

/// Calls visit(FrameHeader, payload) for every frame between the drain's position and the tail, without consuming them.
template <class Visit>
void peek_frames(const detail::ThreadState& thread, Visit&& visit);
/// The same, consuming them; frees ring space as it goes. Returns the bytes consumed.
template <class Visit>
std::uint64_t drain_frames(detail::ThreadState& thread, Visit&& visit);
/// Bytes that wait in the ring which the drain reads now.
std::uint64_t waiting_bytes(const detail::ThreadState& thread);

namespace ring_internal {

inline constexpr std::uint64_t kFreeStep = 64U << 10;  // give space back at least this often while draining

template <class Visit>
void visit_frame(const std::uint8_t* at, FrameHeader header, Visit&& visit) {
  if (header.kind() == FrameKind::kPad) return;
  if (header.kind() == FrameKind::kByPointer) {
    std::uint64_t words[2];
    __builtin_memcpy(words, at + FrameHeader::kBytes, sizeof words);
    visit(header, std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(words[0]), words[1]));
    return;
  }
  visit(header, std::span<const std::uint8_t>(at + FrameHeader::kBytes, header.size() - FrameHeader::kBytes));
}

void free_pointed(const std::uint8_t* at);

}  // namespace ring_internal

template <class Visit>
void peek_frames(const detail::ThreadState& thread, Visit&& visit) {
  for (const detail::Ring* ring = thread.draining; ring != nullptr; ring = ring->next.load(std::memory_order_acquire)) {
    const std::uint64_t tail = ring->tail.load(std::memory_order_acquire);
    for (std::uint64_t head = ring->head.load(std::memory_order_relaxed); head != tail;) {
      const std::uint8_t* at = ring->base + (head & (ring->size - 1));
      const FrameHeader header = FrameHeader::read(at);
      ring_internal::visit_frame(at, header, visit);
      head += header.stride();
    }
  }
}

template <class Visit>
std::uint64_t drain_frames(detail::ThreadState& thread, Visit&& visit) {
  std::uint64_t consumed = 0;
  for (;;) {
    detail::Ring* ring = thread.draining;
    // next before tail: if it is set, the tail read afterwards is the last one of this ring.
    detail::Ring* next = ring->next.load(std::memory_order_acquire);
    const std::uint64_t tail = ring->tail.load(std::memory_order_acquire);
    std::uint64_t head = ring->head.load(std::memory_order_relaxed);
    std::uint64_t freed = head;
    while (head != tail) {
      const std::uint8_t* at = ring->base + (head & (ring->size - 1));
      const FrameHeader header = FrameHeader::read(at);
      ring_internal::visit_frame(at, header, visit);
      if (header.kind() == FrameKind::kByPointer) ring_internal::free_pointed(at);
      head += header.stride();
      consumed += header.stride();
      if (head - freed >= ring_internal::kFreeStep) {
        freed = head;
        ring->head.store(head, std::memory_order_release);
      }
    }
    if (head != freed) ring->head.store(head, std::memory_order_release);
    if (next == nullptr) return consumed;
    thread.draining = next;
    destroy_ring(ring);
  }
}

}  // namespace nanospan::sdk
